"""Sweeps find in PostgreSQL what nobody works on, and tell Redis of so much as it may hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.consents import Evidence
from payments.autopay.models import Notice
from payments.autopay.stopping import withdraw
from payments.charging import sweeping
from payments.charging.charging import CHARGE, charge
from payments.charging.checking import CHECK
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.charging.pace import HINTED_AT_ONCE, PART
from payments.charging.sending import sender
from payments.charging.sweeping import drop_abandoned, expire_leases, forget_hints, hint_created, hint_due_checks
from payments.history.models import StatusHistory
from payments.installation.models import Installation
from payments.invoicing.issue import issue_now
from tests.support.business import make_agreement, pay_with_consent
from tests.support.charging import make_due, one_due_charge
from tests.support.world import World


class Redis:
    """What would have gone into Redis."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[UUID | int]]] = []

    def send(self, job: str, ids: Sequence[UUID | int]) -> None:
        self.sent.append((job, list(ids)))


def _history(payment_id: UUID) -> list[tuple[str | None, str, str]]:
    with read() as session:
        rows = session.execute(
            select(StatusHistory.old, StatusHistory.new, StatusHistory.source)
            .where(StatusHistory.object_id == payment_id)
            .order_by(StatusHistory.id)
        ).all()
    return [(row.old, row.new, row.source) for row in rows]


def _set(payment_id: UUID, **values: object) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payment_id).values(values))


def _intent(email: str) -> UUID:
    with begin() as session:
        it = make_agreement(session, email=email, draft=True)
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        return prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now).payment_id


def test_a_payment_whose_sender_is_alive_is_left_to_it(world: World) -> None:
    due = one_due_charge(world)
    _set(due.payment_id, status="sending", lease_until=func.clock_timestamp() + text("interval '1 minute'"))
    assert expire_leases() == 0


def test_a_payment_whose_sender_is_gone_is_unknown_and_asked_about_at_once(world: World) -> None:
    due = one_due_charge(world)
    _set(due.payment_id, status="sending", lease_until=func.clock_timestamp())
    assert expire_leases() == 1
    assert expire_leases() == 0
    redis = Redis()
    assert hint_due_checks(redis.send) == 1
    assert redis.sent == [(CHECK, [due.payment_id])]
    assert _history(due.payment_id)[-1] == ("sending", "unknown", "lease")


def test_a_payment_that_is_being_sent_without_a_lease_is_nobodys_and_unknown(world: World) -> None:
    due = one_due_charge(world)
    _set(due.payment_id, status="sending", lease_until=None)
    assert expire_leases() == 1


def test_an_intent_that_was_never_sent_is_dropped_after_a_quarter_of_an_hour(world: World) -> None:
    payment_id = _intent("anna@example.com")
    assert drop_abandoned() == 0
    world.jump("PT16M")
    assert drop_abandoned() == 1
    with read() as session:
        payment = session.get_one(Payment, payment_id)
        assert (payment.status, payment.reason, payment.next_check_at) == ("rejected", "abandoned", None)
    assert _history(payment_id) == [("created", "rejected", "sweep")]


def test_an_intent_that_was_sent_is_never_dropped(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    world.jump("PT16M")
    assert drop_abandoned() == 0


def test_a_hint_is_trusted_for_a_while_and_then_given_again(world: World) -> None:
    due = one_due_charge(world)
    _set(due.payment_id, lease_until=None)
    redis = Redis()
    assert [hint_created(redis.send), hint_created(redis.send)] == [1, 0]
    _set(due.payment_id, lease_until=func.clock_timestamp())
    assert hint_created(redis.send) == 1


def test_what_was_hinted_at_is_hinted_at_again_at_once_when_redis_has_lost_the_hints(world: World) -> None:
    due = one_due_charge(world)
    hint_created(Redis().send)
    redis = Redis()
    assert hint_created(redis.send) == 0

    forget_hints()

    assert hint_created(redis.send) == 1
    assert redis.sent == [(CHARGE, [due.payment_id])]


def test_a_payment_in_a_senders_hands_stays_there_when_redis_has_lost_the_hints(world: World) -> None:
    due = one_due_charge(world)
    _set(due.payment_id, status="sending", lease_until=func.clock_timestamp() + text("interval '1 minute'"))
    forget_hints()
    assert expire_leases() == 0


def test_a_charge_whose_notice_is_too_young_is_hinted_at_when_it_may_be_sent(world: World) -> None:
    due = one_due_charge(world)
    with begin() as session:
        session.execute(update(Installation).values(notice_hours=96))
    redis = Redis()
    _set(due.payment_id, lease_until=None)
    assert hint_created(redis.send) == 1
    charge([str(due.payment_id)])
    _set(due.payment_id, lease_until=None)
    assert hint_created(redis.send) == 0
    with read() as session:
        waits = session.get_one(Payment, due.payment_id)
        notice = session.get_one(Notice, waits.notice_id)
        assert notice.sent_at is not None
        assert (waits.status, waits.next_check_at) == ("created", notice.sent_at + timedelta(hours=96))

    world.jump("P1D")
    assert hint_created(redis.send) == 1
    charge([str(due.payment_id)])
    assert sender().wait_idle(30)
    with read() as session:
        assert session.get_one(Payment, due.payment_id).status == "succeeded"


def test_a_charge_that_waited_for_its_notice_and_was_called_off_is_asked_about_no_more(world: World) -> None:
    due = one_due_charge(world)
    with begin() as session:
        session.execute(update(Installation).values(notice_hours=96))
    charge([str(due.payment_id)])
    with begin() as session:
        withdraw(session, due.contract_id, evidence=Evidence(), now=business_now(session))
    world.jump("P1D")

    assert hint_due_checks(Redis().send) == 0


def test_charges_are_hinted_at_in_parts_and_no_more_than_redis_may_hold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "CHARGES_HINTED_AT_ONCE", 3)
    monkeypatch.setattr(sweeping, "CHARGES_IN_PART", 2)
    with begin() as session:
        agreements = [make_agreement(session, email=f"c{number}@example.com", draft=True) for number in range(5)]
    for it in agreements:
        pay_with_consent(it)
    world.play(advance="PT20M")
    world.jump("P1D")
    with begin() as session:
        ids = [due.payment_id for due in make_due(session, agreements)]
        session.execute(update(Payment).where(Payment.id.in_(ids)).values(lease_until=None))
    redis = Redis()
    assert [hint_created(redis.send), hint_created(redis.send)] == [3, 0]
    assert [len(part) for _job, part in redis.sent] == [2, 1]
    _set(redis.sent[0][1][0], status="canceled")  # type: ignore[arg-type]  # charges have UUIDs
    assert hint_created(redis.send) == 1


@pytest.mark.timeout(120)
def test_look_ups_are_hinted_at_in_small_messages_and_never_more_than_redis_may_hold(world: World) -> None:
    ids = [_intent(f"c{number}@example.com") for number in range(HINTED_AT_ONCE + 5)]
    with begin() as session:
        session.execute(update(Payment).values(status="unknown", next_check_at=func.business_now()))
    redis = Redis()
    assert hint_due_checks(redis.send) == HINTED_AT_ONCE
    assert hint_due_checks(redis.send) == 0
    assert {len(part) for _job, part in redis.sent} == {PART}
    with begin() as session:
        done = [key for _job, part in redis.sent for key in part][:5]
        session.execute(update(Payment).where(Payment.id.in_(done)).values(status="rejected", lease_until=None))
    assert hint_due_checks(redis.send) == 5
    assert {key for _job, part in redis.sent for key in part} == set(ids)


def test_who_has_waited_longest_for_its_look_is_hinted_at_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "HINTED_AT_ONCE", 1)
    old, new = _intent("old@example.com"), _intent("new@example.com")
    _set(old, status="unknown", next_check_at=func.business_now() - text("interval '1 minute'"))
    _set(new, status="unknown", next_check_at=func.business_now() - text("interval '2 minutes'"))
    redis = Redis()
    assert hint_due_checks(redis.send) == 1
    assert redis.sent == [(CHECK, [new])]


def test_what_a_hint_does_not_settle_leaves_the_next_hint_to_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "HINTED_AT_ONCE", 1)
    first, second = _intent("first@example.com"), _intent("second@example.com")
    ago = func.clock_timestamp() - text("interval '1 second'")
    _set(first, status="unknown", next_check_at=func.business_now() - text("interval '2 minutes'"), lease_until=ago)
    _set(second, status="unknown", next_check_at=func.business_now() - text("interval '1 minute'"))
    redis = Redis()
    assert hint_due_checks(redis.send) == 1
    assert redis.sent == [(CHECK, [second])]
