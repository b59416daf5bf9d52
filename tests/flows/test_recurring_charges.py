"""A customer agrees once; the product warns and charges month after month, and stops when told to."""

from __future__ import annotations

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.consents import Evidence
from payments.autopay.models import Autopay, Notice, PaymentMethod
from payments.autopay.stopping import unlink, wait_for_calls
from payments.contracts.models import Contract
from tests.support.business import make_agreement, pay_with_consent, payments_of
from tests.support.world import World


def test_a_first_payment_turns_the_consent_into_an_autopay(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="PT10M")
    with read() as session:
        autopay = session.scalars(select(Autopay)).one()
        method = session.get_one(PaymentMethod, autopay.method_id)
        assert (autopay.status, method.last4) == ("active", "4444")
        assert session.get_one(Contract, it.contract_id).status == "active"


def test_a_month_forward_warns_72_hours_before_and_charges_once(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="P1M1D")
    with read() as session:
        first, second = payments_of(session, it.contract_id)
        notice = session.scalars(select(Notice)).one()
        assert (first.status, second.status) == ("succeeded", "succeeded")
        assert notice.sent_at is not None
        assert second.permit_at is not None
        assert (second.permit_at - notice.sent_at).total_seconds() >= 72 * 3600
    charges = [entry for entry in world.journal(system="yookassa") if entry["payment_method_id"]]
    assert len(charges) == 1


def test_a_card_without_money_is_tried_again_by_the_calendar(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="PT10M")
    with read() as session:
        token = session.scalars(select(PaymentMethod.gateway_id)).one()
    world.script(token, "insufficient_funds", "succeeded")
    world.play(advance="P1M3D")
    with read() as session:
        statuses = [(p.status, p.reason) for p in payments_of(session, it.contract_id)]
    assert statuses == [("succeeded", None), ("canceled", "insufficient_funds"), ("succeeded", None)]


def test_after_unlinking_nothing_is_ever_sent_for_the_card(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.play(advance="PT10M")
    with begin() as session:
        method_id = session.scalars(select(PaymentMethod.id)).one()
        now = business_now(session)
        assert unlink(session, method_id, customer_id=it.customer_id, evidence=Evidence(), now=now) == [it.contract_id]
    assert wait_for_calls(method_id) == []
    world.play(advance="P2M")
    assert [entry for entry in world.journal(system="yookassa") if entry["payment_method_id"]] == []
