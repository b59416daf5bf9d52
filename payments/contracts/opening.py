"""Contracts are opened, suspended, resumed and ended here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update

from kernel import outbox
from kernel.clock import business_date
from kernel.db import Session
from kernel.errors import NotFound, Refused
from payments.catalogue.models import ONE_OFF, RECURRING
from payments.contracts.models import ON_PAYMENT, Contract, Installment, PaymentPlan
from payments.contracts.periods import Period, require_room_for_notice
from payments.contracts.planning import notice_time, plan_line
from payments.events import ContractOpened, ContractStatusChanged
from payments.history.noting import note_status
from payments.installation.numbering import document_number, take_numbers

MINIMUM_KOPECKS = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed. `period` None means a one-off; `number` None takes the next free one.

    `first_due_on` is the business date of the first due line; the later ones count from it.
    """

    customer_id: UUID
    legal_entity_id: UUID
    shop_id: UUID
    title: str
    kopecks: int
    first_due_on: date
    period: Period | None = None
    advance: str = ON_PAYMENT
    number: str | None = None
    external_id: str | None = None
    price_id: UUID | None = None


def open_contract(session: Session, terms: Terms, *, now: datetime, draft: bool = False) -> Contract:
    """Store a contract with its plan and first due line. A draft becomes active with its first payment.

    Raises:
        Refused: a sum under a ruble, a first date in the past, or a period that leaves no room for the notice.
    """
    today = business_date(now)
    if terms.kopecks < MINIMUM_KOPECKS:
        raise Refused("Сумма меньше одного рубля")
    if terms.first_due_on < today:
        raise Refused("Первая дата уже прошла")
    notice = notice_time(session)
    if terms.period:
        require_room_for_notice(terms.period, notice)
    contract = _write_contract(session, terms, today, status="draft" if draft else "active")
    plan = _write_plan(session, terms, contract.id)
    plan_line(session, plan, 1, notice)
    note_status(session, "contract", contract.id, old=None, new=contract.status, source="opened")
    outbox.record(session, ContractOpened(contract.id))
    return contract


def change_contract_status(session: Session, contract_id: UUID, status: str, *, now: datetime, source: str) -> None:
    """Move a contract to active, suspended or ended; its autopay is stopped by the caller under its own lock.

    Raises:
        NotFound: no such contract.
        Refused: it has ended already.
    """
    contract = session.get(Contract, contract_id, with_for_update=True)
    if contract is None:
        raise NotFound
    if contract.status == status:
        return
    if contract.status == "ended":
        raise Refused("Договор уже завершён")
    note_status(session, "contract", contract_id, old=contract.status, new=status, source=source)
    contract.status = status
    if status == "ended":
        contract.ended_at = now
        session.execute(
            update(Installment)
            .where(Installment.contract_id == contract_id, Installment.status == "planned")
            .values(status="void")
        )
    outbox.record(session, ContractStatusChanged(contract_id, status))


def _write_contract(session: Session, terms: Terms, today: date, *, status: str) -> Contract:
    number = terms.number
    if number is None:
        taken = take_numbers(session, legal_entity_id=terms.legal_entity_id, kind="contract", year=today.year, count=1)
        number = document_number(today.year, taken[0])
    contract = Contract(
        number=number,
        title=terms.title,
        customer_id=terms.customer_id,
        legal_entity_id=terms.legal_entity_id,
        shop_id=terms.shop_id,
        price_id=terms.price_id,
        status=status,
        advance=terms.advance,
        external_id=terms.external_id,
    )
    session.add(contract)
    session.flush()  # the plan and the event need the id
    return contract


def _write_plan(session: Session, terms: Terms, contract_id: UUID) -> PaymentPlan:
    plan = PaymentPlan(
        contract_id=contract_id,
        kind=RECURRING if terms.period else ONE_OFF,
        kopecks=terms.kopecks,
        period_unit=terms.period.unit if terms.period else None,
        period_count=terms.period.count if terms.period else None,
        anchor_on=terms.first_due_on,
    )
    session.add(plan)
    session.flush()  # the first line needs the id
    return plan
