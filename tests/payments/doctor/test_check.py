"""Checks are chosen by name, and a name that none has is an error that lists those there are."""

from __future__ import annotations

import pytest

from payments.doctor.check import Check, UnknownCheck, select_checks

CHECKS = (Check("debt_agrees", "SELECT 1"), Check("ledger_balances", "SELECT 2"))
DEBT, LEDGER = CHECKS


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], (DEBT, LEDGER)),
        (["ledger_balances"], (LEDGER,)),
        (["ledger_balances", "debt_agrees", "ledger_balances"], (LEDGER, DEBT)),
    ],
    ids=str,
)
def test_checks_come_as_they_are_named_each_once_and_all_when_none_is(
    names: list[str], chosen: tuple[Check, ...]
) -> None:
    assert select_checks(CHECKS, names) == chosen


def test_one_unknown_name_refuses_them_all_and_lists_those_there_are() -> None:
    with pytest.raises(UnknownCheck, match="«debts»; есть: debt_agrees, ledger_balances"):
        select_checks(CHECKS, ["ledger_balances", "debts"])
