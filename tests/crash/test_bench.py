"""A part of the bench that breaks off leaves the others, and its old figures, in peace."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import bench.__main__ as bench
from bench.charges import patience_s
from bench.sections import Sections
from bench.slow_gateway import title_of


def _part(title: str, line: str, error: Exception | None = None) -> SimpleNamespace:
    def measure(rounds: int) -> list[str]:
        if error:
            raise error
        return [f"{line} of {rounds} rounds"]

    return SimpleNamespace(
        TITLE=title,
        measure=measure,
        title_of=lambda charges: f"{charges} of {title}",
        measure_once=lambda charges: [f"{charges} at once"],
    )


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sections:
    """Results in which an earlier run stands, and parts of which the first one breaks off."""
    found = Sections(tmp_path / "RESULTS.md", "# Results\n")
    for title in ("Charges", "Web", "Slow"):
        found.write(title, ["the old figures"])
    monkeypatch.setattr(bench, "RESULTS", found)
    monkeypatch.setattr(bench, "PARTS", {name: (f"fake.{name}", 5) for name in ("charges", "web", "slow")})
    late = TimeoutError("3 of 10 charges after 90 s")
    for name, part in {
        "charges": _part("Charges", "x", late),
        "web": _part("Web", "new"),
        "slow": _part("Slow", "new"),
    }.items():
        monkeypatch.setitem(sys.modules, f"fake.{name}", part)
    return found


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["bench", *arguments])
    return bench.main()


def test_a_part_that_breaks_off_keeps_its_old_section_and_the_others_go_on(
    results: Sections, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(monkeypatch) == 1

    charges, web, slow = results.path.read_text(encoding="utf-8").split("\n## ")[1:]
    assert "the old figures" in charges
    assert "new of 5 rounds" in web
    assert "new of 5 rounds" in slow
    said = capsys.readouterr().err
    assert "TimeoutError: 3 of 10 charges after 90 s" in said
    assert "charges broke off: its section stays as it was" in said


def test_parts_that_come_to_their_end_are_a_success(results: Sections, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run(monkeypatch, "web", "--rounds", "2") == 0
    assert "new of 2 rounds" in results.path.read_text(encoding="utf-8")


def test_so_many_charges_in_one_go_have_a_section_of_their_own(
    results: Sections, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run(monkeypatch, "slow", "--charges", "700") == 0

    written = results.path.read_text(encoding="utf-8")
    assert "\n## 700 of Slow\n" in written
    assert "700 at once" in written
    assert written.count("the old figures") == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("--charges", "700"),
        ("web", "--charges", "700"),
        ("slow", "--charges", "0"),
        ("slow", "--charges", "9", "--rounds", "2"),
    ],
)
def test_so_many_charges_are_for_the_slow_gateway_alone(
    arguments: tuple[str, ...], results: Sections, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as left:
        _run(monkeypatch, *arguments)
    assert left.value.code == 2


def test_a_million_has_its_own_name() -> None:
    assert title_of(1_000_000) == "A million charges, gateway after 300 ms"
    assert title_of(20_000) == "20 000 charges, gateway after 300 ms"


def test_the_patience_with_a_run_grows_with_its_charges() -> None:
    assert [patience_s(charges) for charges in (600, 10_000, 1_000_000)] == [90, 500, 50_000]
