"""What came of looks and writes, in our rows. Each verb is one transaction and may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from crm_sync import connection, wanting
from crm_sync.claiming import Taken
from crm_sync.masking import masked
from crm_sync.models import CrmLink, SyncJob
from crm_sync.port import (
    COMMENT,
    COMPANY,
    CONTACT,
    DEAL,
    INVOICE,
    LOG,
    PAYMENT,
    CrmFailure,
    Found,
    NotExecuted,
    NotFound,
    Rejected,
    Shut,
    Uncertain,
)
from crm_sync.steps import Step
from kernel import log
from kernel.clock import business_now, start_of
from kernel.db import Session

_log = log.get(__name__)
# A request may run on for a minute after its connection is gone, and an index may lag behind it: so long a creation in
# doubt is left alone before each look, and only the second look in vain proves that it never happened.
SETTLES_IN = timedelta(seconds=60)
LOOKS = 2
_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300, 900))
# What kept a job from its end, as the pages tell it.
_NAMES = {NotExecuted: "not_executed", Uncertain: "uncertain", Rejected: "rejected", NotFound: "gone", Shut: "shut"}
_WANT = {
    CONTACT: wanting.want_customers,
    COMPANY: wanting.want_customers,
    DEAL: wanting.want_contracts,
    INVOICE: wanting.want_invoices,
    PAYMENT: wanting.want_payments,
}


def put_aside(session: Session, gone: Sequence[Taken], stuck: Sequence[tuple[Taken, list[tuple[str, UUID]]]]) -> None:
    """End jobs whose object shows nothing; those that hang on an object the CRM refuses wait for that one."""
    for job in gone:
        _done(session, job)
    for job, missing in stuck:
        refused = session.scalars(select(SyncJob.kind).where(tuple_(SyncJob.kind, SyncJob.local_id).in_(missing))).all()
        if refused:
            _put_off(session, job, status="blocked", failure="blocked", error=None)
            continue
        for kind, local_id in missing:
            _WANT[kind](session, [local_id])
        _put_off(session, job)


def settle_looks(session: Session, told: Sequence[tuple[Step, Found | CrmFailure]], now: datetime) -> list[Step]:
    """The steps that may be written now: of objects found there and adopted, and of those that surely are not there."""
    connection.note(session, [answer for _, answer in told], now=now)
    taken = _taken(session, [(step, answer) for step, answer in told if isinstance(answer, Found)])
    ready = []
    for step, answer in told:
        if isinstance(answer, CrmFailure):
            _failed(session, step, answer, now, creating=False)
            continue
        alike = [remote_id for remote_id in answer.alike if (step.wanted.kind, remote_id) not in taken]
        if answer.own or alike:
            adopted = _adopt(session, step, answer.own, alike)
            taken.add((step.wanted.kind, adopted.remote_id or 0))
            ready.append(adopted)
        elif step.job.status == "waiting" or step.job.looks + 1 >= LOOKS:
            ready.append(step)
        else:
            _put_off(session, step.job, at=now + SETTLES_IN, status="uncertain", looks=step.job.looks + 1)
    return ready


def record_same(session: Session, steps: Sequence[Step]) -> None:
    """The CRM shows these already."""
    for step in steps:
        session.execute(_link_of(step).values(stale_at=_stale_at(step)))
        _done(session, step.job)


def record_writes(session: Session, told: Sequence[tuple[Step, int | CrmFailure]], now: datetime) -> None:
    """What came of each write."""
    connection.note(session, [outcome for _, outcome in told], now=now)
    for step, outcome in told:
        if isinstance(outcome, CrmFailure):
            _failed(session, step, outcome, now, creating=step.remote_id is None)
        else:
            _link(session, step, outcome, step.wanted.fields, now)
            _done(session, step.job)


def _taken(session: Session, told: Sequence[tuple[Step, Found]]) -> set[tuple[str, int]]:
    """Which of the people that look alike belong to others of ours."""
    pairs = [(step.wanted.kind, remote_id) for step, found in told for remote_id in found.alike]
    found = select(CrmLink.kind, CrmLink.remote_id).where(tuple_(CrmLink.kind, CrmLink.remote_id).in_(pairs))
    return {(kind, remote_id) for kind, remote_id in session.execute(found)} if pairs else set()


def _adopt(session: Session, step: Step, own: Sequence[int], alike: Sequence[int]) -> Step:
    if len(own) > 1:
        _log.error("crm.twins", kind=step.wanted.kind, local_id=str(step.wanted.local_id), remote_ids=list(own))
    if step.wanted.kind in (COMMENT, LOG):
        written = step.wanted.fields  # a line that stands there stands as it should: it is never written twice
    else:
        # Somebody else's contact keeps the name that its people gave it.
        written = {} if own else {"name": step.wanted.fields.get("name")}
    remote_id = min(own or alike)
    _link(session, step, remote_id, written, None)
    return replace(step, remote_id=remote_id, written=written)


def _link(session: Session, step: Step, remote_id: int, written: dict[str, Any], now: datetime | None) -> None:
    values = {"remote_id": remote_id, "written": written, "stale_at": _stale_at(step)}
    if now is not None:
        values["written_at"] = now
    row = {
        "kind": step.wanted.kind,
        "local_id": step.wanted.local_id,
        "customer_id": step.wanted.customer_id,
        **values,
    }
    again = insert(CrmLink).values(row)
    session.execute(again.on_conflict_do_update(index_elements=("kind", "local_id"), set_=values))


def _link_of(step: Step) -> Any:
    return update(CrmLink).where(CrmLink.kind == step.wanted.kind, CrmLink.local_id == step.wanted.local_id)


def _stale_at(step: Step) -> datetime | None:
    day = step.wanted.stale_on
    return start_of(date.fromisoformat(day) + timedelta(days=1)) if day else None


def _done(session: Session, job: Taken) -> None:
    """The job is over, unless its object changed meanwhile. Whatever waited for the object may go on."""
    ended = session.execute(delete(SyncJob).where(SyncJob.id == job.id, SyncJob.version == job.version))
    if not ended.rowcount:  # type: ignore[attr-defined]  # a DELETE has one
        _put_off(session, job, tries=0, looks=0, failure=None, error=None)
    freed = update(SyncJob).where(SyncJob.customer_id == job.customer_id, SyncJob.status == "blocked")
    session.execute(freed.values(status="waiting", next_try_at=business_now(session), failure=None))


def _failed(session: Session, step: Step, why: CrmFailure, now: datetime, *, creating: bool) -> None:
    job = step.job
    told: dict[str, Any] = {"failure": _NAMES[type(why)], "error": str(why)[:500]}
    if isinstance(why, NotExecuted):
        status = "waiting" if creating else job.status
        _put_off(session, job, at=now + timedelta(seconds=why.retry_after_s), status=status, **told)
    elif isinstance(why, Shut):
        _put_off(session, job, status="waiting" if creating else job.status, **told)
    elif isinstance(why, Uncertain) and creating:
        _put_off(session, job, at=now + SETTLES_IN, status="uncertain", **told)
    elif isinstance(why, Uncertain):
        tries = session.execute(select(SyncJob.tries).where(SyncJob.id == job.id)).scalar_one()
        pause = _AGAIN[min(tries, len(_AGAIN) - 1)]
        _put_off(session, job, at=now + pause, status=job.status, tries=tries + 1, **told)
    else:
        _log.error("crm.parked", kind=job.kind, local_id=str(job.local_id), why=type(why).__name__)
        payload = masked(step.wanted.fields if step.remote_id is None else step.changes)
        _put_off(session, job, status="parked", payload=payload, **told)


def _put_off(session: Session, job: Taken, *, at: datetime | None = None, status: str = "waiting", **more: Any) -> None:
    values = {"lease_until": None, "status": status, "next_try_at": at or business_now(session), **more}
    session.execute(update(SyncJob).where(SyncJob.id == job.id).values(values))
