"""The parts of a customer's timeline: payments, letters, notes, logins, consents, changes of status, and extensions'.

All have the same columns, so that one union holds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.history.models import StatusHistory
from payments.invoicing.models import Invoice
from portal.accounts.models import Membership, User, UserSession
from portal.accounts.sessions import CUSTOMER
from portal.notes.models import CustomerNote
from portal.notifications.models import Message
from portal.public import CustomerExtension
from portal.web.staff.queries.retries import retry_at, retry_state

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
    contract. changes: new status, what changed, contract's number, on whose word; link is the contract. notes: state is
    «changed» once reworded, code is the author's id, subject the author, source the text; link is the note. logins:
    subject is the browser's own description, source the address. Any other kind is an extension's: its title is the
    subject, its text the source, its address the code.
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


def outside_part(extension: CustomerExtension) -> Callable[[UUID], Select[*tuple[Any, ...]]]:
    """The events of an extension in the columns of all others."""

    def part(customer_id: UUID) -> Select[*tuple[Any, ...]]:
        theirs = extension.events(customer_id).subquery(extension.kind)
        given: dict[str, ColumnElement[Any]] = {
            "state": literal(""),
            "code": theirs.c.url,
            "subject": theirs.c.title,
            "source": theirs.c.text,
        }
        columns = [cast(given.get(name, null()), type_).label(name) for name, type_ in _COLUMNS.items()]
        ref = func.concat(extension.kind + ":", theirs.c.id).label("ref")
        return select(theirs.c.at.label("at"), ref, func.concat(extension.kind).label("kind"), *columns)

    return part


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


def _notes(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        _event(
            "notes",
            CustomerNote.id,
            CustomerNote.created_at,
            link_id=CustomerNote.id,
            state=case((CustomerNote.changed_at.is_(None), ""), else_="changed"),
            code=cast(CustomerNote.author_id, Text),
            subject=User.name,
            source=CustomerNote.text,
        )
        .join(User, User.id == CustomerNote.author_id)
        .where(CustomerNote.customer_id == customer_id)
    )


def _logins(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    # Of everybody who acts for the customer. Sessions run on real time: a played clock is ahead of them.
    people = select(Membership.user_id).where(Membership.customer_id == customer_id)
    return _event(
        "logins",
        UserSession.id,
        UserSession.created_at,
        state=literal(""),
        subject=UserSession.user_agent,
        source=func.host(UserSession.ip),
    ).where(UserSession.user_id.in_(people), UserSession.audience == CUSTOMER)


def _event(
    kind: str,
    key: InstrumentedAttribute[Any],
    at: ColumnElement[datetime] | InstrumentedAttribute[datetime],
    **given: ColumnElement[Any] | InstrumentedAttribute[Any],
) -> Select[*tuple[Any, ...]]:
    columns = [cast(given.get(name, null()), type_).label(name) for name, type_ in _COLUMNS.items()]
    ref = func.concat(kind + ":", cast(key, Text)).label("ref")
    return select(at.label("at"), ref, func.concat(kind).label("kind"), *columns).select_from(key.class_)


PARTS: dict[str, Callable[[UUID], Select[*tuple[Any, ...]]]] = {
    "payments": _payments,
    "letters": _letters,
    "notes": _notes,
    "logins": _logins,
    "consents": _consents,
    "changes": _changes,
}
