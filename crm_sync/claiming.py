"""Taking work: of each customer the first job that is to be done, and no second one while that is in somebody's hands."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, tuple_, update

from crm_sync.models import SyncJob
from kernel.db import Session

# Twice as long as a call may take: one that leaves in the first half of a lease is over before its end.
LEASE = "180 seconds"

# A lane is one customer; its first job decides when it is served. Each due job is asked whether it is the first one of
# its customer, the longest waiting first, so that a long queue is read no further than the lanes are filled. CASE keeps
# PostgreSQL from joining the whole queue with itself for that.
_CLAIM = text(f"""
    WITH due AS MATERIALIZED (
        SELECT id FROM sync_jobs j
        WHERE status IN ('waiting', 'uncertain') AND next_try_at <= business_now()
          AND kind NOT IN (SELECT kind FROM crm_held_kinds WHERE until_at > business_now())
          AND CASE
              WHEN EXISTS (
                  SELECT 1 FROM sync_jobs before
                  WHERE before.customer_id = j.customer_id AND before.status IN ('waiting', 'uncertain')
                    AND (before.rank, before.id) < (j.rank, j.id)
              ) THEN false
              ELSE NOT EXISTS (
                  SELECT 1 FROM sync_jobs held
                  WHERE held.customer_id = j.customer_id AND held.status IN ('waiting', 'uncertain')
                    AND held.lease_until > clock_timestamp()
              )
          END
        ORDER BY next_try_at LIMIT :most
    )
    UPDATE sync_jobs j SET lease_until = clock_timestamp() + interval '{LEASE}'
    FROM due WHERE j.id = due.id
    RETURNING j.id, j.kind, j.local_id, j.customer_id, j.version, j.status, j.looks, j.lease_until
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Taken:
    """A job in our hands; `version` is how it was when we took it, `lease` (real time) until when it is ours."""

    id: int
    kind: str
    local_id: UUID
    customer_id: UUID
    version: int
    status: str
    looks: int
    lease: datetime

    @property
    def key(self) -> tuple[str, UUID]:
        """What it is about."""
        return self.kind, self.local_id


@dataclass(frozen=True, slots=True)
class Renewed:
    """The jobs that are still ours, with their new leases; a call for them may leave until `not_after` (monotonic)."""

    jobs: dict[int, Taken]
    not_after: float


def claim(session: Session, most: int) -> list[Taken]:
    """The first jobs of up to so many customers, those that wait longest first.

    One claims at a time: whoever calls this holds the row of the connection.
    """
    return [Taken(*row) for row in session.execute(_CLAIM, {"most": most})]


def renew(session: Session, taken: Sequence[Taken]) -> Renewed:
    """The next request begins: the leases start anew.

    Whoever was frozen past a lease finds that another worker has taken the job, and must not write for it any more.
    """
    asked = time.monotonic()
    left = func.extract("epoch", SyncJob.lease_until - func.clock_timestamp())
    found = session.execute(
        update(SyncJob)
        .where(_ours(taken))
        .values(lease_until=func.clock_timestamp() + text(f"interval '{LEASE}'"))
        .returning(SyncJob.id, SyncJob.lease_until, left)
    ).all()
    leases = {row.id: row.lease_until for row in found if row.lease_until}
    jobs = {job.id: replace(job, lease=leases[job.id]) for job in taken if job.id in leases}
    return Renewed(jobs, asked + min((float(seconds) for *_, seconds in found), default=0.0) / 2)


def hold(session: Session, taken: Sequence[Taken]) -> set[int]:
    """Lock those of these jobs that are still ours until the commit; their ids. Of the others nothing may be recorded."""
    return set(session.scalars(select(SyncJob.id).where(_ours(taken)).order_by(SyncJob.id).with_for_update()))


def _ours(taken: Sequence[Taken]) -> ColumnElement[bool]:
    return tuple_(SyncJob.id, SyncJob.lease_until).in_([(job.id, job.lease) for job in taken])
