"""Notes are written, reworded and taken back by their author; after a day they stay as they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from kernel.db import ReadSession, Session
from kernel.errors import NotFound, Refused
from kernel.ids import uuid7
from payments.customers.models import Customer
from portal.notes.models import CustomerNote
from portal.web.kit.i18n import gettext as _

# Long enough to mend a slip; later colleagues have read it and acted on it.
CHANGEABLE_FOR = timedelta(days=1)
LONGEST = 2_000


def is_written(session: Session, customer_id: UUID, key: UUID) -> bool:
    """Whether an earlier press of the same form wrote this note. Presses at once take turns on the customer's row."""
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    return session.get(CustomerNote, key) is not None


def add_note(
    session: Session, customer_id: UUID, author_id: UUID, text: str, *, now: datetime, key: UUID | None = None
) -> CustomerNote:
    """A new note; `key` becomes its id.

    Raises:
        NotFound: no such customer.
    """
    if session.get(Customer, customer_id) is None:
        raise NotFound
    note = CustomerNote(id=key or uuid7(), customer_id=customer_id, author_id=author_id, text=text, created_at=now)
    session.add(note)
    session.flush()
    return note


def own_note(session: Session | ReadSession, customer_id: UUID, note_id: UUID, author_id: UUID) -> CustomerNote:
    """A note of this author about this customer.

    Raises:
        NotFound: no such note, or it is somebody else's.
    """
    note = session.get(CustomerNote, note_id)
    if note is None or note.customer_id != customer_id or note.author_id != author_id:
        raise NotFound
    return note


def reword_note(
    session: Session, customer_id: UUID, note_id: UUID, author_id: UUID, text: str, *, now: datetime
) -> bool:
    """Another text; False if it is the same.

    Raises:
        NotFound: no such note, or it is somebody else's.
        Refused: its day is over.
    """
    note = _fresh_note(session, customer_id, note_id, author_id, now)
    if note.text == text:
        return False
    note.text, note.changed_at = text, now
    return True


def take_back(session: Session, customer_id: UUID, note_id: UUID, author_id: UUID, *, now: datetime) -> None:
    """Remove a note.

    Raises:
        NotFound: no such note, or it is somebody else's.
        Refused: its day is over.
    """
    session.delete(_fresh_note(session, customer_id, note_id, author_id, now))


def is_fresh(created_at: datetime, now: datetime) -> bool:
    """Whether a note may still be changed."""
    return now - created_at <= CHANGEABLE_FOR


def _fresh_note(session: Session, customer_id: UUID, note_id: UUID, author_id: UUID, now: datetime) -> CustomerNote:
    note = own_note(session, customer_id, note_id, author_id)
    if not is_fresh(note.created_at, now):
        raise Refused(_("Заметку можно изменить только в первые сутки. Напишите новую"))
    return note
