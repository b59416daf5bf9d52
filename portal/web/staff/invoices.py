"""The invoices: the list with its filters and totals, and the card of one."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date
from payments.invoicing.links import find_pay_link
from portal.notifications.kinds import kind_words
from portal.notifications.reasons import reason_for_staff
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.paging import page_of, page_size
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router
from portal.web.staff.addresses import list_url
from portal.web.staff.cursors import after_id
from portal.web.staff.invoices_filter import LIST, InvoicesForm, invoice_chips
from portal.web.staff.payments_filter import read_customer_id
from portal.web.staff.queries import invoice_card
from portal.web.staff.queries.customers import find_customer
from portal.web.staff.queries.invoices import VIEWS, InvoiceFilter, Total, list_invoices, total_invoices
from portal.web.staff.queries.pause import pause_over
from portal.web.staff.queries.payment_card import attempts_of
from portal.web.staff.roles import ISSUES_INVOICES, VOIDS_INVOICES, may
from portal.web.staff.words import INITIATORS, method_name, source_name

router = Router()


@router.get(LIST, name="staff.invoices.list")
def list_all(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """Invoices, newest first. A condition that makes no sense is a 422 with the reason and no rows."""
    query = request.query_params
    view = next((view for view in VIEWS if view == query.get("view")), "")
    form, customer_id = InvoicesForm(query), read_customer_id(query)
    good = form.validate()
    wanted = form.wanted(view=view, customer_id=customer_id) if good else InvoiceFilter(view=view)
    customer = find_customer(db, customer_id) if customer_id else None
    kept = {**form.typed(), "view": view, "customer": str(customer_id or "")}
    size, today, after = page_size(query.get("size")), business_date(clock.now()), after_id(request)
    found = list_invoices(db, wanted, today=today, after=after, limit=size + 1) if good else []
    context = {
        "form": form,
        "view": view,
        "views": [("", _("Все"), LIST), *((key, name, f"{LIST}?view={key}") for key, name in _view_names().items())],
        "page": page_of(found, size=size, key=lambda row: (str(row.id),), after=("",) if after else None),
        "total": total_invoices(db, wanted, today=today) if good else Total(0, 0, 0, more=False),
        "chips": invoice_chips(wanted, kept, customer.name if customer else ""),
        "customer": customer,
        "is_on": wanted != InvoiceFilter(view=view),
        "url": list_url(LIST, kept),
        "today": today,
        "may_issue": may(staff, ISSUES_INVOICES),
    }
    return render(request, "pages/staff/invoices.html", context, status=200 if good else 422, fragment="rows")


@router.get(LIST + "/{invoice_id}", name="staff.invoices.show")
def show(request: Request, invoice_id: UUID, staff: CurrentStaff, db: ReadDb) -> Response:
    """Everything about one invoice."""
    invoice = invoice_card.read_invoice(db, invoice_id)
    live = invoice_card.live_payment_of(db, invoice_id)
    context = {
        "invoice": invoice,
        "live": live,
        "pause": pause_over(db, live.id) if live else None,
        "attempts": attempts_of(db, invoice_id),
        "letters": invoice_card.letters_about(db, invoice),
        "changes": invoice_card.changes_of(db, invoice_id),
        "link": find_pay_link(db, invoice_id),
        "today": business_date(clock.now()),
        "may_issue": may(staff, ISSUES_INVOICES),
        "may_void": may(staff, VOIDS_INVOICES),
        "initiators": INITIATORS,
        "kind_words": kind_words,
        "method_name": method_name,
        "reason_for_staff": reason_for_staff,
        "source_name": source_name,
    }
    return render(request, "pages/staff/invoice.html", context)


def _view_names() -> dict[str, str]:
    return {"open": _("Ждут оплаты"), "overdue": _("Просрочены")}
