"""A payment for a contract of ours that nobody here knows: the database came from a backup, and stands still from then on."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.errors import Refused
from payments.autopay.models import Autopay
from payments.installation.models import Installation
from payments.installation.pausing import resume_charging
from payments.reconciliation.past import REASON
from payments.reconciliation.repairing import repair_all
from payments.reconciliation.running import reconcile
from payments.stops.keeping import keep_memory
from tests.payments.reconciliation.conftest import Paid, Seen
from tests.support.gateway_cabinet import pay_past_us
from tests.support.world import World

Reconciled = Callable[[], Seen]
BOSS = uuid4()
REFUSED_CARD = "5555555555554600"


def _installation() -> Installation:
    with read() as session:
        return session.get_one(Installation, 1)


def _resume() -> None:
    with begin() as session:
        resume_charging(session, now=business_now(session), by=BOSS)


def _of(paid: Paid, **other: object) -> dict[str, str]:
    ids = {"payment_id": uuid4(), "invoice_id": uuid4(), "contract_id": paid.agreement.contract_id}
    return {name: str(value) for name, value in (ids | other).items()}


def test_charging_pauses_until_what_is_unknown_is_taken_over(world: World, paid: Paid, reconciled: Reconciled) -> None:
    made = pay_past_us(world.sandbox, "3000.00", metadata=_of(paid))
    assert reconciled() == {("missing_here", made["id"])}

    it = _installation()
    assert (it.charging_paused, it.pause_reason) == (True, REASON)
    keep_memory()
    with pytest.raises(Refused, match="сверьте платежи"):
        _resume()
    repair_all(by=None, note=lambda *_: None)
    reconcile()
    _resume()
    reconcile()
    assert not _installation().charging_paused, "it is known now"


@pytest.mark.parametrize("card", [REFUSED_CARD, None], ids=["refused", "not paid yet"])
def test_what_brought_no_money_proves_as_much_and_is_told_once(
    world: World, paid: Paid, reconciled: Reconciled, card: str | None
) -> None:
    pay_past_us(world.sandbox, "3000.00", card=card, metadata=_of(paid))
    reconciled()
    assert _installation().pause_reason == REASON
    keep_memory()
    world.jump("PT2H")
    reconcile()
    _resume()

    reconcile(deep=True)

    assert not _installation().charging_paused


def test_it_is_told_once_and_a_pause_that_is_there_keeps_its_reason(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    pay_past_us(world.sandbox, "3000.00", metadata=_of(paid))
    reconciled()
    since = _installation().unproven_since

    pay_past_us(world.sandbox, "3000.00", metadata=_of(paid))
    reconciled()

    assert _installation().unproven_since == since


def test_the_lists_are_read_again_by_themselves(world: World, paid: Paid, reconciled: Reconciled) -> None:
    pay_past_us(world.sandbox, "3000.00", metadata=_of(paid))
    reconciled()
    repair_all(by=None, note=lambda *_: None)

    keep_memory()
    world.drain()

    _resume()


def test_whoever_agreed_before_is_asked_since_the_memory_may_know_no_more_than_this_database(
    world: World, paid: Paid, reconciled: Reconciled
) -> None:
    keep_memory()
    pay_past_us(world.sandbox, "3000.00", metadata=_of(paid))
    reconciled()

    keep_memory()

    with read() as session:
        autopay = session.scalars(select(Autopay)).one()
    assert autopay.status == "paused"
    assert autopay.unconfirmed_since


@pytest.mark.parametrize("names", ["another installation's contract", "a payment of ours", "nothing"])
def test_what_else_is_missing_here_pauses_nothing(world: World, paid: Paid, reconciled: Reconciled, names: str) -> None:
    metadata = {
        "another installation's contract": _of(paid, contract_id=uuid4()),
        "a payment of ours": _of(paid, payment_id=paid.payment_id, invoice_id=paid.invoice_id),
        "nothing": {},
    }[names]
    pay_past_us(world.sandbox, "3000.00", metadata=metadata)

    assert len(reconciled()) in (1, 2)

    assert not _installation().charging_paused
