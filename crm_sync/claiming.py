"""Taking work: of each customer the first job that is to be done, and no second one while that is in somebody's hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, text, tuple_, update

from crm_sync.models import SyncJob
from kernel.db import Session

# Longer than the two requests of a round may take.
LEASE = "180 seconds"

# A lane is one customer; it is due when its first job is, whatever stands behind that. The lock keeps two workers from looking at one lane at once: the jobs are read in a statement
# of their own after it, so that they are seen as the other worker left them.
_LANES = text("""
    WITH first AS MATERIALIZED (
        SELECT DISTINCT ON (customer_id) customer_id, next_try_at, lease_until FROM sync_jobs
        WHERE status IN ('waiting', 'uncertain') ORDER BY customer_id, rank, id
    ), due AS MATERIALIZED (
        SELECT customer_id FROM first
        WHERE next_try_at <= business_now() AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY next_try_at LIMIT :most
    )
    SELECT customer_id FROM due WHERE pg_try_advisory_xact_lock(4201002, hashtext(customer_id::text))
""")
_FIRST_JOBS = text(f"""
    WITH first AS (
        SELECT DISTINCT ON (customer_id) id, next_try_at, lease_until FROM sync_jobs
        WHERE customer_id = ANY(:lanes) AND status IN ('waiting', 'uncertain')
        ORDER BY customer_id, rank, id
    )
    UPDATE sync_jobs j SET lease_until = clock_timestamp() + interval '{LEASE}'
    FROM first
    WHERE j.id = first.id AND first.next_try_at <= business_now()
      AND NOT EXISTS (
          SELECT 1 FROM sync_jobs other
          WHERE other.customer_id = j.customer_id AND other.lease_until > clock_timestamp()
      )
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


def claim(session: Session, most: int) -> list[Taken]:
    """The first jobs of up to so many customers, those that wait longest first."""
    lanes = list(session.execute(_LANES, {"most": most}).scalars())
    if not lanes:
        return []
    return [Taken(*row) for row in session.execute(_FIRST_JOBS, {"lanes": lanes})]


def renew(session: Session, taken: list[Taken]) -> set[int]:
    """The next request begins: the leases start anew. The ids of the jobs that are still ours.

    Whoever was frozen past a lease finds that another worker has taken the job, and must not write for it any more.
    """
    return set(
        session.scalars(
            update(SyncJob)
            .where(tuple_(SyncJob.id, SyncJob.lease_until).in_([(job.id, job.lease) for job in taken]))
            .values(lease_until=func.clock_timestamp() + text(f"interval '{LEASE}'"))
            .returning(SyncJob.id)
        )
    )
