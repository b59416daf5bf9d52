"""All that happened to a customer, newest first, in one query: a union of the parts in `timeline_parts`.

A part is cut to the page before the union, so that a customer with years of history costs no more than one with a month
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy import union_all as union

from kernel.db import ReadSession, Session
from portal.public import CustomerExtension
from portal.web.staff.queries.timeline_parts import PARTS, Occurrence, outside_part

Moment = tuple[datetime, str]
Parts = Mapping[str, Callable[[UUID], Select[*tuple[Any, ...]]]]


def kinds_of(extensions: Sequence[CustomerExtension]) -> tuple[str, ...]:
    """The kinds of events there are, in the order of their tabs."""
    return tuple(_parts(extensions))


def read_timeline(
    session: ReadSession | Session,
    customer_id: UUID,
    kind: str,
    *,
    after: Moment | None,
    limit: int,
    extensions: Sequence[CustomerExtension] = (),
) -> list[Occurrence]:
    """Up to `limit` events of a kind, or of all for an empty one, that follow the cursor (instant, ref)."""
    every = _parts(extensions)
    chosen = [every[kind]] if kind else list(every.values())
    parts = [_cut(part(customer_id), after, limit) for part in chosen]
    events = union(*(select(part.subquery()) for part in parts)).subquery("events")
    statement = select(events).order_by(events.c.at.desc(), events.c.ref.desc()).limit(limit)
    return [Occurrence(*row) for row in session.execute(statement)]


def count_timeline(
    session: ReadSession | Session, customer_id: UUID, *, extensions: Sequence[CustomerExtension] = ()
) -> dict[str, int]:
    """How many events of each kind there are."""
    every = _parts(extensions)
    counts = [
        select(func.count()).select_from(part(customer_id).subquery()).scalar_subquery() for part in every.values()
    ]
    statement: Select[*tuple[Any, ...]] = select(*counts)
    return dict(zip(every, session.execute(statement).one(), strict=True))


def _parts(extensions: Sequence[CustomerExtension]) -> Parts:
    outside = {extension.kind: outside_part(extension) for extension in extensions}
    first = ("payments", "letters")
    ours = {kind: PARTS[kind] for kind in first}
    return {**ours, **outside, **{kind: part for kind, part in PARTS.items() if kind not in first}}


def _cut(part: Select[*tuple[Any, ...]], after: Moment | None, limit: int) -> Select[*tuple[Any, ...]]:
    at, ref = part.selected_columns["at"], part.selected_columns["ref"]
    if after:
        part = part.where(tuple_(at, ref) < tuple_(after[0], after[1]))
    return part.order_by(at.desc(), ref.desc()).limit(limit)
