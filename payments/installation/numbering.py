"""Document numbers without gaps: the counter moves in the transaction that uses the number."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from kernel.db import Session
from payments.installation.models import Counter


def take_numbers(session: Session, *, legal_entity_id: UUID, kind: str, year: int, count: int) -> range:
    """Reserve `count` consecutive numbers of a business year; a rollback gives them back."""
    statement = (
        insert(Counter)
        .values(legal_entity_id=legal_entity_id, kind=kind, year=year, n=count)
        .on_conflict_do_update(
            index_elements=[Counter.legal_entity_id, Counter.kind, Counter.year], set_={"n": Counter.n + count}
        )
        .returning(Counter.n)
    )
    last: int = session.execute(statement).scalar_one()
    return range(last - count + 1, last + 1)


def document_number(year: int, n: int) -> str:
    """How people write it: `2026-0147`."""
    return f"{year}-{n:04d}"
