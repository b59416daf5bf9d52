"""Lines of a deal's timeline: written once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from crm_sync.models import TimelineEntry
from crm_sync.port import DEAL, Wanted
from kernel.db import ReadSession


def read_entries(session: ReadSession, ids: Sequence[UUID]) -> list[Wanted]:
    """These lines. A CRM's timeline has no external ids: the id in the line's own address is how it is found again."""
    rows = session.scalars(select(TimelineEntry).where(TimelineEntry.id.in_(ids)))
    return [
        Wanted(
            row.kind,
            row.id,
            row.customer_id,
            str(row.id),
            {"title": row.title, "text": row.text, "url": f"{row.url}#{row.id}"},
            {"deal": (DEAL, row.contract_id)},
            since=row.created_at,
        )
        for row in rows
    ]
