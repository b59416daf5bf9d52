"""Starting a payment: the intent in one transaction, the call outside of any, then the way to the gateway's page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from fastapi import Request
from sqlalchemy import ColumnElement, select, update
from starlette.responses import Response

from kernel.db import Session, read
from payments.autopay.consents import Evidence, is_withdrawn, record_consent
from payments.autopay.models import Consent
from payments.catalogue.buying import buy
from payments.charging.checkout import Checkout, PaymentUnderWay, prepare_checkout, send_checkout
from payments.charging.models import LIVE, Payment
from payments.contracts.models import Installment
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from portal.accounts.sessions import SignedIn
from portal.legal.wording import RECURRING
from portal.web.cabinet.queries.lines import read_due_lines
from portal.web.cabinet.queries.payment import payment_by_id
from portal.web.cabinet.terms import Terms, line_to_pay
from portal.web.kit.guards import visitor
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.turns import waiting


def agree_and_prepare(session: Session, terms: Terms, *, evidence: Evidence, now: datetime) -> Checkout:
    """Keep the consent with its exact words, and write the intent of the payment that will save the method.

    A second press of the button gets the payment of the first, with the consent that was given for it. One that was
    taken back between the two does not come alive again: the second press is a new consent, and the payment's.

    Raises:
        PaymentUnderWay: another kind of payment of this invoice is not finished.
    """
    if terms.price_id:
        invoice = buy(session, terms.price_id, customer_id=terms.customer_id, now=now)
    else:
        assert terms.contract_id
        invoice = contract_invoice(session, terms.contract_id, [terms.customer_id], now=now)
    consent_id = _consent(session, terms, invoice, evidence, now)
    return prepare_checkout(session, invoice.id, customer_id=terms.customer_id, consent_id=consent_id, now=now)


def contract_invoice(session: Session, contract_id: UUID, customer_ids: Sequence[UUID], *, now: datetime) -> Invoice:
    """The invoice that a payment for this contract pays: the oldest open one, else the next line's, issued early.

    Raises:
        Refused: nothing of this contract can be paid; also when it is not theirs.
    """
    line = line_to_pay(read_due_lines(session, customer_ids, now=now, contract_id=contract_id))
    installment_id = session.execute(
        select(Installment.id).where(Installment.contract_id == contract_id, Installment.number == line.number)
    ).scalar_one()
    return issue_now(session, installment_id, now=now)


def go_and_pay(request: Request, checkout: Checkout) -> Response:
    """Ask the gateway for its page and lead there; the return page takes over when no address is known yet."""
    with waiting():
        url = send_checkout(checkout.payment_id)
    return go_to(request, f"/payments/{checkout.return_token}/{'go' if url else 'return'}")


def explain_under_way(request: Request, customer: SignedIn, clash: PaymentUnderWay) -> Response:
    """409: another payment of the same invoice is not finished. What it is, and where to look at it."""
    with read() as session:
        payment = payment_by_id(session, clash.payment_id, customer.customer_ids)
    return render(request, "pages/cabinet/under_way.html", {"payment": payment}, status=409)


def evidence_of(request: Request, customer: SignedIn) -> Evidence:
    """Who acts, and from where."""
    who = visitor(request)
    return Evidence(customer.user_id, who.ip, who.user_agent)


def _consent(session: Session, terms: Terms, invoice: Invoice, evidence: Evidence, now: datetime) -> int:
    first = _consent_of_first_press(session, invoice.id)
    if first is not None and not is_withdrawn(session, session.get_one(Consent, first)):
        return first
    consent_id = _record(session, terms, invoice, evidence, now)
    if first is not None:
        session.execute(update(Payment).where(*_begun(invoice.id)).values(consent_id=consent_id))
    return consent_id


def _consent_of_first_press(session: Session, invoice_id: UUID) -> int | None:
    # The lock makes two presses at once take turns: the second must see what the first wrote.
    session.execute(select(Invoice.id).where(Invoice.id == invoice_id).with_for_update())
    return session.execute(select(Payment.consent_id).where(*_begun(invoice_id))).scalar_one_or_none()


def _begun(invoice_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Payment.invoice_id == invoice_id, Payment.status.in_(LIVE), Payment.initiator == "customer"


def _record(session: Session, terms: Terms, invoice: Invoice, evidence: Evidence, now: datetime) -> int:
    return record_consent(
        session,
        customer_id=terms.customer_id,
        contract_id=invoice.contract_id,
        kind=RECURRING,
        action="given",
        wording=terms.wording,
        evidence=evidence,
        now=now,
        max_kopecks=terms.kopecks,
    ).id
