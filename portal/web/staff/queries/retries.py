"""Whether a declined charge is tried again. What the decline planned may be overtaken: the answer is of this moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, exists, func, select
from sqlalchemy.orm import aliased

from payments.autopay.models import Autopay, Notice
from payments.charging.models import CANCELED, LIVE, RUNNING, Payment
from payments.contracts.models import Contract, Installment
from payments.invoicing.models import Invoice

# The retry happened, or will at its instant; every other state says why there will be none, or none as yet.
TIMED = ("made", "due")

_newer, _live = aliased(Payment), aliased(Payment)
_planned = and_(Payment.status == CANCELED, Payment.next_attempt_at.is_not(None))
_later = and_(_newer.invoice_id == Payment.invoice_id, _newer.number > Payment.number, _newer.initiator == "schedule")


def retry_state() -> ScalarSelect[str | None]:
    """Over Payment: None where no retry was ever planned, else one of `TIMED` or the reason against it."""
    made = exists().where(_later).correlate(Payment)
    other = exists().where(_live.invoice_id == Invoice.id, _live.status.in_(LIVE)).correlate(Invoice)
    state = case(
        (made, "made"),
        (Installment.status == "skipped", "skipped"),
        (Invoice.status != "open", Invoice.status),
        (Contract.status == "ended", "ended"),
        (Contract.status != "active", "contract"),
        (Autopay.status != "active", Autopay.status),
        (other, "other"),
        (~RUNNING, "stopped"),
        (and_(Installment.charge_at.is_(None), _unheard()), "unheard"),
        (Installment.charge_at.is_(None), "none"),
        else_="due",
    )
    return _of_payment(state)


def retry_at() -> ScalarSelect[datetime | None]:
    """Over Payment: when the retry was made or is due, whatever stands against it; None where none was planned."""
    made_at = select(func.min(_newer.created_at)).where(_later).correlate(Payment).scalar_subquery()
    return _of_payment(func.coalesce(made_at, Installment.charge_at))


def _of_payment(what: ColumnElement[Any]) -> ScalarSelect[Any]:
    return (
        select(what)
        .select_from(Invoice)
        .join(Installment, Installment.id == Invoice.installment_id)
        .join(Contract, Contract.id == Invoice.contract_id)
        .join(Autopay, Autopay.contract_id == Invoice.contract_id)
        .where(Invoice.id == Payment.invoice_id, _planned)
        .correlate(Payment)
        .scalar_subquery()
    )


def _unheard() -> ColumnElement[bool]:
    return exists().where(Notice.installment_id == Installment.id, Notice.sent_at.is_(None)).correlate(Installment)
