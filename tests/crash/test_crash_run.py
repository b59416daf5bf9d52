"""The crash run, small: 300 charges by real processes that are killed, cut off and lied to; then the books are compared."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.harness.plan import ROOT

RUN = [sys.executable, "-m", "tests.crash.harness"]


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder of the test's own that the account of root's PostgreSQL can walk through."""
    with tempfile.TemporaryDirectory(prefix="kabinet-crash-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.timeout(800)
def test_three_hundred_charges_under_attack_are_each_made_once(reachable: Path) -> None:
    folder = reachable / "run"
    done = subprocess.run(
        [*RUN, "--n", "300", "--seed", "1", "--short-leases", "--folder", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=780,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((folder / "verdict.json").read_text())["passed"]
    assert (folder / "report.html").stat().st_size > 50_000


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--n", "many"], "N='many'"),
        (["--n", "3"], "N=3"),
        (["--seed", "x1"], "SEED='x1'"),
        (["--hosts", "2"], "--hosts"),
    ],
)
def test_a_run_that_cannot_be_is_refused_with_what_is_wrong(arguments: list[str], named: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*RUN, *arguments, "--folder", str(tmp_path / "run")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert named in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_that_breaks_off_still_says_what_is_needed_to_repeat_it_and_to_look(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    arguments = ["--n", "50", "--seed", "7", "--folder", str(tmp_path / "run")]
    done = subprocess.run([*RUN, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("BROKE OFF  N=50 SEED=7 HOSTS=1 commit ")
    assert last.endswith(f"journal {tmp_path / 'run' / 'sandbox.sqlite'}")
