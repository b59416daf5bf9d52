"""Contract rows beside what is stored: what a file may open, and what it may not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from kernel.db import Session
from kernel.errors import Refused
from payments.contracts.models import BY_CALENDAR, ON_PAYMENT, Contract, PaymentPlan
from payments.contracts.periods import Period, require_room_for_notice
from payments.contracts.planning import notice_time, period_of
from payments.customers.models import Customer
from portal.imports.lookalikes import twins
from portal.imports.periods import period_in_words
from portal.imports.problems import Problem
from portal.web.kit.filters import money

CUSTOMER = "customer"
FARTHEST = timedelta(days=3660)
ADVANCE_WORDS = {ON_PAYMENT: "по оплате", BY_CALENDAR: "по календарю"}


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One row as read; None is a cell left open or a bad one. Nothing falls due before `next_on`."""

    line: int
    code: str
    customer_code: str | None
    number: str | None
    title: str | None
    kopecks: int | None
    period: Period | None
    next_on: date | None
    advance: str | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A contract that is there already, its plan and its customer's code."""

    contract: Contract
    plan: PaymentPlan
    customer_code: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds about the codes and numbers of one batch."""

    customers: dict[str | None, UUID]
    contracts: dict[str | None, Stored]
    numbers: dict[str, str | None]
    notice: timedelta


def obstacles(row: ContractRow, known: Known, today: date, titles: dict[str, str]) -> list[Problem]:
    """What forbids opening this contract now, though its cells are good in themselves."""
    found: list[tuple[str, str, str]] = []
    if row.customer_code is not None and row.customer_code not in known.customers:
        found.append((CUSTOMER, row.customer_code, _stranger(row.customer_code, known)))
    if row.number is not None and row.number in known.numbers:
        found.append(("number", row.number, f"номер занят договором с кодом «{known.numbers[row.number] or 'нет'}»"))
    if row.next_on is not None and not today <= row.next_on <= today + FARTHEST:
        past = row.next_on < today
        reason = "дата уже прошла: нужна сегодняшняя или будущая" if past else "дата дальше чем через десять лет"
        found.append(("next_on", f"{row.next_on:%d.%m.%Y}", reason))
    if row.period is not None:
        try:
            require_room_for_notice(row.period, known.notice)
        except Refused as refused:
            reason = str(refused)
            found.append(("period", period_in_words(row.period), reason[0].lower() + reason[1:]))
    return [Problem(row.line, titles[key], value, reason) for key, value, reason in found]


def _stranger(code: str, known: Known) -> str:
    twin = next((twin for twin in twins(code) if twin in known.customers), None)
    if twin:
        return f"такого клиента нет, но есть «{twin}» с буквами другого алфавита"
    return "такого клиента нет: сначала импортируйте клиентов"


def look_up(session: Session, read: Sequence[ContractRow]) -> Known:
    """Everything that judging these rows needs, in a handful of statements."""
    named = {row.customer_code for row in read if row.customer_code is not None}
    numbers = [row.number for row in read if row.number is not None]
    customers = session.execute(
        select(Customer.external_id, Customer.id).where(Customer.external_id.in_(named.union(*map(twins, named))))
    )
    taken = session.execute(select(Contract.number, Contract.external_id).where(Contract.number.in_(numbers)))
    return Known(
        customers=dict(customers.all()),
        contracts=_contracts_of(session, [row.code for row in read]),
        numbers=dict(taken.all()),
        notice=notice_time(session),
    )


def _contracts_of(session: Session, codes: list[str]) -> dict[str | None, Stored]:
    # One table at a time: right after a large import the planner has no statistics and joins the slowest way.
    contracts = session.scalars(select(Contract).where(Contract.external_id.in_(codes))).all()
    ids = [contract.id for contract in contracts]
    plans = session.scalars(select(PaymentPlan).where(PaymentPlan.contract_id.in_(ids))).all()
    plan_of = {plan.contract_id: plan for plan in plans}
    owners = {contract.customer_id for contract in contracts}
    owned = session.execute(select(Customer.id, Customer.external_id).where(Customer.id.in_(owners)))
    code_of = dict(owned.all())
    return {
        contract.external_id: Stored(contract, plan_of[contract.id], code_of[contract.customer_id])
        for contract in contracts
    }


def differences(row: ContractRow, stored: Stored, titles: dict[str, str]) -> list[Problem]:
    """Each cell that says something else than the stored contract. What the file leaves open is no difference."""
    contract, plan = stored.contract, stored.plan
    every = period_of(plan)
    compared = (
        (CUSTOMER, row.customer_code, stored.customer_code or "без кода"),
        ("number", row.number, contract.number),
        ("title", row.title, contract.title),
        ("sum", money(row.kopecks) if row.kopecks else None, money(plan.kopecks)),
        ("period", period_in_words(row.period) if row.period else None, period_in_words(every) if every else "разово"),
        ("next_on", f"{row.next_on:%d.%m.%Y}" if row.next_on else None, f"{plan.anchor_on:%d.%m.%Y}"),
        ("advance", ADVANCE_WORDS[row.advance] if row.advance else None, ADVANCE_WORDS[contract.advance]),
    )
    return [
        Problem(row.line, titles[key], said, f"договор уже есть, в нём «{kept}»: импорт условий не меняет")
        for key, said, kept in compared
        if said is not None and said != kept
    ]
