"""The demo's people can be told apart, and whatever the date is, the demo opens with charges ahead."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from portal.demo.cast import PRODUCTS, anna, others, pay_days


def test_no_two_customers_share_a_name_an_address_or_a_phone() -> None:
    days = pay_days(date(2026, 11, 21))
    roles = [anna("anna@example.com", days)[0], *others(random.Random(1), 39, days)]
    assert len(roles) == 40
    for told_by in ("name", "email", "phone"):
        assert len({getattr(role, told_by) for role in roles}) == 40, told_by


@pytest.mark.parametrize("today", [date(2028, 1, 1) + timedelta(days=n) for n in range(60)])
def test_the_days_exist_in_every_month_and_some_are_just_ahead(today: date) -> None:
    days = pay_days(today)
    assert all(1 <= day <= 28 for day in days)
    assert len(set(days)) == len(days)
    ahead = {(today + timedelta(days=n)).day for n in range(1, 8)}
    assert len(ahead & set(days)) >= 2


def test_each_price_for_once_says_what_it_buys() -> None:
    assert all("Разовая оплата — " in ware.description for ware in PRODUCTS if ware.once)
