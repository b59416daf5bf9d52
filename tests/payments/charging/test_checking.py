"""What nobody has heard the end of is repeated while its key lives, then looked up, and given up on proof alone."""

from __future__ import annotations

from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.models import Notice
from payments.charging import checkout as checkout_calls
from payments.charging.applying import apply
from payments.charging.checking import check
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.charging.models import Payment
from payments.charging.sending import sender
from payments.charging.sweeping import expire_leases
from payments.history.models import StatusHistory
from payments.installation.models import Shop
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerEntry
from tests.support.blocking import meanwhile
from tests.support.business import GOOD_CARD, enter_card, make_agreement, pay_with_consent
from tests.support.charging import DueCharge, ask_now, one_unknown_charge
from tests.support.faults import faulty
from tests.support.gateway_objects import says
from tests.support.web import WEB
from tests.support.world import World

NOBODYS = "2f3e4d5c-000f-5000-8000-000000000000"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def _check(payment_id: UUID) -> Payment:
    """Ask about the payment as a worker would, whatever its turn; the payment afterwards."""
    ask_now(payment_id)
    check([str(payment_id)])
    assert sender().wait_idle(30)
    with read() as session:
        return session.get_one(Payment, payment_id)


def _sends(world: World, due: DueCharge) -> list[dict[str, Any]]:
    calls = world.journal(system="yookassa")
    return [
        call
        for call in calls
        if call["method"] == "POST" and call["request"]["metadata"]["payment_id"] == str(due.payment_id)
    ]


def _lists(world: World) -> int:
    return sum(call["path"].startswith("/payments?") for call in world.journal(system="yookassa"))


def test_a_charge_that_was_lost_is_sent_again_with_its_key_and_bytes_within_20_hours(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT19H")
    assert _check(due.payment_id).status == "succeeded"
    first, second = _sends(world, due)
    assert first["key"] == second["key"]
    assert first["request"] == second["request"]


def test_after_20_hours_a_charge_is_looked_up_and_never_sent_again(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT21H")
    payment = _check(due.payment_id)
    assert (payment.status, payment.sends) == ("unknown", 1)
    assert len(_sends(world, due)) == 1
    assert _lists(world) == 1


def test_after_20_hours_a_charge_that_had_arrived_is_found_in_the_list(world: World) -> None:
    due = one_unknown_charge(world, "drop_after")
    world.jump("PT21H")
    payment = _check(due.payment_id)
    assert (payment.status, payment.sends) == ("succeeded", 1)
    assert len(_sends(world, due)) == 1


def test_absence_from_the_list_proves_nothing_before_24_hours_and_the_next_look_waits_for_them(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT23H")
    payment = _check(due.payment_id)
    assert payment.status == "unknown"
    assert payment.permit_at is not None
    assert payment.next_check_at is not None
    assert payment.next_check_at <= payment.permit_at + DAY


def test_a_daily_pause_does_not_pass_over_the_instant_of_proof(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT23H30M")
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == due.payment_id).values(checks=40))
    payment = _check(due.payment_id)
    assert payment.permit_at is not None
    assert payment.next_check_at == payment.permit_at + DAY


@pytest.mark.parametrize("hours_off", [-23, 23])
def test_a_clock_that_is_hours_off_does_not_hide_a_charge_that_had_arrived(world: World, hours_off: int) -> None:
    due = one_unknown_charge(world, "drop_after")
    world.jump("P3D")
    with begin() as session:
        # As if our database had taken the time of the send from a clock that was so many hours off.
        off = timedelta(hours=hours_off)
        moved = {"first_sent_at": Payment.first_sent_at + off, "permit_at": Payment.permit_at + off}
        session.execute(update(Payment).where(Payment.id == due.payment_id).values(moved))

    assert _check(due.payment_id).status == "succeeded"


def test_absence_after_24_hours_ends_the_attempt_and_announces_a_new_one(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT25H")
    with read() as session:
        announced = len(session.scalars(select(Notice.id)).all())
    payment = _check(due.payment_id)
    assert (payment.status, payment.reason) == ("rejected", "not_created")
    with read() as session:
        assert len(session.scalars(select(Notice.id)).all()) == announced + 1


def test_24_hours_count_from_the_last_send_not_from_the_first(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT19H")
    world.fail(system="yookassa", match={"method": "POST"}, kind="drop_before", times=1)
    assert _check(due.payment_id).sends == 2
    world.jump("PT6H")
    assert _check(due.payment_id).status == "unknown"
    world.jump("PT19H")
    assert _check(due.payment_id).status == "rejected"


def test_a_list_that_cannot_be_read_proves_nothing(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT25H")
    world.fail(system="yookassa", match={"method": "GET"}, kind="html_502", times=4)
    assert _check(due.payment_id).status == "unknown"
    assert _check(due.payment_id).status == "rejected"


def test_a_resend_that_breaks_after_its_permit_is_asked_about_once_its_lease_has_run_out(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    with faulty("resend.after_permit=raise"):
        broken = _check(due.payment_id)
    assert (broken.status, broken.sends) == ("sending", 2)
    assert broken.lease_until is not None
    assert expire_leases() == 0
    with begin() as session:
        session.execute(update(Payment).values(lease_until=func.clock_timestamp()))
    assert expire_leases() == 1
    assert _check(due.payment_id).status == "succeeded"


def test_a_look_that_breaks_leaves_another_workers_call_its_lease(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    with faulty("resend.before_permit_commit=raise"), begin() as session:
        session.execute(update(Payment).values(status="sending", lease_until=func.clock_timestamp() + HOUR))
        with meanwhile(lambda: check([str(due.payment_id)])) as looking:
            session.commit()
            looking.result(30)
    with read() as session:
        assert session.get_one(Payment, due.payment_id).lease_until is not None


def test_absence_from_the_list_of_another_shop_proves_nothing(world: World) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT25H")
    _sent_to_shop("999")
    assert _check(due.payment_id).status == "unknown"
    assert _lists(world) == 1
    _sent_to_shop("100500")
    assert _check(due.payment_id).status == "rejected"


def test_what_ended_while_it_was_looked_at_is_not_noted_as_dropped(world: World, every_call_taken: None) -> None:
    payment_id = _left_to_a_worker()
    with begin() as session:
        session.execute(update(Invoice).values(status="void"))
    ask_now(payment_id)
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payment_id).values(status="rejected", reason="test"))
        with meanwhile(lambda: check([str(payment_id)])) as looking:
            session.commit()
            looking.result(30)
    with read() as session:
        assert session.get_one(Payment, payment_id).reason == "test"
    assert not _noted(payment_id, "unknown", "rejected")


def test_a_payment_that_the_gateway_disowns_keeps_its_status_for_a_day_and_is_unknown_after_it(world: World) -> None:
    payment_id = _disowned(world)
    assert _check(payment_id).status == "pending"
    world.jump("P1DT1H")
    payment = _check(payment_id)
    assert payment.status == "unknown"
    assert _noted(payment_id, "pending", "unknown")
    assert payment.gateway_id == NOBODYS


def test_a_disowned_payment_is_never_sent_again_and_is_asked_about_once_a_day(world: World) -> None:
    payment_id = _disowned(world)
    world.play(advance="P4D")
    sends = [call for call in world.journal(system="yookassa") if call["method"] == "POST"]
    looks = [call for call in world.journal(system="yookassa") if call["path"] == f"/payments/{NOBODYS}"]
    with read() as session:
        payment = session.get_one(Payment, payment_id)
        assert payment.status == "unknown"
        assert payment.next_check_at is not None
        assert payment.next_check_at > business_now(session)
    assert len(sends) == 1
    assert 30 < len(looks) < 40


def test_a_disowned_payment_that_the_gateway_knows_again_is_booked(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    with read() as session:
        gateway_id = session.get_one(Payment, payment_id).gateway_id
    _point_at(payment_id, NOBODYS)
    world.jump("P2D")
    assert _check(payment_id).status == "unknown"
    _point_at(payment_id, str(gateway_id))
    assert _check(payment_id).status == "succeeded"


def test_a_second_payment_of_one_intent_is_asked_about_until_its_money_is_booked(world: World) -> None:
    payment_id, page = _second_at_the_gateway(world)
    enter_card(page, GOOD_CARD)
    world.fail(system="yookassa", match={"method": "GET"}, kind="html_502", times=1)

    world.play(advance="PT20M")  # two looks, each at a full ten minutes

    with read() as session:
        (twin,) = session.scalars(select(Payment).where(Payment.id != payment_id))
        assert (twin.status, twin.next_check_at) == ("succeeded", None)
        advance = select(func.sum(LedgerEntry.kopecks)).where(LedgerEntry.account == "advance")
        assert session.execute(advance).scalar_one() == -twin.kopecks


def test_a_second_payment_of_one_intent_that_nobody_pays_is_forgotten_with_its_page(world: World) -> None:
    payment_id, _page = _second_at_the_gateway(world)

    world.play(advance="PT2H")

    with read() as session:
        (twin,) = session.scalars(select(Payment).where(Payment.id != payment_id))
        assert (twin.status, twin.reason, twin.next_check_at) == ("rejected", "twin", None)


def test_what_was_thought_never_to_have_been_and_is_pending_is_asked_about(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    with begin() as session:
        payment = session.get_one(Payment, payment_id)
        payment.status, payment.reason, payment.next_check_at = "rejected", "not_created", None
        now = business_now(session)
        apply(session, [says(session, payment, "pending", gateway_id=payment.gateway_id)], source="webhook", now=now)

    world.play(advance="PT10M")

    with read() as session:
        assert session.get_one(Payment, payment_id).status == "succeeded"


def test_a_checkout_that_finds_every_call_taken_is_sent_by_a_worker(world: World, every_call_taken: None) -> None:
    payment_id = _left_to_a_worker()
    with read() as session:
        left = session.get_one(Payment, payment_id)
        assert (left.status, left.sends) == ("unknown", 0)
        assert left.lease_until is not None
    assert _noted(payment_id, "created", "unknown", source="system")
    world.drain()
    with read() as session:
        sent = session.get_one(Payment, payment_id)
        assert (sent.status, sent.sends) == ("pending", 1)
        assert sent.confirmation_url


@pytest.fixture
def every_call_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(checkout_calls, "_CALLS", taken)


def _left_to_a_worker() -> UUID:
    with begin() as session:
        it = make_agreement(session, draft=True)
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    assert send_checkout(checkout.payment_id) is None
    return checkout.payment_id


def _second_at_the_gateway(world: World) -> tuple[UUID, str]:
    """The gateway has made another payment of a paid intent, which nobody has paid yet; the intent and its page."""
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    world.play(advance="PT10M")
    with begin() as session:
        payment = session.get_one(Payment, payment_id)
        made = WEB.post(
            f"{world.sandbox.api_url}/payments",
            content=payment.body,
            headers={"Content-Type": "application/json", "Idempotence-Key": str(uuid4())},
            auth=("100500", "test_sandbox"),
        ).json()
        pending = says(session, payment, "pending", gateway_id=made["id"])
        apply(session, [pending], source="webhook", now=business_now(session))
    return payment_id, made["confirmation"]["confirmation_url"]


def _sent_to_shop(account_id: str) -> None:
    with begin() as session:
        session.execute(update(Shop).values(account_id=account_id))


def _disowned(world: World) -> UUID:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    _point_at(payment_id, NOBODYS)
    return payment_id


def _point_at(payment_id: UUID, gateway_id: str) -> None:
    with begin() as session:
        session.execute(update(Payment).where(Payment.id == payment_id).values(gateway_id=gateway_id))


def _noted(payment_id: UUID, old: str, new: str, *, source: str = "poller") -> bool:
    with read() as session:
        rows = session.scalars(
            select(StatusHistory.source).where(
                StatusHistory.object_id == payment_id, StatusHistory.old == old, StatusHistory.new == new
            )
        ).all()
    return list(rows) == [source]


def test_a_look_that_broke_half_way_is_put_off_and_taken_again(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    ask_now(payment_id)
    with faulty("check.after_answer=raise"):
        check([str(payment_id)])
    with read() as session:
        payment, now = session.get_one(Payment, payment_id), business_now(session)
    assert (payment.status, payment.checks, payment.lease_until) == ("pending", 1, None)
    assert payment.next_check_at is not None
    assert payment.next_check_at > now

    assert _check(payment_id).status == "succeeded"


def test_a_hint_at_a_decided_payment_asks_the_gateway_nothing(world: World) -> None:
    due = one_unknown_charge(world, "drop_after")
    assert _check(due.payment_id).status == "succeeded"
    calls = len(world.journal(system="yookassa"))

    check([str(due.payment_id)])

    assert len(world.journal(system="yookassa")) == calls
