"""Contracts are opened here, one or many at a time, each with its plan and its first due line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from kernel import outbox
from kernel.clock import business_date
from kernel.db import Session
from kernel.errors import Refused
from kernel.ids import uuid7
from payments.catalogue.models import ONE_OFF, RECURRING
from payments.contracts.models import ON_PAYMENT, Contract, PaymentPlan
from payments.contracts.numbering import give_numbers
from payments.contracts.periods import Period, require_room_for_notice
from payments.contracts.planning import notice_time, plan_lines
from payments.events import ContractOpened
from payments.history.noting import note_statuses

MINIMUM_KOPECKS = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed. `period` None means a one-off; `number` None takes the next free one.

    `first_due_on` is the business date of the first due line; the later ones count from it. `key` becomes the
    contract's id; `base_id` is the contract that this one supplements.
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
    key: UUID | None = None
    base_id: UUID | None = None


def open_contract(session: Session, terms: Terms, *, now: datetime, draft: bool = False) -> Contract:
    """Store a contract with its plan and first due line. A draft becomes active with its first payment.

    Raises:
        Refused: a sum under a ruble, a first date in the past, or a period that leaves no room for the notice.
    """
    return open_contracts(session, [terms], now=now, draft=draft)[0]


def open_contracts(session: Session, agreed: Sequence[Terms], *, now: datetime, draft: bool = False) -> list[Contract]:
    """Store many contracts in one batch, in the order given, all or none.

    Raises:
        Refused: what `open_contract` refuses, for any of them.
    """
    today = business_date(now)
    notice = notice_time(session)
    for terms in agreed:
        require_fair_terms(terms, today, notice)
    contracts = _write_contracts(session, agreed, today, status="draft" if draft else "active")
    plans = _write_plans(session, agreed, contracts)
    plan_lines(session, [(plan, 1) for plan in plans], notice)
    opened = [("contract", contract.id, None, contract.status) for contract in contracts]
    note_statuses(session, opened, source="opened")
    outbox.record(session, *(ContractOpened(contract.id) for contract in contracts))
    return contracts


def require_fair_terms(terms: Terms, today: date, notice: timedelta) -> None:
    """What every new contract must keep; `today` is the business date.

    Raises:
        Refused: a sum under a ruble, a first date in the past, or a period that leaves no room for the notice.
    """
    if terms.kopecks < MINIMUM_KOPECKS:
        raise Refused("Сумма меньше одного рубля")
    if terms.first_due_on < today:
        raise Refused("Первая дата уже прошла")
    if terms.period:
        require_room_for_notice(terms.period, notice)


def _write_contracts(session: Session, agreed: Sequence[Terms], today: date, *, status: str) -> list[Contract]:
    wanted = [(terms.legal_entity_id, terms.number) for terms in agreed]
    contracts = [
        Contract(
            id=terms.key or uuid7(),
            number=number,
            title=terms.title,
            customer_id=terms.customer_id,
            legal_entity_id=terms.legal_entity_id,
            shop_id=terms.shop_id,
            price_id=terms.price_id,
            base_id=terms.base_id,
            status=status,
            advance=terms.advance,
            external_id=terms.external_id,
        )
        for terms, number in zip(agreed, give_numbers(session, wanted, today.year), strict=True)
    ]
    session.add_all(contracts)
    session.flush()  # the plans and the events need the ids
    return contracts


def _write_plans(session: Session, agreed: Sequence[Terms], contracts: Sequence[Contract]) -> list[PaymentPlan]:
    plans = [
        PaymentPlan(
            contract_id=contract.id,
            kind=RECURRING if terms.period else ONE_OFF,
            kopecks=terms.kopecks,
            period_unit=terms.period.unit if terms.period else None,
            period_count=terms.period.count if terms.period else None,
            anchor_on=terms.first_due_on,
        )
        for terms, contract in zip(agreed, contracts, strict=True)
    ]
    session.add_all(plans)
    session.flush()  # the first lines need the ids
    return plans
