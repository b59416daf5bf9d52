"""How often a line of a crash run may have been paid at the gateway."""

from __future__ import annotations

import pytest

from tests.crash.harness.check_money import times_paid


@pytest.mark.parametrize("fate", ["plain", "declined", "pays", "leaves", "pays_in_doubt"])
def test_who_takes_nothing_away_pays_exactly_once(fate: str) -> None:
    assert times_paid(fate, stopped=False) == (1,)


def test_a_charge_that_never_arrived_before_its_card_was_taken_away_is_never_paid() -> None:
    assert times_paid("unlinks_lost", stopped=True) == (0,)


def test_a_charge_that_never_arrived_may_still_be_paid_while_its_customer_has_not_come() -> None:
    assert times_paid("unlinks_lost", stopped=False) == (0, 1)


@pytest.mark.parametrize("fate", ["refused", "unlinks", "withdraws", "unlinks_arrived"])
def test_who_stops_near_his_charge_pays_once_or_never(fate: str) -> None:
    assert times_paid(fate, stopped=True) == (0, 1)
