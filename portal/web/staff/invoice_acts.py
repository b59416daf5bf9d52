"""What is done to one invoice at the desk: sent by letter, voided, linked to."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date, business_now
from kernel.db import Session, repeating
from kernel.errors import NotFound, Refused
from payments.invoicing.links import find_pay_link, make_pay_link, replace_pay_link
from payments.invoicing.models import Invoice
from payments.invoicing.taking_back import void_invoice
from portal.accounts.sessions import SignedIn
from portal.audit.recording import changed, record_act
from portal.notifications.asking import ask_again
from portal.notifications.calling_off import was_asked_for
from portal.web.kit.forms import Posted
from portal.web.kit.i18n import gettext
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.kit.words import Tone
from portal.web.staff.invoices_filter import LIST
from portal.web.staff.queries import invoice_card
from portal.web.staff.queries.standing import next_line
from portal.web.staff.roles import InvoiceIssuer, InvoiceVoider

router = Router()
PAGE = LIST + "/{invoice_id}"


@router.post(PAGE + "/letters", name="staff.invoices.send")
def send(request: Request, invoice_id: UUID, staff: InvoiceIssuer, db: Db) -> Response:
    """Send its letter, with the link to pay by. Pressed twice, one letter leaves."""
    said, tone = send_invoice(request, db, staff, invoice_id)
    return go_to(request, page_of(invoice_id), say=said, tone=tone)


def send_invoice(request: Request, db: Session, staff: SignedIn, invoice_id: UUID) -> tuple[str, Tone]:
    """Write the letter and record who had it written; what to say of it.

    Raises:
        NotFound: no such invoice.
    """
    try:
        message_id = ask_again(db, invoice_id, now=business_now(db))
    except Refused as error:
        return str(error), "warn"
    if message_id is None:
        return _("Письмо с этим счётом уже отправляется или только что ушло"), "warn"
    number = db.get_one(Invoice, invoice_id).number
    record_act(db, staff, "invoice.sent", "invoice", invoice_id, request=request, details={"number": number})
    return _("Счёт уходит письмом со ссылкой на оплату"), "ok"


@router.get(PAGE + "/void", name="staff.invoices.ask_void")
def ask_void(request: Request, invoice_id: UUID, _staff: InvoiceVoider, db: ReadDb) -> Response:
    """What voiding it means, and the button."""
    invoice = invoice_card.read_invoice(db, invoice_id)
    if invoice.status != "open":
        return go_to(request, page_of(invoice_id), say=_("Этот счёт уже закрыт"), tone="warn")
    context = {
        "invoice": invoice,
        "live": invoice_card.live_payment_of(db, invoice_id),
        "told": was_asked_for(db, invoice_id),
        "next": next_line(db, invoice.contract_id, today=business_date(clock.now())),
    }
    return render(request, "pages/staff/invoice_void.html", context)


@router.post(PAGE + "/void", name="staff.invoices.void")
def void(request: Request, invoice_id: UUID, staff: InvoiceVoider) -> Response:
    """Void it. Pressed twice, it is voided once."""

    def work(session: Session) -> bool:
        done = void_invoice(session, invoice_id, by=staff.user_id, now=business_now(session))
        if done:
            number = session.get_one(Invoice, invoice_id).number
            details = {"number": number, "status": changed("open", "void")}
            record_act(session, staff, "invoice.voided", "invoice", invoice_id, request=request, details=details)
        return done

    try:
        done = repeating(work)
    except Refused as error:
        return go_to(request, page_of(invoice_id), say=gettext(str(error)), tone="warn")
    return go_to(request, page_of(invoice_id), say=_("Счёт аннулирован") if done else _("Счёт уже аннулирован"))


@router.post(PAGE + "/link", name="staff.invoices.link")
def link(request: Request, invoice_id: UUID, staff: InvoiceIssuer, posted: Posted, db: Db) -> Response:
    """Make the link that it has not yet, or replace the one that the page showed: another may be in a letter by now.

    Raises:
        NotFound: no such invoice.
    """
    invoice = db.get(Invoice, invoice_id, with_for_update={"key_share": True})
    if invoice is None:
        raise NotFound
    present = find_pay_link(db, invoice_id)
    if present is None:
        make_pay_link(db, invoice_id)
        act, said = "invoice.link_made", _("Ссылка на оплату готова")
    elif present == posted.get("link"):
        replace_pay_link(db, invoice_id, now=business_now(db))
        act, said = "invoice.link_replaced", _("Ссылка заменена, прежняя больше не работает")
    else:
        said = _("Пока страница была открыта, у счёта появилась другая ссылка: она здесь")
        return go_to(request, page_of(invoice_id), say=said, tone="warn")
    record_act(db, staff, act, "invoice", invoice_id, request=request, details={"number": invoice.number})
    return go_to(request, page_of(invoice_id), say=said)


def page_of(invoice_id: UUID) -> str:
    """The card's address."""
    return PAGE.format(invoice_id=invoice_id)
