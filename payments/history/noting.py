"""Status changes are appended to the history; nothing is overwritten without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kernel.db import Session, insert_rows
from payments.history.models import StatusHistory

Change = tuple[str, UUID, str | None, str]


def note_status(session: Session, kind: str, object_id: UUID, *, old: str | None, new: str, source: str) -> None:
    """Append one change; `source` says on whose word: staff, customer, answer, webhook, or poller."""
    note_statuses(session, [(kind, object_id, old, new)], source=source)


def note_statuses(session: Session, changes: Sequence[Change], *, source: str) -> None:
    """Append many changes of one source in one statement."""
    if changes:
        insert_rows(
            session,
            StatusHistory,
            [
                {"object_kind": kind, "object_id": object_id, "old": old, "new": new, "source": source}
                for kind, object_id, old, new in changes
            ],
        )
