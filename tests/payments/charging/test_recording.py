"""What a call brought is written down, and no more than it proves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from kernel.clock import business_now
from kernel.db import Session
from kernel.outbox import OutboxMessage
from payments.charging.applying import apply
from payments.charging.models import LOOK, SEND, Payment
from payments.charging.permits import permit_customer, permit_scheduled
from payments.charging.recording import Outcome, give_up_unfound, record
from payments.gateway.port import GatewayError, GatewayPayment, NoSuchPayment, NotExecuted, OutcomeUnknown, Rejected
from tests.support.gateway_objects import says
from tests.support.standing import Standing, begin_first_payment, make_standing

DAYS = timedelta(days=2)
SHOP = "100500"


@pytest.fixture
def it(session: Session) -> Standing:
    return make_standing(session)


@pytest.fixture
def sending(session: Session, it: Standing) -> Payment:
    """Its call is under way."""
    assert permit_scheduled(session, [it.due.payment_id], worker="test")
    return it.payment(session)


def _record(session: Session, payment: Payment, verb: str, result: GatewayPayment | GatewayError) -> None:
    record(session, [Outcome(payment.id, verb, result, 1)], source="poller")
    session.flush()
    session.refresh(payment)


@pytest.mark.parametrize("error", [OutcomeUnknown("ReadTimeout"), NoSuchPayment("not_found", http_status=404)], ids=str)
def test_a_look_that_failed_leaves_another_workers_call_its_lease(
    session: Session, sending: Payment, error: GatewayError
) -> None:
    _record(session, sending, LOOK, error)

    assert (sending.status, sending.worker) == ("sending", "test")
    assert sending.lease_until is not None


def test_a_look_that_is_not_believed_leaves_another_workers_call_its_lease(session: Session, sending: Payment) -> None:
    _record(session, sending, LOOK, says(session, sending, "succeeded", account_id="999"))

    assert sending.status == "sending"
    assert sending.lease_until is not None


def test_a_send_that_failed_ends_the_call_and_is_unknown(session: Session, sending: Payment) -> None:
    _record(session, sending, SEND, OutcomeUnknown("ReadTimeout"))

    assert (sending.status, sending.lease_until) == ("unknown", None)
    assert sending.next_check_at is not None


def test_a_first_send_that_never_left_is_made_up_for_at_once_and_the_next_one_after_a_pause(
    session: Session, sending: Payment
) -> None:
    now = business_now(session)
    _record(session, sending, SEND, NotExecuted("permit too old"))
    assert (sending.status, sending.next_check_at) == ("unknown", now)

    assert permit_scheduled(session, [sending.id], worker="test", again=True)
    _record(session, sending, SEND, NotExecuted("ConnectError"))
    assert sending.next_check_at == now + timedelta(minutes=1)


@pytest.mark.parametrize("status", ["unknown", "pending"])
def test_a_look_that_never_left_has_its_pause_however_often_the_payment_was_sent(
    session: Session, sending: Payment, status: str
) -> None:
    sending.status = status
    session.flush()

    _record(session, sending, LOOK, NotExecuted("ConnectError"))

    assert (sending.sends, sending.next_check_at) == (1, business_now(session) + timedelta(minutes=1))


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_a_first_send_that_was_refused_never_was(session: Session, sending: Payment, status: str) -> None:
    sending.status = status
    session.flush()

    _record(session, sending, SEND, Rejected("invalid_request", http_status=400))

    assert (sending.status, sending.reason) == ("rejected", "gateway_rejected")


def test_a_refusal_does_not_undo_what_a_notification_proved(session: Session, sending: Payment) -> None:
    apply(session, [says(session, sending, "pending")], source="webhook", now=business_now(session))

    _record(session, sending, SEND, Rejected("invalid_request", http_status=400))

    assert (sending.status, sending.gateway_id) == ("pending", f"gw-{sending.id}")


def test_a_lease_that_has_run_out_is_for_the_sweep_to_end(session: Session, sending: Payment) -> None:
    sending.lease_until = func.clock_timestamp() - text("interval '1 second'")
    session.flush()

    _record(session, sending, LOOK, OutcomeUnknown("ReadTimeout"))

    assert sending.status == "sending"


def test_an_error_that_comes_after_the_success_changes_nothing(session: Session, sending: Payment) -> None:
    apply(session, [says(session, sending, "succeeded")], source="webhook", now=business_now(session))
    _record(session, sending, SEND, OutcomeUnknown("ReadTimeout"))

    assert (sending.status, sending.next_check_at, sending.checks) == ("succeeded", None, 0)


def test_an_answer_about_another_shops_payment_leaves_the_outcome_of_its_send_unknown(
    session: Session, sending: Payment
) -> None:
    _record(session, sending, SEND, says(session, sending, "succeeded", account_id="999"))

    assert (sending.status, sending.oddity, sending.lease_until) == ("unknown", "quarantined", None)
    assert sending.next_check_at is not None


def test_what_is_decided_is_not_given_up_for_missing_in_a_list(session: Session, sending: Payment) -> None:
    apply(session, [says(session, sending, "succeeded")], source="webhook", now=business_now(session))
    session.flush()

    assert give_up_unfound(session, sending.id, listed_at=business_now(session) + DAYS, account_id=SHOP) is False
    assert sending.status == "succeeded"


def test_a_payment_of_the_customers_own_that_never_was_ends_without_a_word_of_a_decline(session: Session) -> None:
    _, payment = begin_first_payment(session)
    assert permit_customer(session, [payment.id], worker="test")
    _record(session, payment, SEND, OutcomeUnknown("ReadTimeout"))

    assert give_up_unfound(session, payment.id, listed_at=business_now(session) + DAYS, account_id=SHOP) is True

    assert (payment.status, payment.reason, payment.next_check_at) == ("rejected", "not_created", None)
    told = set(session.scalars(select(OutboxMessage.topic)))
    assert "payments.payment_changed.v1" in told
    assert "payments.payment_declined.v1" not in told
