"""How the mirror stands: the connection, the queue and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from crm_sync.models import TO_DO, CrmConnection, CrmLink, SyncJob
from kernel.db import ReadSession, read
from payments.customers.models import Customer
from payments.installation.models import PROVEN
from portal.web.kit.remembered import Remembered

# The tabs of the list: what waits for a decision, what is on its way, what is looked for.
VIEWS = {"parked": ("parked", "blocked"), "waiting": ("waiting",), "uncertain": ("uncertain",)}


@dataclass(frozen=True, slots=True)
class Standing:
    """The connection and the queue. `behind_since`: since when the oldest job that is to be done waits.

    Not `proven`: this database came from a backup, and writes nothing until charging goes on.
    """

    status: str
    since: datetime | None
    reached_at: datetime | None
    probe_at: datetime | None
    error: str | None
    counts: dict[str, int]
    linked: int
    behind_since: datetime | None
    proven: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the list shows it."""

    id: int
    kind: str
    local_id: UUID
    customer_id: UUID
    customer_name: str
    status: str
    tries: int
    created_at: datetime
    next_try_at: datetime
    failure: str | None
    error: str | None
    payload: dict[str, Any] | None


def read_standing(session: ReadSession) -> Standing:
    """The mirror at this moment."""
    connection = session.execute(select(CrmConnection)).scalar_one_or_none()
    by_status = session.execute(select(SyncJob.status, func.count()).group_by(SyncJob.status))
    found = dict(by_status.all())
    behind = session.execute(select(func.min(SyncJob.created_at)).where(SyncJob.status.in_(TO_DO))).scalar_one()
    return Standing(
        status=connection.status if connection else "ok",
        since=connection.since_at if connection else None,
        reached_at=connection.reached_at if connection else None,
        probe_at=connection.probe_at if connection else None,
        error=connection.error if connection else None,
        counts={view: sum(found.get(status, 0) for status in statuses) for view, statuses in VIEWS.items()},
        linked=_linked(session),
        behind_since=behind,
        proven=session.execute(select(PROVEN)).scalar_one(),
    )


def _linked(session: ReadSession) -> int:
    few = select(CrmLink.id).limit(_FEW).subquery()
    count = session.execute(select(func.count()).select_from(few)).scalar_one()
    return count if count < _FEW else _many_linked()


def _count_links() -> int:
    with read() as session:
        return session.execute(select(func.count()).select_from(CrmLink)).scalar_one()


# Every open page asks each ten seconds: many rows are not counted for each of them.
_FEW = 10_000
_many_linked = Remembered(_count_links, 60.0)


def read_jobs(session: ReadSession, view: str, *, after: int | None, limit: int) -> list[Job]:
    """Up to `limit` jobs of a view that follow the cursor (id), oldest first."""
    statement: Select[*tuple[Any, ...]] = (
        select(
            SyncJob.id,
            SyncJob.kind,
            SyncJob.local_id,
            SyncJob.customer_id,
            Customer.name,
            SyncJob.status,
            SyncJob.tries,
            SyncJob.created_at,
            SyncJob.next_try_at,
            SyncJob.failure,
            SyncJob.error,
            SyncJob.payload,
        )
        .join(Customer, Customer.id == SyncJob.customer_id)
        .where(SyncJob.status.in_(VIEWS[view]))
        .order_by(SyncJob.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(SyncJob.id > after)
    return [Job(*row) for row in session.execute(statement)]
