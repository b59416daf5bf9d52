"""Taking an invoice back: an employee voids what should not be asked for, and its contract goes on or is over."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.ending import end_contract
from payments.autopay.models import Autopay
from payments.catalogue.models import RECURRING
from payments.charging.models import LIVE, Payment
from payments.contracts.models import ON_PAYMENT, Contract, PaymentPlan
from payments.contracts.planning import plan_following
from payments.invoicing.models import Invoice
from payments.invoicing.voiding import void_invoices

_log = log.get(__name__)


def void_invoice(session: Session, invoice_id: UUID, *, by: UUID, now: datetime) -> bool:
    """Void an open invoice; `by` is the employee. Says whether there was a need to.

    A line of a running plan is skipped: the contract goes on with the next, counted from the anchor. A contract that
    was for this invoice alone ends with it, as does a purchase that was never paid.

    Raises:
        NotFound: no such invoice.
        Refused: it is paid or written off, money for it has come, or a payment of it is under way.
    """
    found = session.execute(
        select(Invoice.contract_id, Contract.status, PaymentPlan.kind)
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .where(Invoice.id == invoice_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    # Shared, as permits do: whoever stops or suspends this autopay goes first.
    session.execute(select(Autopay.id).where(Autopay.contract_id == found.contract_id).with_for_update(read=True)).all()
    goes_on = found.kind == RECURRING and found.status != "draft"
    source = f"staff:{by}"
    voided = void_invoices(session, [invoice_id], line_status="skipped" if goes_on else "void", source=source, now=now)
    if not voided:
        return _explain(session, invoice_id)
    if goes_on:
        plan_following(session, [voided[0].installment_id], advance=ON_PAYMENT)
    else:
        end_contract(session, found.contract_id, now=now, source=source)
    _log.warning("invoice.voided", invoice_id=str(invoice_id), user_id=str(by))
    return True


def _explain(session: Session, invoice_id: UUID) -> bool:
    invoice = session.get_one(Invoice, invoice_id, populate_existing=True)
    if invoice.status == "void":  # the other press of the button was faster
        return False
    if invoice.status != "open":
        raise Refused("Аннулировать можно только счёт, который ждёт оплаты")
    live = select(Payment.id).where(Payment.invoice_id == invoice_id, Payment.status.in_(LIVE))
    if session.execute(live).first():
        raise Refused("По этому счёту идёт платёж: дождитесь его исхода")
    raise Refused("По этому счёту уже пришли деньги: аннулировать его нельзя")
