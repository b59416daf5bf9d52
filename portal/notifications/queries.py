"""What pages read about letters: one query each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select

from kernel.db import ReadSession, Session
from payments.charging.models import Payment
from payments.customers.models import Customer
from portal.notifications.forgetting import IS_PRIVATE
from portal.notifications.kinds import PRIVATE_KINDS
from portal.notifications.models import Message
from portal.notifications.troubles import trouble_words

# Over a message and its customer, if any. Letters about a login go where they were meant to: one of them tells the old
# address of the new one. So does what a guest was promised at an address of their own.
_TO_GUEST = exists().where(Payment.id == Message.payment_id, Payment.receipt_email == Message.recipient)
_PRESENT_ADDRESS = case(
    (or_(Message.customer_id.is_(None), _TO_GUEST), Message.recipient),
    else_=func.coalesce(Customer.email, ""),
)


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A line of the customer's list."""

    id: UUID
    kind: str
    subject: str
    status: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class LetterText:
    """A letter as its reader got it."""

    id: UUID
    subject: str
    recipient: str
    status: str
    created_at: datetime
    sent_at: datetime | None
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A line of the staff's list. `customer_id` is None for letters about a login.

    `send_again` would send it to `present_address`.
    """

    id: UUID
    kind: str
    recipient: str
    subject: str
    status: str
    created_at: datetime
    error: str | None
    customer_id: UUID | None
    customer_name: str | None
    present_address: str


@dataclass(frozen=True, slots=True)
class OutboxLetter:
    """A letter with what became of it. The texts are None where only the reader may see them.

    `send_again` would send it to `present_address`.
    """

    id: UUID
    kind: str
    recipient: str
    subject: str
    status: str
    tries: int
    created_at: datetime
    sent_at: datetime | None
    next_try_at: datetime
    error: str | None
    payment_id: UUID | None
    customer_id: UUID | None
    customer_name: str | None
    present_address: str
    text: str | None
    html: str | None


@dataclass(frozen=True, slots=True)
class OutboxFilter:
    """What the staff's list is narrowed by; empty means all. The period is half-open."""

    text: str = ""
    status: str = ""
    kind: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        found: list[ColumnElement[bool]] = []
        if self.status:
            found.append(Message.status == self.status)
        if self.kind:
            found.append(Message.kind == self.kind)
        if self.since:
            found.append(Message.created_at >= self.since)
        if self.until:
            found.append(Message.created_at < self.until)
        if self.text:
            columns = (Message.recipient, Message.subject, Customer.name)
            found.append(or_(*(column.icontains(self.text, autoescape=True) for column in columns)))
        return found


def present_address(session: ReadSession | Session, message_id: UUID) -> str:
    """Where a letter would go today; empty when its customer has no address."""
    statement = select(_PRESENT_ADDRESS).select_from(Message).outerjoin(Customer, Customer.id == Message.customer_id)
    return str(session.execute(statement.where(Message.id == message_id)).scalar_one())


def may_leave_again(letter: OutboxRow | OutboxLetter) -> bool:
    """Whether it failed, and there is still something to send, to somebody."""
    return letter.status == "failed" and bool(letter.present_address) and letter.kind not in PRIVATE_KINDS


def letters_of(
    session: ReadSession | Session, customer_ids: Sequence[UUID], *, after: UUID | None, limit: int
) -> list[LetterRow]:
    """Letters to these customers, newest first, up to `limit` that follow the cursor."""
    statement = (
        select(Message.id, Message.kind, Message.subject, Message.status, Message.created_at, Message.sent_at)
        .where(Message.customer_id.in_(customer_ids), ~IS_PRIVATE)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    if after:
        statement = statement.where(Message.id < after)
    return [LetterRow(*row) for row in session.execute(statement)]


def letter_of(session: ReadSession | Session, customer_ids: Sequence[UUID], message_id: UUID) -> LetterText | None:
    """One letter to these customers; None for another's."""
    row = session.execute(
        select(
            Message.id,
            Message.subject,
            Message.recipient,
            Message.status,
            Message.created_at,
            Message.sent_at,
            Message.text_body,
            Message.html_body,
        ).where(Message.id == message_id, Message.customer_id.in_(customer_ids), ~IS_PRIVATE)
    ).one_or_none()
    return LetterText(*row) if row else None


def outbox_letters(
    session: ReadSession | Session, wanted: OutboxFilter, *, after: UUID | None, limit: int
) -> list[OutboxRow]:
    """All letters that fit, newest first, up to `limit` that follow the cursor."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            Message.id,
            Message.kind,
            Message.recipient,
            Message.subject,
            Message.status,
            Message.created_at,
            Message.error,
            Message.customer_id,
            Customer.name,
            _PRESENT_ADDRESS,
        )
        .outerjoin(Customer, Customer.id == Message.customer_id)
        .where(*wanted.conditions())
        .order_by(Message.id.desc())
        .limit(limit)
    )
    if after:
        statement = statement.where(Message.id < after)
    found = (OutboxRow(*row) for row in session.execute(statement))
    return [replace(row, error=trouble_words(row.error)) for row in found]


def outbox_letter(session: ReadSession | Session, message_id: UUID) -> OutboxLetter | None:
    """One letter for staff."""
    row = session.execute(
        select(
            Message.id,
            Message.kind,
            Message.recipient,
            Message.subject,
            Message.status,
            Message.tries,
            Message.created_at,
            Message.sent_at,
            Message.next_try_at,
            Message.error,
            Message.payment_id,
            Message.customer_id,
            Customer.name,
            _PRESENT_ADDRESS,
            case((~IS_PRIVATE, Message.text_body)),
            case((~IS_PRIVATE, Message.html_body)),
        )
        .outerjoin(Customer, Customer.id == Message.customer_id)
        .where(Message.id == message_id)
    ).one_or_none()
    if row is None:
        return None
    letter = OutboxLetter(*tuple(row))
    return replace(letter, error=trouble_words(letter.error))
