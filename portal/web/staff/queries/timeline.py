"""All that happened to a customer, newest first: payments, letters, consents, changes of status; in one query.

The parts of the union have the same columns. A part is cut to the page before the union, so that a customer with years
of history costs no more than one with a month of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, Text, Uuid, cast, func, null, or_, select, tuple_
from sqlalchemy import union_all as union
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from kernel.db import ReadSession
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.history.models import StatusHistory
from payments.invoicing.models import Invoice
from portal.notifications.models import Message
from portal.web.staff.queries.retries import retry_at, retry_state

KINDS = ("payments", "letters", "consents", "changes")
Moment = tuple[datetime, str]
_COLUMNS: dict[str, TypeEngine[Any]] = {
    "link_id": Uuid(),
    "state": Text(),
    "code": Text(),
    "subject": Text(),
    "source": Text(),
    "method": Text(),
    "last4": Text(),
    "kopecks": BigInteger(),
    "retry": Text(),
    "retry_at": DateTime(timezone=True),
}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One event. What the columns mean depends on `kind`; sums are kopecks, `ref` is unique among all events.

    payments: state, reason, purpose, initiator, method, last4, retry as in `queries.retries`; link is the payment.
    letters: status, kind, subject, error; link is the letter. consents: action, kind, contract's number; link is the
    contract. changes: new status, what changed, contract's number, on whose word; link is the contract.
    """

    at: datetime
    ref: str
    kind: str
    link_id: UUID | None
    state: str
    code: str | None
    subject: str | None
    source: str | None
    method: str | None
    last4: str | None
    kopecks: int | None
    retry: str | None
    retry_at: datetime | None


def read_timeline(
    session: ReadSession, customer_id: UUID, kind: str, *, after: Moment | None, limit: int
) -> list[Occurrence]:
    """Up to `limit` events of a kind, or of all for an empty one, that follow the cursor (instant, ref)."""
    chosen = [_PARTS[kind]] if kind else list(_PARTS.values())
    parts = [_cut(part(customer_id), after, limit) for part in chosen]
    events = union(*(select(part.subquery()) for part in parts)).subquery("events")
    statement = select(events).order_by(events.c.at.desc(), events.c.ref.desc()).limit(limit)
    return [Occurrence(*row) for row in session.execute(statement)]


def count_timeline(session: ReadSession, customer_id: UUID) -> dict[str, int]:
    """How many events of each kind there are."""
    counts = [
        select(func.count()).select_from(part(customer_id).subquery()).scalar_subquery() for part in _PARTS.values()
    ]
    statement: Select[*tuple[Any, ...]] = select(*counts)
    return dict(zip(_PARTS, session.execute(statement).one(), strict=True))


def _payments(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        _event(
            "payments",
            Payment.id,
            func.coalesce(Payment.decided_at, Payment.created_at),
            link_id=Payment.id,
            state=Payment.status,
            code=Payment.reason,
            subject=Invoice.purpose,
            source=Payment.initiator,
            method=func.coalesce(Payment.paid_with, PaymentMethod.kind),
            last4=func.coalesce(Payment.last4, PaymentMethod.last4),
            kopecks=Payment.kopecks,
            retry=retry_state(),
            retry_at=retry_at(),
        )
        .join(Invoice, Invoice.id == Payment.invoice_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.method_id)
        .where(Payment.customer_id == customer_id)
    )


def _letters(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    return _event(
        "letters",
        Message.id,
        func.coalesce(Message.sent_at, Message.created_at),
        link_id=Message.id,
        state=Message.status,
        code=Message.kind,
        subject=Message.subject,
        source=Message.error,
    ).where(Message.customer_id == customer_id)


def _consents(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        _event(
            "consents",
            Consent.id,
            Consent.at,
            link_id=Contract.id,
            state=Consent.action,
            code=Consent.kind,
            subject=Contract.number,
            kopecks=Consent.max_kopecks,
        )
        .outerjoin(Contract, Contract.id == Consent.contract_id)
        .where(Consent.customer_id == customer_id)
    )


def _changes(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    # From the customer's rows to their history, so that its index is used; the whole history is never read.
    contracts = select(Contract.id).where(Contract.customer_id == customer_id)
    autopays = select(Autopay.id).where(Autopay.customer_id == customer_id)
    return (
        _event(
            "changes",
            StatusHistory.id,
            StatusHistory.at,
            link_id=Contract.id,
            state=StatusHistory.new,
            code=StatusHistory.object_kind,
            subject=Contract.number,
            source=StatusHistory.source,
        )
        .outerjoin(Autopay, (StatusHistory.object_kind == "autopay") & (Autopay.id == StatusHistory.object_id))
        .join(Contract, Contract.id == func.coalesce(Autopay.contract_id, StatusHistory.object_id))
        .where(
            or_(
                (StatusHistory.object_kind == "contract") & StatusHistory.object_id.in_(contracts),
                (StatusHistory.object_kind == "autopay") & StatusHistory.object_id.in_(autopays),
            )
        )
    )


def _event(
    kind: str,
    key: InstrumentedAttribute[Any],
    at: ColumnElement[datetime] | InstrumentedAttribute[datetime],
    **given: ColumnElement[Any] | InstrumentedAttribute[Any],
) -> Select[*tuple[Any, ...]]:
    columns = [cast(given.get(name, null()), type_).label(name) for name, type_ in _COLUMNS.items()]
    ref = func.concat(kind + ":", cast(key, Text)).label("ref")
    return select(at.label("at"), ref, func.concat(kind).label("kind"), *columns).select_from(key.class_)


def _cut(part: Select[*tuple[Any, ...]], after: Moment | None, limit: int) -> Select[*tuple[Any, ...]]:
    at, ref = part.selected_columns["at"], part.selected_columns["ref"]
    if after:
        part = part.where(tuple_(at, ref) < tuple_(after[0], after[1]))
    return part.order_by(at.desc(), ref.desc()).limit(limit)


_PARTS: dict[str, Callable[[UUID], Select[*tuple[Any, ...]]]] = {
    "payments": _payments,
    "letters": _letters,
    "consents": _consents,
    "changes": _changes,
}
