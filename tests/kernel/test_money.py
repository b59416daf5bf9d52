"""Money is whole kopecks; text is read exactly or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.money import BadAmount, Money


@given(kopecks=some.integers(-(10**14), 10**14))
def test_what_is_written_is_read_back(kopecks: int) -> None:
    assert Money.parse(Money(kopecks).value) == Money(kopecks)


@pytest.mark.parametrize("text", ["", "abc", "1.234", "1e3x", "NaN", "Infinity", "99999999999999999", "1,50"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        Money.parse(text)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(BadAmount):
        Money(100) + Money(100, "USD")
