"""Reading the audit log: newest first, by person, act, period and object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from kernel.db import ReadSession, Session
from portal.accounts.models import User
from portal.audit.models import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; what is None or empty filters nothing. The period is half-open, in real time."""

    user_id: UUID | None = None
    act: str = ""
    since: datetime | None = None
    until: datetime | None = None
    subject_kind: str = ""
    subject_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act with the name of who did it; None for a command on the server."""

    id: int
    at: datetime
    user_id: UUID | None
    user_name: str | None
    act: str
    subject_kind: str
    subject_id: str
    details: dict[str, Any]
    ip: str | None
    request_id: str | None


def list_entries(
    session: Session | ReadSession, wanted: AuditFilter, *, after: int | None, limit: int
) -> Sequence[Entry]:
    """Entries that fit, newest first, from the one below `after`."""
    rows = session.execute(
        select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.user_id,
            User.name,
            AuditEntry.act,
            AuditEntry.subject_kind,
            AuditEntry.subject_id,
            AuditEntry.details,
            AuditEntry.ip,
            AuditEntry.request_id,
        )
        .outerjoin(User, User.id == AuditEntry.user_id)
        .where(*_conditions(wanted), *([AuditEntry.id < after] if after else []))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [Entry(*row) for row in rows]


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.user_id:
        found.append(AuditEntry.user_id == wanted.user_id)
    if wanted.act:
        found.append(AuditEntry.act == wanted.act)
    if wanted.since:
        found.append(AuditEntry.at >= wanted.since)
    if wanted.until:
        found.append(AuditEntry.at < wanted.until)
    if wanted.subject_kind:
        found.append(AuditEntry.subject_kind == wanted.subject_kind)
    if wanted.subject_id:
        found.append(AuditEntry.subject_id == wanted.subject_id)
    return found
