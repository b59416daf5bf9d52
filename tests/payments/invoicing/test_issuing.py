"""The invoice of one line: issued when there is none, and locked in the order of all others when there is."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin
from kernel.errors import NotFound
from payments.contracts.models import Installment
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from tests.support.blocking import meanwhile
from tests.support.business import Agreement, make_agreement

pytestmark = pytest.mark.committed


def _issue(it: Agreement) -> tuple[str, str]:
    with begin() as session:
        invoice = issue_now(session, it.line_id, now=business_now(session))
        return invoice.number, invoice.status


def test_two_presses_at_once_get_one_invoice(committed: str) -> None:
    with begin() as session:
        it = make_agreement(session)
    with begin() as session:
        first = issue_now(session, it.line_id, now=business_now(session))
        with meanwhile(lambda: _issue(it)) as pressing:
            session.commit()
            assert pressing.result(20) == (first.number, "open")


def test_who_books_a_payment_of_the_invoice_is_not_caught_in_a_deadlock(committed: str) -> None:
    with begin() as session:
        it = make_agreement(session)
        invoice_id = issue_now(session, it.line_id, now=business_now(session)).id
    with begin() as session:
        invoice = session.get_one(Invoice, invoice_id, with_for_update=True)
        with meanwhile(lambda: _issue(it)) as pressing:
            line = session.scalars(
                select(Installment).where(Installment.id == it.line_id).with_for_update(nowait=True)
            ).one()
            invoice.status, line.status = "paid", "paid"
            session.commit()
            assert pressing.result(20)[1] == "paid"


@pytest.mark.parametrize("status", ["void", "skipped"])
def test_a_line_that_is_over_gets_no_invoice(committed: str, status: str) -> None:
    with begin() as session:
        it = make_agreement(session)
        session.get_one(Installment, it.line_id).status = status
    with begin() as session:
        for line_id in (it.line_id, uuid4()):
            with pytest.raises(NotFound):
                issue_now(session, line_id, now=business_now(session))
        assert session.scalars(select(Invoice.id)).all() == []
