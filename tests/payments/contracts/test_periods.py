"""Due dates come from the anchor: no drift, no gap, no overlap."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kernel.errors import Refused
from payments.contracts.periods import Period, require_room_for_notice

DAYS = some.dates(min_value=date(2024, 1, 1), max_value=date(2040, 12, 31))
PERIODS = some.builds(Period, some.sampled_from(["day", "week", "month", "year"]), some.integers(1, 12))


@given(anchor=DAYS, period=PERIODS, n=some.integers(0, 200))
def test_each_date_is_later_than_the_one_before(anchor: date, period: Period, n: int) -> None:
    assert period.nth(anchor, n) < period.nth(anchor, n + 1)


@given(anchor=DAYS, n=some.integers(0, 600))
def test_a_monthly_date_keeps_its_day_where_the_month_has_it(anchor: date, n: int) -> None:
    found = Period("month").nth(anchor, n)
    last_of_month = (found.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert found.day == min(anchor.day, last_of_month.day)


def test_the_31st_comes_back_after_february() -> None:
    dates = [Period("month").nth(date(2027, 1, 31), n) for n in range(4)]
    assert dates == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]


def test_the_29th_of_february_comes_back_every_fourth_year() -> None:
    dates = [Period("year").nth(date(2028, 2, 29), n) for n in (0, 1, 4)]
    assert dates == [date(2028, 2, 29), date(2029, 2, 28), date(2032, 2, 29)]


def test_a_period_not_longer_than_its_notice_is_refused() -> None:
    require_room_for_notice(Period("day", 4), timedelta(hours=72))
    with pytest.raises(Refused):
        require_room_for_notice(Period("day", 3), timedelta(hours=72))
