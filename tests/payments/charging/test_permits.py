"""Each reason not to send: no permit is given, and what can never be permitted ends with its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import Session, begin
from kernel.ids import uuid7
from kernel.outbox import OutboxMessage
from payments.autopay.ending import end_contract
from payments.autopay.models import Notice, PaymentMethod
from payments.charging.charging import charge
from payments.charging.models import Allocation, Payment
from payments.charging.permits import permit_customer, permit_scheduled, refuse
from payments.history.models import StatusHistory
from payments.installation.models import Installation, Shop
from payments.installation.pausing import pause_charging
from payments.invoicing.models import Invoice
from tests.support.standing import Standing, begin_first_payment, make_standing
from tests.support.world import World

Spoil = Callable[[Session, Standing, datetime], None]


@pytest.fixture
def it(session: Session) -> Standing:
    return make_standing(session)


def _autopay_is(status: str) -> Spoil:
    # As in the moment between a stop and a payment that was written beside it: the verbs end what they find.
    def spoil(session: Session, it: Standing, _now: datetime) -> None:
        it.autopay(session).status = status

    return spoil


def _limit_is_a_kopeck_short(session: Session, it: Standing, _now: datetime) -> None:
    it.autopay(session).max_kopecks = it.payment(session).kopecks - 1


def _method_is_unlinked(session: Session, it: Standing, now: datetime) -> None:
    session.get_one(PaymentMethod, it.due.method_id).unlinked_at = now


def _method_is_disabled(session: Session, it: Standing, _now: datetime) -> None:
    session.get_one(PaymentMethod, it.due.method_id).disabled_reason = "card_expired"


def _another_method_was_chosen(session: Session, it: Standing, _now: datetime) -> None:
    mine = session.get_one(PaymentMethod, it.due.method_id)
    other = _copy_of_method(mine, mine.shop_id)
    session.add(other)
    session.flush()
    it.autopay(session).method_id = other.id


def _copy_of_method(mine: PaymentMethod, shop_id: object) -> PaymentMethod:
    return PaymentMethod(
        id=uuid7(), customer_id=mine.customer_id, shop_id=shop_id, gateway_id="pm-other", kind=mine.kind, title="other"
    )


def _invoice_is_void(session: Session, it: Standing, _now: datetime) -> None:
    session.get_one(Invoice, it.due.invoice_id).status = "void"


def _a_part_was_paid(session: Session, it: Standing, _now: datetime) -> None:
    # As when money comes in late for an earlier payment that was thought never to have been.
    first = session.scalars(
        select(Payment).where(Payment.contract_id == it.contract_id).order_by(Payment.number)
    ).first()
    assert first is not None
    session.add(Allocation(payment_id=first.id, invoice_id=it.due.invoice_id, kopecks=100))


def _notice(session: Session, it: Standing) -> Notice:
    return session.get_one(Notice, it.payment(session).notice_id)


def _notice_has_not_left(session: Session, it: Standing, _now: datetime) -> None:
    _notice(session, it).sent_at = None


def _notice_named_another_card(session: Session, it: Standing, _now: datetime) -> None:
    mine = session.get_one(PaymentMethod, it.due.method_id)
    other = _copy_of_method(mine, mine.shop_id)
    session.add(other)
    session.flush()
    _notice(session, it).method_id = other.id


def _notice_is_older_than_the_permission(session: Session, it: Standing, now: datetime) -> None:
    it.autopay(session).changed_at = now + timedelta(milliseconds=1)


def _our_account_is_another(session: Session, _it: Standing, _now: datetime) -> None:
    session.execute(update(Shop).values(account_id="999"))


def _token_is_of_another_shop(session: Session, it: Standing, _now: datetime) -> None:
    mine = session.get_one(Shop, session.get_one(PaymentMethod, it.due.method_id).shop_id)
    other = Shop(legal_entity_id=mine.legal_entity_id, account_id="999", test=mine.test)
    session.add(other)
    session.flush()
    session.get_one(PaymentMethod, it.due.method_id).shop_id = other.id


def _notice_named_another_sum(session: Session, it: Standing, _now: datetime) -> None:
    _notice(session, it).kopecks += 1


def _payment_is_three_days_old(session: Session, it: Standing, now: datetime) -> None:
    it.payment(session).created_at = now - timedelta(days=3, seconds=1)


NEVER = [
    (_autopay_is("withdrawn"), "withdrawn"),
    (_autopay_is("ended"), "withdrawn"),
    (_autopay_is("paused"), "withdrawn"),
    (_autopay_is("suspended"), "withdrawn"),
    (_method_is_unlinked, "withdrawn"),
    (_another_method_was_chosen, "withdrawn"),
    (_notice_named_another_card, "withdrawn"),
    (_notice_is_older_than_the_permission, "withdrawn"),
    (_method_is_disabled, "method_disabled"),
    (_our_account_is_another, "other_shop"),
    (_token_is_of_another_shop, "other_shop"),
    (_limit_is_a_kopeck_short, "over_limit"),
    (_invoice_is_void, "invoice_closed"),
    (_a_part_was_paid, "partly_paid"),
    (_notice_has_not_left, "no_notice"),
    (_notice_named_another_sum, "no_notice"),
    (_payment_is_three_days_old, "stale"),
]


def _asked(session: Session, it: Standing, spoil: Spoil | None) -> list[object]:
    """What a permit is given for, once the case is spoilt."""
    if spoil:
        spoil(session, it, business_now(session))
        session.flush()
    return [permit.payment_id for permit in permit_scheduled(session, [it.due.payment_id], worker="test")]


def test_a_charge_with_everything_in_order_is_permitted_once(session: Session, it: Standing) -> None:
    assert _asked(session, it, None) == [it.due.payment_id]
    assert _asked(session, it, None) == []

    payment = it.payment(session)
    assert (payment.status, payment.sends, payment.worker) == ("sending", 1, "test")
    assert payment.first_sent_at == payment.permit_at == business_now(session)
    assert refuse(session, [payment.id]) == {}


@pytest.mark.parametrize(("spoil", "reason"), NEVER)
def test_what_can_never_be_sent_is_not_permitted_and_ends_with_its_reason(
    session: Session, it: Standing, spoil: Spoil, reason: str
) -> None:
    assert _asked(session, it, spoil) == []

    assert refuse(session, [it.due.payment_id]) == {it.due.payment_id: reason}
    payment = it.payment(session)
    assert (payment.status, payment.reason, payment.sends, payment.first_sent_at) == ("rejected", reason, 0, None)
    assert payment.decided_at == business_now(session)
    noted = select(StatusHistory.new, StatusHistory.source).where(StatusHistory.object_id == payment.id)
    assert [tuple(row) for row in session.execute(noted)] == [("rejected", "permit")]


def test_a_contract_that_ends_takes_its_charge_with_it(session: Session, it: Standing) -> None:
    end_contract(session, it.contract_id, now=business_now(session), source="staff")

    assert _asked(session, it, None) == []
    assert (it.payment(session).status, it.payment(session).reason) == ("rejected", "withdrawn")


def _notice_left_a_minute_too_late(session: Session, it: Standing, now: datetime) -> None:
    hours = session.execute(select(Installation.notice_hours)).scalar_one()
    _notice(session, it).sent_at = now - timedelta(hours=hours) + timedelta(minutes=1)


def _charging_is_paused(session: Session, _it: Standing, now: datetime) -> None:
    pause_charging(session, "test", now=now, by=None)


@pytest.mark.parametrize("spoil", [_notice_left_a_minute_too_late, _charging_is_paused])
def test_what_may_be_sent_later_is_not_permitted_and_waits(session: Session, it: Standing, spoil: Spoil) -> None:
    assert _asked(session, it, spoil) == []

    assert refuse(session, [it.due.payment_id]) == {}
    assert (it.payment(session).status, it.payment(session).sends) == ("created", 0)


def test_while_charging_is_paused_nothing_is_refused_for_good(session: Session, it: Standing) -> None:
    _charging_is_paused(session, it, business_now(session))

    assert _asked(session, it, _limit_is_a_kopeck_short) == []
    assert refuse(session, [it.due.payment_id]) == {}


def _age_of_key(session: Session, payment: Payment, age: timedelta) -> None:
    payment.status = "unknown"
    payment.first_sent_at = business_now(session) - age
    session.flush()


@pytest.mark.parametrize(("age", "permitted"), [(timedelta(hours=20, seconds=-1), True), (timedelta(hours=20), False)])
def test_a_key_is_sent_again_for_twenty_hours(
    session: Session, it: Standing, *, age: timedelta, permitted: bool
) -> None:
    _asked(session, it, None)
    payment = it.payment(session)
    key, body = payment.key, payment.body
    _age_of_key(session, payment, age)

    again = permit_scheduled(session, [payment.id], worker="test", again=True)

    assert [(permit.key, permit.body) for permit in again] == ([(key, body)] if permitted else [])
    assert it.payment(session).status == ("sending" if permitted else "unknown")
    assert refuse(session, [payment.id]) == {}


@pytest.mark.parametrize(
    "spoil",
    [
        _autopay_is("withdrawn"),
        _method_is_unlinked,
        _invoice_is_void,
        _a_part_was_paid,
        _limit_is_a_kopeck_short,
        _notice_is_older_than_the_permission,
    ],
)
def test_an_unknown_charge_is_not_repeated_after_a_stop_and_stays_unknown(
    session: Session, it: Standing, spoil: Spoil
) -> None:
    _asked(session, it, None)
    _age_of_key(session, it.payment(session), timedelta(minutes=1))
    spoil(session, it, business_now(session))
    session.flush()

    assert permit_scheduled(session, [it.due.payment_id], worker="test", again=True) == []
    assert refuse(session, [it.due.payment_id]) == {}
    assert it.payment(session).status == "unknown"


def test_a_payment_on_the_gateways_page_needs_only_its_open_invoice(session: Session) -> None:
    _, payment = begin_first_payment(session)
    invoice = session.get_one(Invoice, payment.invoice_id)
    assert permit_scheduled(session, [payment.id], worker="test") == []
    invoice.status = "void"
    session.flush()
    assert permit_customer(session, [payment.id], worker="test") == []
    invoice.status = "open"
    _charging_is_paused(session, None, business_now(session))  # type: ignore[arg-type]  # there is no autopay yet
    session.flush()

    assert [permit.payment_id for permit in permit_customer(session, [payment.id], worker="test")] == [payment.id]


@pytest.mark.parametrize(
    ("spoil", "reason", "topic"),
    [
        (_limit_is_a_kopeck_short, "over_limit", "payments.invoice_issued.v1"),
        (_our_account_is_another, "other_shop", "payments.invoice_issued.v1"),
        (_a_part_was_paid, "partly_paid", "payments.invoice_issued.v1"),
        (_notice_has_not_left, "no_notice", "payments.charge_announced.v1"),
        (_payment_is_three_days_old, "stale", "payments.charge_announced.v1"),
        (_another_method_was_chosen, "withdrawn", "payments.invoice_issued.v1"),
        (_autopay_is("withdrawn"), "withdrawn", None),
    ],
)
@pytest.mark.committed
def test_nothing_is_sent_and_the_customer_hears_what_is_next(
    world: World, spoil: Spoil, reason: str, topic: str | None
) -> None:
    with begin() as session:
        it = make_standing(session)
        spoil(session, it, business_now(session))
        seen = session.execute(select(func.max(OutboxMessage.id))).scalar_one()

    charge([str(it.due.payment_id)])

    with begin() as session:
        assert (it.payment(session).status, it.payment(session).reason) == ("rejected", reason)
        told = session.scalars(select(OutboxMessage.topic).where(OutboxMessage.id > seen)).all()
    assert list(told) == ([topic] if topic else [])
    assert [entry for entry in world.journal(system="yookassa") if entry["method"] == "POST"] == []
