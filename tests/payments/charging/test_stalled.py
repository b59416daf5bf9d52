"""Which charges a pause stalls, and what that means for them."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.models import LIVE, Payment
from payments.charging.refused_shop import CHARGING_FORBIDDEN, CREDENTIALS_REFUSED
from payments.charging.stalled import STALLED
from payments.installation.pausing import DAILY_LIMIT, pause_charging, pause_until_reconciled
from tests.support.charging import one_due_charge
from tests.support.world import World


def test_a_charge_that_was_never_sent_is_held_back_only_while_charging_is_paused(world: World) -> None:
    due = one_due_charge(world)
    assert stalled(due.payment_id) is None

    pause(DAILY_LIMIT)

    assert stalled(due.payment_id) == "pay"


@pytest.mark.parametrize("status", [status for status in LIVE if status != "created"])
def test_one_that_had_left_before_the_pause_waits_for_the_bank(world: World, status: str) -> None:
    due = one_due_charge(world)
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == due.payment_id).values(status=status, sends=1))

    pause(DAILY_LIMIT)

    assert stalled(due.payment_id) is None


@pytest.mark.parametrize(
    ("reason", "meant"),
    [("Сверяем суммы", "pay"), (DAILY_LIMIT, "pay"), (CHARGING_FORBIDDEN, "pay"), (CREDENTIALS_REFUSED, "wait")],
)
def test_nobody_is_sent_to_a_gateway_that_takes_no_call_of_ours(world: World, reason: str, meant: str) -> None:
    due = one_due_charge(world)

    pause(reason)

    assert stalled(due.payment_id) == meant


def test_a_database_from_a_backup_does_not_say_that_nothing_was_charged(world: World) -> None:
    due = one_due_charge(world)
    pause("Сверяем суммы")

    with begin() as session:
        pause_until_reconciled(session, "из копии", now=business_now(session))

    assert stalled(due.payment_id) == "wait"


def pause(reason: str) -> None:
    with begin() as session:
        assert pause_charging(session, reason, now=business_now(session), by=None)


def stalled(payment_id: UUID) -> str | None:
    with read() as session:
        return session.execute(select(STALLED).where(Payment.id == payment_id)).scalar_one()
