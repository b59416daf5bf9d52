"""What a call brought is written down, and no more than it proves."""

from __future__ import annotations

import pytest
from sqlalchemy import func, text

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.applying import apply
from payments.charging.models import LOOK, SEND, Payment
from payments.charging.permits import permit_scheduled
from payments.charging.recording import Outcome, record
from payments.gateway.port import GatewayError, GatewayPayment, NoSuchPayment, OutcomeUnknown, Rejected
from tests.support.gateway_objects import says
from tests.support.standing import Standing, make_standing


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
