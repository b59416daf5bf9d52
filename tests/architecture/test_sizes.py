"""Files and functions stay small: docs/adr/0001-the-house.md."""

from __future__ import annotations

from statistics import median, quantiles

import pytest

from tests.support.source import PACKAGES, ROOT, Source, sources

MEDIAN_FILE, LARGE_FILE, LARGEST_FILE = 80, 300, 400
MEDIAN_FUNCTION, LARGE_FUNCTION = 10, 40


@pytest.fixture(scope="module")
def product() -> list[Source]:
    return [source for source in sources(*PACKAGES) if source.code_lines()]


def percentile_95(values: list[int]) -> float:
    return quantiles(values, n=20)[-1]


def test_files_stay_small(product: list[Source], capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {source.name: len(source.code_lines()) for source in product}
    values = sorted(sizes.values())
    with capsys.disabled():
        print(
            f"\nfiles: {len(values)}, median {median(values):.0f}, 95 % {percentile_95(values):.0f}, largest {values[-1]}"
        )

    assert median(values) <= MEDIAN_FILE
    assert percentile_95(values) <= LARGE_FILE, {name: size for name, size in sizes.items() if size > LARGE_FILE}


def test_no_file_of_the_repository_is_large() -> None:
    everything = sources(*PACKAGES, "migrations", "tests", "bench", "bin")
    sizes = {source.name: len(source.code_lines()) for source in everything}

    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE} == {}


def test_functions_stay_small(product: list[Source], capsys: pytest.CaptureFixture[str]) -> None:
    sizes = dict(function for source in product for function in source.functions())
    values = sorted(sizes.values())
    with capsys.disabled():
        print(
            f"\nfunctions: {len(values)}, median {median(values):.0f}, 95 % {percentile_95(values):.0f}, largest {values[-1]}"
        )

    assert median(values) <= MEDIAN_FUNCTION
    assert percentile_95(values) <= LARGE_FUNCTION, {
        name: size for name, size in sizes.items() if size > LARGE_FUNCTION
    }


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "services", "service", "managers", "manager"}

    found = [
        source.name for source in sources(*PACKAGES) if vague & set(source.path.relative_to(ROOT).with_suffix("").parts)
    ]

    assert found == []
