"""What employees may do for the mirror: try again, create anew what was deleted there, write a customer afresh."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update

from crm_sync import connection, wanting
from crm_sync.models import GONE, CrmLink, SyncJob
from kernel.db import Session
from kernel.errors import NotFound
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.invoicing.models import Invoice

_REFUSED = SyncJob.status.in_(("parked", "blocked"))
_AFRESH = {"status": "waiting", "tries": 0, "failure": None, "error": None, "payload": None}


def try_job_again(session: Session, job_id: int, *, now: datetime) -> bool:
    """Try a parked object again at once; says whether it was parked.

    Raises:
        NotFound: there is no such job, or it is done.
    """
    job = session.get(SyncJob, job_id, with_for_update=True)
    if job is None:
        raise NotFound
    if job.status not in ("parked", "blocked"):
        return False
    session.execute(update(SyncJob).where(SyncJob.id == job_id).values(next_try_at=now, **_AFRESH))
    return True


def try_all_again(session: Session, *, now: datetime) -> int:
    """Try everything again that the CRM refused; how many.

    The connection is locked before the jobs, as whoever records what came of a round does.
    """
    connection.try_now(session, now=now)
    found = session.execute(
        update(SyncJob).where(_REFUSED).values(next_try_at=now, **_AFRESH).returning(SyncJob.id)
    ).all()
    return len(found)


def create_anew(session: Session, job_id: int, *, now: datetime) -> bool:
    """Forget what the object was in the CRM, where somebody deleted it: it is looked for and, if missing, created.

    Says whether it waited for this word: a second press may not disturb a creation that is under way.

    Raises:
        NotFound: there is no such job, or it is done.
    """
    job = session.get(SyncJob, job_id, with_for_update=True)
    if job is None:
        raise NotFound
    if job.status != "parked" or job.failure != GONE:
        return False
    session.execute(delete(CrmLink).where(CrmLink.kind == job.kind, CrmLink.local_id == job.local_id))
    session.execute(update(SyncJob).where(SyncJob.id == job_id).values(next_try_at=now, **_AFRESH))
    return True


def write_customer_afresh(session: Session, customer_id: UUID, *, now: datetime) -> int:
    """Everything of one customer is written again in full, whatever we believe stands there; how many objects.

    Raises:
        NotFound: no such customer.
    """
    if session.get(Customer, customer_id) is None:
        raise NotFound
    wanting.want_customers(session, [customer_id])
    for owner, want in (
        (Contract, wanting.want_contracts),
        (Invoice, wanting.want_invoices),
        (Payment, wanting.want_payments),
    ):
        want(session, session.scalars(select(owner.id).where(owner.customer_id == customer_id)).all())
    # After the jobs: in that order they are locked by whoever records what came of a round.
    session.execute(update(CrmLink).where(CrmLink.customer_id == customer_id).values(written={}))
    jobs = SyncJob.customer_id == customer_id
    session.execute(update(SyncJob).where(jobs, _REFUSED).values(next_try_at=now, **_AFRESH))
    return session.execute(select(func.count()).where(jobs)).scalar_one()
