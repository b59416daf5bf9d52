"""An employee asks for a file; the sweep finds what nobody is making, and what has been kept long enough."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import case, delete, func, select, text, update

from kernel import log, outbox
from kernel.broker import RedisAway
from kernel.db import ReadSession, Session, begin
from kernel.errors import NotFound
from kernel.outbox import Hint
from kernel.relay import Send
from portal.exports.models import FAILED, KEPT, MAKING, QUEUED, READY, TO_MAKE, Export

Format = Literal["xlsx", "csv"]
FORMATS: tuple[Format, ...] = ("xlsx", "csv")
EXPORT_JOB = "export"
# A sheet of Excel holds ten times as many, but nobody reads them, and a worker should not be busy for minutes.
MOST_ROWS = 100_000
_KEPT_FOR = timedelta(days=1)
_HINT_LASTS = "30 seconds"
_TRIES = 2
_log = log.get(__name__)


def ask_for_export(
    session: Session, user_id: UUID, *, format_: Format, query: str, total: int, language: str, now: datetime
) -> Export:
    """Have a worker make a file of the filter's payments, of which there are `total` now."""
    export = Export(
        user_id=user_id, format=format_, query=query, total=total, language=language, expires_at=now + _KEPT_FOR
    )
    session.add(export)
    session.flush()
    session.execute(update(Export).where(Export.id == export.id).values(lease_until=_trusted()))
    outbox.hint(session, Hint(EXPORT_JOB, (export.id,)))
    return export


def exports_of(session: ReadSession | Session, user_id: UUID) -> list[Export]:
    """The employee's own files that are still kept, the newest first."""
    return list(session.scalars(select(Export).where(Export.user_id == user_id).order_by(Export.id.desc())))


def file_of(session: ReadSession, user_id: UUID, export_id: UUID) -> tuple[Export, bytes]:
    """A file that is ready, with its content.

    Raises:
        NotFound: no such file, not ready, kept no longer, or somebody else's.
    """
    row = session.execute(
        select(Export, Export.content).where(Export.id == export_id, Export.user_id == user_id, Export.status == READY)
    ).first()
    if row is None or row[1] is None:
        raise NotFound
    return row[0], row[1]


def sweep_exports(send: Send) -> int:
    """Take back files from dead workers, hint at those without a fresh hint; returns how many of both."""
    with begin() as session:
        lost = session.execute(
            update(Export)
            .where(Export.status == MAKING, Export.lease_until < func.clock_timestamp())
            .values(status=case((Export.tries < _TRIES, QUEUED), else_=FAILED), lease_until=None)
            .returning(Export.id)
        ).all()
        unhinted = select(Export.id).where(
            TO_MAKE.due(), func.coalesce(Export.lease_until < func.clock_timestamp(), True)
        )
        due = session.scalars(
            update(Export)
            .where(Export.id.in_(unhinted.with_for_update(skip_locked=True).scalar_subquery()))
            .values(lease_until=_trusted())
            .returning(Export.id)
        ).all()
    for export_id in due:
        try:
            send(EXPORT_JOB, [export_id])
        except RedisAway as error:
            _log.warning("exports.redis_away", error=str(error))
            break
    return len(lost) + len(due)


def drop_expired(session: Session, *, now: datetime) -> int:
    """Forget the files whose time is over; returns how many."""
    return len(session.execute(delete(Export).where(KEPT.where, Export.expires_at <= now).returning(Export.id)).all())


def _trusted() -> object:
    # Until a worker takes the row, its lease says how long the last hint is trusted.
    return func.clock_timestamp() + text(f"interval '{_HINT_LASTS}'")
