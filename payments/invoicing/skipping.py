"""Skipping a late charge: an employee lets the customer off one due line, and its contract goes on to the next."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.clock import business_date
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.autopay.models import Autopay
from payments.contracts.models import ON_PAYMENT, Installment
from payments.contracts.planning import plan_following
from payments.invoicing.models import Invoice
from payments.invoicing.voiding import void_invoices

_log = log.get(__name__)


def skip_installment(session: Session, installment_id: UUID, *, by: UUID, now: datetime) -> bool:
    """Skip a late line: its invoice becomes void, nothing is charged for its period. Says whether there was a need to.

    `by` is the employee. A contract that advances on payment gets its next line, counted from the anchor as ever;
    one that advances by the calendar has it already.

    Raises:
        NotFound: no such line.
        Refused: its day has not passed, nothing is charged for it by itself, or money for it is coming or has come.
    """
    line = session.get(Installment, installment_id, populate_existing=True)
    if line is None:
        raise NotFound
    if line.status == "skipped":
        return False
    if line.status != "invoiced" or line.due_on >= business_date(now):
        raise Refused("Пропустить можно только списание, которое опоздало")
    # Shared, as permits do: a customer who is just now switching the autopay off goes first.
    autopay = session.scalars(
        select(Autopay)
        .where(Autopay.contract_id == line.contract_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if autopay is None or autopay.status != "active":
        raise Refused("Автоплатёж отключён: счёт ждёт оплаты вручную, пропускать нечего")
    invoice_id = session.scalars(select(Invoice.id).where(Invoice.installment_id == installment_id)).one()
    if not void_invoices(session, [invoice_id], line_status="skipped", source=f"staff:{by}", now=now):
        return _explain(session, line)
    plan_following(session, [installment_id], advance=ON_PAYMENT)
    _log.warning("installment.skipped", installment_id=str(installment_id), user_id=str(by))
    return True


def _explain(session: Session, line: Installment) -> bool:
    session.refresh(line)
    if line.status == "skipped":  # the other press of the button was faster
        return False
    raise Refused("По этому счёту идёт платёж или деньги уже пришли: дождитесь исхода")
