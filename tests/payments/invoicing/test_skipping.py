"""An employee lets a customer off a late charge: nothing is charged for it, and the contract goes on."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.errors import NotFound, Refused
from kernel.outbox import OutboxMessage
from payments.autopay.consents import Evidence
from payments.autopay.models import Autopay, Notice
from payments.autopay.notices import mark_notice_sent
from payments.autopay.stopping import withdraw
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from payments.contracts.models import BY_CALENDAR, ON_PAYMENT, Installment
from payments.history.models import StatusHistory
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from payments.invoicing.skipping import skip_installment
from payments.ledger.models import LedgerEntry
from tests.portal.web.staff.played import agreement, answer, at_noon, customer_of, pay_first, play
from tests.support.business import Agreement, open_company

pytestmark = pytest.mark.committed

BOSS = uuid4()


@pytest.fixture
def company(committed: str) -> None:
    with begin() as session:
        open_company(session)


def late(advance: str = ON_PAYMENT) -> tuple[Agreement, UUID]:
    """A monthly contract from 31 January whose February line is late and waits for its letter; the line's id."""
    at_noon(date(2027, 1, 31))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна"), advance=advance)
        pay_first(session, it)
    at_noon(date(2027, 3, 5))
    with begin() as session:
        issue_due(session, now=business_now(session))
    with read() as session:
        return it, session.scalars(select(Installment.id).where(Installment.number == 2)).one()


def skip(line_id: UUID) -> bool:
    with begin() as session:
        return skip_installment(session, line_id, by=BOSS, now=business_now(session))


def lines_of(it: Agreement) -> list[tuple[str, date]]:
    with read() as session:
        found = select(Installment).where(Installment.contract_id == it.contract_id).order_by(Installment.number)
        return [(line.status, line.due_on) for line in session.scalars(found)]


def test_a_skipped_line_is_void_in_the_books_and_said_by_whom(company: None) -> None:
    _, line_id = late()

    assert skip(line_id)

    with read() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.installment_id == line_id)).one()
        assert invoice.status == "void"
        owed = select(func.sum(LedgerEntry.kopecks)).where(LedgerEntry.account == "receivable")
        earned = select(-func.sum(LedgerEntry.kopecks)).where(LedgerEntry.account == "revenue")
        assert session.execute(owed).scalar_one() == 0
        assert session.execute(earned).scalar_one() == 300_000, "January alone"
        rows = session.scalars(select(StatusHistory).where(StatusHistory.object_id.in_((line_id, invoice.id)))).all()
        told = {(row.object_kind, row.old, row.new, row.source) for row in rows}
        assert told == {
            ("invoice", "open", "void", f"staff:{BOSS}"),
            ("installment", "invoiced", "skipped", f"staff:{BOSS}"),
        }
        topics = session.scalars(select(OutboxMessage.topic)).all()
        assert topics.count("payments.invoice_voided.v1") == 1


def test_a_contract_that_goes_on_after_payment_gets_its_next_period_from_the_anchor(company: None) -> None:
    it, line_id = late()

    skip(line_id)

    assert lines_of(it) == [
        ("paid", date(2027, 1, 31)),
        ("skipped", date(2027, 2, 28)),
        ("planned", date(2027, 3, 31)),
    ]
    play(date(2027, 4, 1))
    assert lines_of(it)[2] == ("paid", date(2027, 3, 31))


def test_a_contract_of_the_calendar_has_its_next_period_already(company: None) -> None:
    it, line_id = late(BY_CALENDAR)

    skip(line_id)

    assert [status for status, _ in lines_of(it)] == ["paid", "skipped", "planned"]


def test_pressed_twice_it_is_skipped_once(company: None) -> None:
    it, line_id = late()

    assert [skip(line_id), skip(line_id)] == [True, False]

    assert [status for status, _ in lines_of(it)] == ["paid", "skipped", "planned"]
    with read() as session:
        entries = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.contract_id == it.contract_id)
        assert session.execute(entries).scalar_one() == 2 + 4 + 2 + 2, "two invoices, a payment, one reversal"


def test_a_payment_that_is_not_final_forbids_it(company: None) -> None:
    it, line_id = late()
    with begin() as session:
        for notice_id in session.scalars(select(Notice.id)).all():
            mark_notice_sent(session, notice_id, now=business_now(session))
    at_noon(date(2027, 3, 9))
    with begin() as session:
        create_due_payments(session, now=business_now(session))

    with pytest.raises(Refused):
        skip(line_id)

    assert lines_of(it)[1] == ("invoiced", date(2027, 2, 28))
    with begin() as session:
        payment = session.scalars(select(Payment).where(Payment.initiator == "schedule")).one()
        answer(session, [(payment, "3d_secure_failed")])
    assert skip(line_id)


def test_only_what_is_late_and_charged_by_itself_can_be_skipped(company: None) -> None:
    it, line_id = late()
    at_noon(date(2027, 2, 28))
    with pytest.raises(Refused):
        skip(line_id)
    at_noon(date(2027, 3, 5))
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    with pytest.raises(Refused):
        skip(line_id)
    with pytest.raises(NotFound):
        skip(uuid4())
    with read() as session:
        assert session.scalars(select(Autopay.status)).one() == "withdrawn"
