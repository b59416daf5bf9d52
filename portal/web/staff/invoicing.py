"""An invoice for once: choose the customer, say what for and how much, issue it."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.db import ReadSession, Session
from kernel.errors import NotFound
from payments.invoicing.one_off import issue_one_off
from portal.audit.recording import record_act
from portal.web.kit.forms import Posted
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.invoice_form import InvoiceForm
from portal.web.staff.invoices_filter import LIST
from portal.web.staff.opening import chosen_customer, opened_before, shop_to_bill
from portal.web.staff.queries.customers import Suggestion, suggest_customers
from portal.web.staff.queries.invoice_card import contracts_to_bill
from portal.web.staff.queries.search import searchable
from portal.web.staff.roles import InvoiceIssuer

router = Router()
_NEW = LIST + "/new"


@router.get(_NEW, name="staff.invoices.new")
def show_new(
    request: Request, _staff: InvoiceIssuer, db: ReadDb, customer: str = "", q: str = "", contract: str = ""
) -> Response:
    """First the choice of a customer, found while typing; then the form. Both steps are plain addresses."""
    chosen = chosen_customer(db, customer)
    if chosen:
        return _page(request, db, InvoiceForm(data={"contract": contract}), chosen)
    typed = searchable(q)
    context = {"q": typed, "found": suggest_customers(db, typed)}
    return render(request, "pages/staff/invoice_customer.html", context, fragment="found")


@router.post(LIST, name="staff.invoices.create")
def create(request: Request, posted: Posted, staff: InvoiceIssuer, db: Db) -> Response:
    """Issue it, or say what is wrong and keep what was typed. Pressed twice, it is one invoice.

    Raises:
        NotFound: no such customer.
    """
    chosen = chosen_customer(db, str(posted.get("customer", "")))
    if chosen is None:
        raise NotFound
    form, now = InvoiceForm(posted), clock.business_now(db)
    form.offer(contracts_to_bill(db, chosen.id))
    if not form.check(now=now):
        return _page(request, db, form, chosen, status=422)
    wanted = form.wanted(chosen.id)
    again = opened_before(db, chosen.id, wanted.key) is not None
    invoice = issue_one_off(db, wanted, shop=shop_to_bill(db), by=staff.user_id, now=now)
    if again:
        said = _("Счёт № %(number)s уже выставлен") % {"number": invoice.number}
        return go_to(request, f"{LIST}/{invoice.id}", say=said, tone="warn")
    details = {"number": invoice.number, "kopecks": invoice.kopecks, "due_on": invoice.due_on, "told": wanted.told}
    record_act(db, staff, "invoice.issued", "invoice", invoice.id, request=request, details=details)
    said = _said(invoice.number, chosen, told=wanted.told)
    return go_to(request, f"{LIST}/{invoice.id}", say=said)


def _said(number: str, customer: Suggestion, *, told: bool) -> str:
    if told and customer.email:
        return _("Счёт № %(number)s выставлен и уходит письмом") % {"number": number}
    return _("Счёт № %(number)s выставлен. Передайте клиенту ссылку на оплату") % {"number": number}


def _page(
    request: Request, db: ReadSession | Session, form: InvoiceForm, customer: Suggestion, *, status: int = 200
) -> Response:
    contracts = contracts_to_bill(db, customer.id)
    form.offer(contracts)
    context = {"form": form, "customer": customer, "contracts": contracts}
    return render(request, "pages/staff/invoice_new.html", context, status=status)
