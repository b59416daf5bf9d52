"""Differences open once and go by themselves: the rows follow what was found."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from kernel.db import Session
from kernel.ids import uuid7
from payments.reconciliation.comparing import Found, find_differences
from payments.reconciliation.models import SEEN_TO, VANISHED, Difference

_FACTS = ("our_status", "our_kopecks", "their_status", "their_kopecks")


def compare(session: Session, shop_id: UUID, read_at: datetime) -> int:
    """Bring the shop's differences up to its view, read at `read_at`; how many are open then."""
    found = {item.key: item for item in find_differences(session, shop_id, read_at)}
    still_open = _follow(session, shop_id, found, read_at)
    seen_to = _seen_to(session, list(found.values()))
    new = [item for key, item in found.items() if key not in still_open and seen_to.get(key) != _facts(item)]
    if new:
        session.execute(
            insert(Difference),
            [asdict(item) | {"id": uuid7(), "shop_id": shop_id, "found_at": read_at} for item in new],
        )
    return len(still_open) + len(new)


def _follow(
    session: Session, shop_id: UUID, found: dict[tuple[str, str], Found], read_at: datetime
) -> set[tuple[str, str]]:
    still_open = set()
    open_rows = select(Difference).where(Difference.shop_id == shop_id, Difference.resolved_at.is_(None))
    for row in session.scalars(open_rows.order_by(Difference.id).with_for_update()).all():
        now = found.get((row.kind, row.gateway_id))
        if now is None:
            row.resolved_at, row.resolution = read_at, VANISHED
            continue
        still_open.add(now.key)
        for name, value in asdict(now).items():
            setattr(row, name, value)
    session.flush()
    return still_open


def _seen_to(session: Session, found: list[Found]) -> dict[tuple[str, str], tuple[object, ...]]:
    """What a person has seen to last, by its key: the facts of that moment."""
    ids = [item.gateway_id for item in found]
    rows = session.scalars(
        select(Difference)
        .where(Difference.gateway_id.in_(ids), Difference.resolution == SEEN_TO)
        .order_by(Difference.resolved_at)
    ).all()
    return {(row.kind, row.gateway_id): _facts(row) for row in rows}


def _facts(item: Found | Difference) -> tuple[object, ...]:
    return tuple(getattr(item, name) for name in _FACTS)
