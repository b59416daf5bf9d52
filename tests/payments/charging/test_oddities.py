"""Money that came otherwise than it was asked for is marked, until an employee has seen to it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import Session
from kernel.errors import NotFound
from kernel.ids import uuid7
from payments.charging.applying import apply
from payments.charging.models import Payment
from payments.charging.oddities import review_oddity
from payments.history.models import StatusHistory
from tests.support.gateway_objects import says
from tests.support.standing import begin_first_payment

EMPLOYEE = uuid7()


@pytest.fixture
def payment(session: Session) -> Payment:
    return begin_first_payment(session)[1]


def _apply(session: Session, payment: Payment, status: str, **changes: object) -> str | None:
    apply(session, [says(session, payment, status, **changes)], source="webhook", now=business_now(session))
    session.flush()
    session.refresh(payment)
    return payment.oddity


def test_a_payment_as_it_should_be_is_not_marked(session: Session, payment: Payment) -> None:
    for status in ("pending", "succeeded", "succeeded", "pending"):
        assert _apply(session, payment, status) is None


@pytest.mark.parametrize(
    ("statuses", "changes", "oddity"),
    [
        (["succeeded"], {"kopecks": 299_900}, "other_amount"),
        (["succeeded"], {"kopecks": 300_100}, "surplus"),
        (["waiting_for_capture"], {}, "not_captured"),
        (["succeeded", "canceled"], {}, "contradicted"),
        (["succeeded"], {"account_id": "999"}, "quarantined"),
        (["succeeded"], {"test": False}, "quarantined"),
    ],
)
def test_what_came_otherwise_is_marked(
    session: Session, payment: Payment, statuses: list[str], changes: dict[str, object], oddity: str
) -> None:
    assert [_apply(session, payment, status, **changes) for status in statuses][-1] == oddity


def test_a_second_success_of_one_invoice_is_marked_and_the_first_is_not(session: Session, payment: Payment) -> None:
    _apply(session, payment, "succeeded")
    assert _apply(session, payment, "succeeded", gateway_id="gw-twin") is None

    twin = session.scalars(select(Payment).where(Payment.gateway_id == "gw-twin")).one()
    assert twin.oddity == "surplus"


@pytest.mark.parametrize("first", [("waiting_for_capture", {}), ("succeeded", {"account_id": "999"})], ids=str)
def test_what_turns_out_well_is_marked_no_more(
    session: Session, payment: Payment, first: tuple[str, dict[str, object]]
) -> None:
    assert _apply(session, payment, first[0], **first[1]) is not None
    assert _apply(session, payment, "succeeded") is None


def test_whoever_saw_to_it_is_remembered_and_nobody_can_do_so_twice(session: Session, payment: Payment) -> None:
    _apply(session, payment, "succeeded", kopecks=300_100)

    assert review_oddity(session, payment.id, by=EMPLOYEE) == "surplus"
    assert review_oddity(session, payment.id, by=EMPLOYEE) is None

    session.refresh(payment)
    assert payment.oddity is None
    noted = select(StatusHistory.old, StatusHistory.new, StatusHistory.source)
    rows = session.execute(noted.where(StatusHistory.object_kind == "payment_oddity")).all()
    assert [tuple(row) for row in rows] == [("surplus", "reviewed", f"staff:{EMPLOYEE}")]


def test_a_payment_that_there_is_not_cannot_be_seen_to(session: Session) -> None:
    with pytest.raises(NotFound):
        review_oddity(session, uuid7(), by=EMPLOYEE)
