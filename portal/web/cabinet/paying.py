"""Paying without a consent: one invoice, a one-off price, or the next line of a contract ahead of its date."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date, business_now
from kernel.db import Session, repeating
from kernel.errors import NotFound
from payments.catalogue.buying import buy
from payments.charging.checkout import Checkout, PaymentUnderWay, prepare_checkout
from portal.web.cabinet.posted import posted_id
from portal.web.cabinet.queries.contracts import read_agreement, read_invoice
from portal.web.cabinet.queries.lines import read_due_lines
from portal.web.cabinet.starting import contract_invoice, explain_under_way, go_and_pay
from portal.web.cabinet.terms import line_to_pay
from portal.web.kit.forms import Posted
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router

router = Router()


@router.get("/invoices/{invoice_id}", name="cabinet.invoices.show")
def show_invoice(request: Request, customer: CurrentCustomer, db: ReadDb, invoice_id: UUID) -> Response:
    """What is asked for, until when, and the ways to pay it: the page that letters lead to."""
    invoice = read_invoice(db, invoice_id, customer.customer_ids)
    return render(request, "pages/cabinet/invoice.html", {"invoice": invoice, "today": business_date(clock.now())})


@router.get("/payments/new", name="cabinet.payments.new")
def offer_early_payment(request: Request, customer: CurrentCustomer, db: ReadDb, contract: UUID) -> Response:
    """Paying a contract's next line before its date; an open invoice goes first."""
    agreement = read_agreement(db, contract, customer.customer_ids)
    line = line_to_pay(read_due_lines(db, customer.customer_ids, now=clock.now(), contract_id=contract))
    if line.invoice_id:
        return go_to(request, f"/invoices/{line.invoice_id}")
    return render(request, "pages/cabinet/pay_early.html", {"agreement": agreement, "line": line})


@router.post("/payments", name="cabinet.payments.create")
def pay(request: Request, customer: CurrentCustomer, posted: Posted) -> Response:
    """Write the intent and lead to the gateway's page; the card is not saved."""

    def work(session: Session) -> Checkout:
        invoice_id, customer_id = _invoice(session, customer.customer_ids, posted)
        now = business_now(session)
        return prepare_checkout(session, invoice_id, customer_id=customer_id, consent_id=None, now=now)

    try:
        checkout = repeating(work)
    except PaymentUnderWay as clash:
        return explain_under_way(request, customer, clash)
    return go_and_pay(request, checkout)


def _invoice(session: Session, customer_ids: tuple[UUID, ...], posted: FormData) -> tuple[UUID, UUID]:
    """The invoice to pay and its customer, from the one of price, contract and invoice that the form names.

    Raises:
        NotFound: none of them, or not theirs.
    """
    now = business_now(session)
    if price_id := posted_id(posted, "price"):
        if not customer_ids:
            raise NotFound
        return buy(session, price_id, customer_id=customer_ids[0], now=now).id, customer_ids[0]
    if contract_id := posted_id(posted, "contract"):
        agreement = read_agreement(session, contract_id, customer_ids)
        return contract_invoice(session, contract_id, customer_ids, now=now).id, agreement.customer_id
    if invoice_id := posted_id(posted, "invoice"):
        return invoice_id, read_invoice(session, invoice_id, customer_ids).customer_id
    raise NotFound
