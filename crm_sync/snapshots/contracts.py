"""Contracts as deals: the one fixed map of stages, and what a manager wants to see on the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, exists, func, select

from crm_sync.port import DEAL, Wanted
from crm_sync.snapshots.customers import kind_of
from crm_sync.snapshots.identity import desk_url, external_id, installation_id
from kernel.clock import business_date, business_now
from kernel.db import ReadSession
from payments.autopay.models import Autopay, PaymentMethod
from payments.charging.models import LEFT_TO_PAY, SUCCEEDED, Payment
from payments.contracts.models import Contract, Installment, PaymentPlan
from payments.customers.models import Customer
from payments.invoicing.models import Invoice

# The stages that a deal of ours can be in; what each is called in the CRM is the adapter's.
NEW = "new"
WAITING = "waiting"
PAID = "paid"
OVERDUE = "overdue"
WON = "won"
LOST = "lost"
_AUTOPAY_WORDS = {
    "active": "Включён",
    "paused": "Приостановлен",
    "suspended": "Остановлен: карта не работает",
    "withdrawn": "Отключён клиентом",
    "ended": "Завершён",
}


@dataclass(frozen=True, slots=True)
class _Debt:
    kopecks: int
    oldest: date | None


def read_contracts(session: ReadSession, ids: Sequence[UUID]) -> list[Wanted]:
    """These contracts as the CRM's deals, with the debt of this moment."""
    us, today = installation_id(session), business_date(business_now(session))
    debts = _debts(session, ids)
    return [_deal(us, row, debts.get(row.Contract.id, _Debt(0, None)), today) for row in session.execute(_rows(ids))]


def _rows(ids: Sequence[UUID]) -> Any:
    next_on = (
        select(func.min(Installment.due_on))
        .where(Installment.contract_id == Contract.id, Installment.status.in_(("planned", "invoiced")))
        .scalar_subquery()
    )
    was_paid = exists().where(and_(Payment.contract_id == Contract.id, Payment.status == SUCCEEDED))
    return (
        select(
            Contract,
            Customer,
            PaymentPlan.kopecks,
            PaymentPlan.anchor_on,
            Autopay.status.label("autopay"),
            PaymentMethod.last4,
            next_on.label("next_on"),
            was_paid.label("was_paid"),
        )
        .join(Customer, Customer.id == Contract.customer_id)
        .join(PaymentPlan, PaymentPlan.contract_id == Contract.id)
        .outerjoin(Autopay, Autopay.contract_id == Contract.id)
        .outerjoin(PaymentMethod, and_(PaymentMethod.id == Autopay.method_id, PaymentMethod.unlinked_at.is_(None)))
        .where(Contract.id.in_(ids))
    )


def _debts(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, _Debt]:
    rows = session.execute(
        select(Invoice.contract_id, func.sum(LEFT_TO_PAY), func.min(Invoice.due_on))
        .where(Invoice.contract_id.in_(ids), Invoice.status == "open")
        .group_by(Invoice.contract_id)
    )
    return {contract_id: _Debt(int(kopecks), oldest) for contract_id, kopecks, oldest in rows}


def _deal(us: str, row: Row[Any], debt: _Debt, today: date) -> Wanted:
    contract, customer = row.Contract, row.Customer
    stage = stage_of(contract.status, debt.oldest, today, was_paid=row.was_paid)
    owner = kind_of(customer)
    return Wanted(
        DEAL,
        contract.id,
        customer.id,
        external_id(us, contract.id),
        {
            "title": f"{contract.title} № {contract.number}",
            "kopecks": row.kopecks,
            "stage": stage,
            "begins_on": row.anchor_on.isoformat(),
            "contract": contract.number,
            "next_on": row.next_on.isoformat() if row.next_on and stage not in (WON, LOST) else None,
            "debt_kopecks": debt.kopecks,
            "autopay": _autopay(row.autopay, row.last4),
            "url": desk_url("contracts", contract.id),
        },
        {owner: (owner, customer.id)},
        # The day after it fell due the debt is overdue, whatever happens or does not.
        stale_on=debt.oldest.isoformat() if stage == WAITING and debt.oldest else None,
    )


def stage_of(status: str, oldest_due: date | None, today: date, *, was_paid: bool) -> str:
    """The stage of a contract's deal. `oldest_due` is the due date of its oldest open invoice."""
    if status == "draft":
        return NEW
    if oldest_due is not None and oldest_due < today:
        return OVERDUE
    if status == "ended":
        return WON if was_paid else LOST
    if oldest_due is not None:
        return WAITING
    return PAID if was_paid else NEW


def _autopay(status: str | None, last4: str | None) -> str:
    if status is None:
        return "Нет"
    words = _AUTOPAY_WORDS[status]
    return f"{words}, карта •• {last4}" if status == "active" and last4 else words
