"""What a check's rows are about: the number or name of each and whose page shows it, one query for each kind of row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Text, case, cast, func, literal, select

from kernel.db import ReadSession
from payments.autopay.models import Consent
from payments.charging.models import Payment
from payments.contracts.models import Contract, Installment
from payments.customers.models import Customer
from payments.invoicing.models import Invoice
from payments.ledger.models import LedgerTransaction
from payments.reconciliation.models import Difference


@dataclass(frozen=True, slots=True)
class Subject:
    """What has a page at the desk: a kind of `portal.audit.acts.SUBJECTS`, its id, and its number or name, if any."""

    kind: str
    id: UUID
    title: str


Subjects = Mapping[tuple[str, str], Subject]


def find_subjects(session: ReadSession, rows: Iterable[tuple[str, str]]) -> Subjects:
    """The subjects of these rows (kind, key), for those that have one."""
    keys: dict[str, set[str]] = defaultdict(set)
    for kind, key in rows:
        keys[kind].add(key)
    return {
        (kind, str(row[0])): Subject(*row[1:])
        for kind, (wanted, key_type, column) in _QUERIES.items()
        if kind in keys
        for row in session.execute(wanted.where(column.in_([key_type(key) for key in keys[kind]])))
    }


def _numbered(number: SQLColumnExpression[Any]) -> ColumnElement[str]:
    return literal("№ ") + cast(number, Text)


def _its_own(kind: str, model: type[Any], title: SQLColumnExpression[Any]) -> Select[*tuple[Any, ...]]:
    return select(model.id, literal(kind), model.id, title)


_of_payment = Payment.id.is_not(None)
_QUERIES: dict[str, tuple[Select[*tuple[Any, ...]], Callable[[str], object], Any]] = {
    "payment": (_its_own("payment", Payment, _numbered(Payment.number)), UUID, Payment.id),
    "invoice": (_its_own("invoice", Invoice, _numbered(Invoice.number)), UUID, Invoice.id),
    "contract": (_its_own("contract", Contract, _numbered(Contract.number)), UUID, Contract.id),
    "customer": (_its_own("customer", Customer, Customer.name), UUID, Customer.id),
    "installment": (
        select(Installment.id, literal("contract"), Contract.id, _numbered(Contract.number)).join(
            Contract, Contract.id == Installment.contract_id
        ),
        UUID,
        Installment.id,
    ),
    "consent": (
        select(Consent.id, literal("customer"), Customer.id, Customer.name).join(
            Customer, Customer.id == Consent.customer_id
        ),
        int,
        Consent.id,
    ),
    "ledger_transaction": (
        select(
            LedgerTransaction.id,
            case((_of_payment, "payment"), else_="invoice"),
            func.coalesce(Payment.id, Invoice.id),
            _numbered(case((_of_payment, cast(Payment.number, Text)), else_=Invoice.number)),
        )
        .outerjoin(Payment, Payment.id == LedgerTransaction.source_id)
        .outerjoin(Invoice, Invoice.id == LedgerTransaction.source_id)
        .where(func.coalesce(Payment.id, Invoice.id).is_not(None)),
        UUID,
        LedgerTransaction.id,
    ),
    # Not once closed: another may have been opened since.
    "gateway_payment": (
        select(Difference.gateway_id, literal("difference"), Difference.id, literal("")).where(
            Difference.resolved_at.is_(None)
        ),
        str,
        Difference.gateway_id,
    ),
}
