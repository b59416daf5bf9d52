"""The letter that asks for an invoice to be paid: written when it is issued, and again at an employee's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.own_shop import is_card_elsewhere
from payments.charging.models import LIVE, UNSENT, Payment
from payments.invoicing.links import make_pay_link
from payments.invoicing.models import Invoice
from portal.notifications import reading
from portal.notifications.letters import queue_letter
from portal.notifications.models import Message
from portal.web.kit.i18n import gettext as _

KIND = "invoice_issued"
_ON_ITS_WAY = ("queued", "sending", "uncertain")
_PAUSE = timedelta(minutes=1)


def ask_to_pay(session: Session, invoice_id: UUID, *, repeat: int = 0) -> UUID | None:
    """Write the letter with the link to pay by; the `repeat`-th one after the first.

    Returns the message's id; None when it is written already, or when nothing is to be paid any more.
    """
    invoice = reading.open_invoice(session, invoice_id)
    if invoice is None:
        return None
    invoice = replace(invoice, card_elsewhere=is_card_elsewhere(session, invoice.agreement.contract_id))
    # What is left of a partly paid invoice is asked for once more, though the whole of it was asked for before.
    what = f"{invoice_id}:{invoice.kopecks}" if invoice.paid_kopecks else f"{invoice_id}"
    return queue_letter(
        session,
        KIND,
        invoice.agreement.email,
        {"invoice": invoice, "pay_url": make_pay_link(session, invoice_id)},
        dedupe_key=f"{KIND}:{what}:{repeat}" if repeat else f"{KIND}:{what}",
        customer_id=invoice.agreement.customer_id,
        invoice_id=invoice_id,
    )


def ask_again(session: Session, invoice_id: UUID, *, now: datetime) -> UUID | None:
    """Send the letter now, at an employee's word. None when one is on its way, or left less than a minute ago.

    Raises:
        NotFound: no such invoice.
        Refused: it is closed, being paid, or its customer has no address.
    """
    # Two presses of the button take turns: the second finds the letter of the first.
    invoice = session.get(Invoice, invoice_id, with_for_update={"key_share": True}, populate_existing=True)
    if invoice is None:
        raise NotFound
    if invoice.status != "open":
        raise Refused(_("Счёт уже оплачен или закрыт: просить об оплате не о чем"))
    if _is_being_paid(session, invoice_id):
        raise Refused(_("По этому счёту уже идёт платёж: дождитесь его исхода"))
    mine = (Message.invoice_id == invoice_id, Message.kind == KIND, Message.customer_id == invoice.customer_id)
    fresh = or_(Message.status.in_(_ON_ITS_WAY), Message.created_at > now - _PAUSE)
    if session.execute(select(Message.id).where(*mine, fresh, Message.recipient != "")).first():
        return None
    written = session.execute(select(func.count()).where(*mine)).scalar_one()
    found = reading.open_invoice(session, invoice_id)
    if found is None or not found.agreement.email:
        raise Refused(_("У клиента нет почты. Скопируйте ссылку и передайте её сами"))
    return ask_to_pay(session, invoice_id, repeat=written)


def _is_being_paid(session: Session, invoice_id: UUID) -> bool:
    live = select(Payment.id).where(Payment.invoice_id == invoice_id, Payment.status.in_(LIVE), ~UNSENT)
    return session.execute(live).first() is not None
