"""What came of looks and writes, in our rows. Each verb is one transaction and may be repeated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from crm_sync import connection, wanting
from crm_sync.claiming import Taken, hold
from crm_sync.masking import masked
from crm_sync.models import GONE, CrmLink, SyncJob
from crm_sync.port import (
    COMMENT,
    COMPANY,
    CONTACT,
    DEAL,
    INVOICE,
    LOG,
    PAYMENT,
    CrmFailure,
    Fields,
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
_CLAIMED = "этот объект CRM уже связан с другим нашим: разберите в CRM, чей он, и отправьте снова"
_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300, 900))
# What kept a job from its end, as the pages tell it.
_NAMES = {NotExecuted: "not_executed", Uncertain: "uncertain", Rejected: "rejected", NotFound: GONE, Shut: "shut"}
_WANT = {
    CONTACT: wanting.want_customers,
    COMPANY: wanting.want_customers,
    DEAL: wanting.want_contracts,
    INVOICE: wanting.want_invoices,
    PAYMENT: wanting.want_payments,
}


def put_aside(session: Session, gone: Sequence[Taken], stuck: Sequence[tuple[Taken, list[tuple[str, UUID]]]]) -> None:
    """End jobs whose object shows nothing; those that hang on an object the CRM refuses wait for that one."""
    ours = hold(session, [*gone, *(job for job, _ in stuck)])
    _done(session, [job for job in gone if job.id in ours])
    for job, missing in stuck:
        if job.id not in ours:
            continue
        refused = session.scalars(select(SyncJob.kind).where(tuple_(SyncJob.kind, SyncJob.local_id).in_(missing))).all()
        if refused and job.status == "waiting":
            _put_off(session, job, status="blocked", failure="blocked", error=None)
        elif refused:
            # Its creation is in doubt, and stays so: blocked and freed, it would be created after one look.
            _put_off(session, job, at=business_now(session) + SETTLES_IN, status=job.status)
        else:
            for kind, local_id in missing:
                _WANT[kind](session, [local_id])
            _put_off(session, job, status=job.status)


def settle_looks(session: Session, told: Sequence[tuple[Step, Found | CrmFailure]], now: datetime) -> list[Step]:
    """The steps that may be written now: of objects found there and adopted, and of those that surely are not there."""
    connection.note(session, [answer for _, answer in told], now=now)
    ours = hold(session, [step.job for step, _ in told])
    taken = _taken(session, [(step, answer) for step, answer in told if isinstance(answer, Found)])
    ready = []
    for step, answer in told:
        if step.job.id not in ours:
            continue
        if isinstance(answer, CrmFailure):
            _failed(session, step, answer, now, creating=False)
            continue
        alike = [remote_id for remote_id in answer.alike if (step.wanted.kind, remote_id) not in taken]
        if answer.own or alike:
            adopted = _adopt(session, step, answer.own, alike)
            if adopted is None:
                _failed(session, step, Rejected(_CLAIMED), now, creating=False)
                continue
            taken.add((step.wanted.kind, adopted.remote_id or 0))
            ready.append(adopted)
        elif step.job.status == "waiting" or step.job.looks + 1 >= LOOKS:
            ready.append(step)
        else:
            _put_off(session, step.job, at=now + SETTLES_IN, status="uncertain", looks=step.job.looks + 1)
    return ready


def record_same(session: Session, steps: Sequence[Step]) -> None:
    """The CRM shows these already."""
    ours = hold(session, [step.job for step in steps])
    same = [step for step in steps if step.job.id in ours]
    for step in same:
        session.execute(_link_of(step).values(stale_at=_stale_at(step)))
    _done(session, [step.job for step in same])


def record_writes(session: Session, told: Sequence[tuple[Step, int | CrmFailure]], now: datetime) -> None:
    """What came of each write. A worker that was frozen past its lease records nothing: another has taken over."""
    connection.note(session, [outcome for _, outcome in told], now=now)
    ours = hold(session, [step.job for step, _ in told])
    came = [(step, outcome) for step, outcome in told if step.job.id in ours]
    written = [(step, replace(step, remote_id=it)) for step, it in came if not isinstance(it, CrmFailure)]
    linked = _save(session, [(there, there.fields) for _, there in written], now)
    failed = [(step, it) for step, it in came if isinstance(it, CrmFailure)]
    failed += [(step, Rejected(_CLAIMED)) for step, there in written if there not in linked]
    for step, why in failed:
        _failed(session, step, why, now, creating=step.remote_id is None)
    _done(session, [there.job for there in linked])


def _taken(session: Session, told: Sequence[tuple[Step, Found]]) -> set[tuple[str, int]]:
    """Which of the people that look alike belong to others of ours."""
    pairs = [(step.wanted.kind, remote_id) for step, found in told for remote_id in found.alike]
    found = select(CrmLink.kind, CrmLink.remote_id).where(tuple_(CrmLink.kind, CrmLink.remote_id).in_(pairs))
    return {(kind, remote_id) for kind, remote_id in session.execute(found)} if pairs else set()


def _adopt(session: Session, step: Step, own: Sequence[int], alike: Sequence[int]) -> Step | None:
    if len(own or alike) > 1:
        found = list(own or alike)
        _log.error("crm.several", kind=step.job.kind, local_id=str(step.wanted.local_id), remote_ids=found)
    # Our own line is as we wrote it. Somebody else's contact keeps the name that its people gave it.
    written = step.wanted.fields if step.job.kind in (COMMENT, LOG) else {}
    adopted = replace(step, remote_id=min(own) if own else alike[0], written=written, named_there=not own)
    return adopted if _save(session, [(adopted, written)], None) else None


def _save(session: Session, links: Sequence[tuple[Step, Fields]], now: datetime | None) -> list[Step]:
    """Keep which objects of the CRM these are; those are left out that are another's of ours already."""
    objects = [step.job.key for step, _ in links]
    known = select(CrmLink.kind, CrmLink.local_id, CrmLink.remote_id)
    rows = session.execute(known.where(tuple_(CrmLink.kind, CrmLink.local_id).in_(objects))) if objects else ()
    was = {(kind, local_id): remote_id for kind, local_id, remote_id in rows}
    saved = _upsert(session, [(step, _row(step, written, now)) for step, written in links])
    moved: dict[str, list[UUID]] = defaultdict(list)
    for step in saved:
        if was.get(step.job.key) != step.remote_id:
            moved[step.job.kind].append(step.job.local_id)
    for kind in sorted(moved):
        wanting.want_children(session, kind, moved[kind])
    return saved


def _upsert(session: Session, rows: Sequence[tuple[Step, dict[str, Any]]]) -> list[Step]:
    if not rows:
        return []
    new = insert(CrmLink).values([row for _, row in rows])
    keys = ("kind", "local_id")
    changed = {name: new.excluded[name] for name in rows[0][1] if name not in keys}
    try:
        with session.begin_nested():
            session.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))
    except IntegrityError:
        # One of them bears the id of another one's object. Which one shows when each is tried alone.
        return [step for row in rows for step in _upsert(session, [row])] if len(rows) > 1 else []
    return [step for step, _ in rows]


def _row(step: Step, written: Fields, now: datetime | None) -> dict[str, Any]:
    return {
        "kind": step.job.kind,
        "local_id": step.job.local_id,
        "customer_id": step.wanted.customer_id,
        "remote_id": step.remote_id,
        "written": written,
        "named_there": step.named_there,
        "stale_at": _stale_at(step),
        **({"written_at": now} if now else {}),
    }


def _link_of(step: Step) -> Any:
    return update(CrmLink).where(CrmLink.kind == step.wanted.kind, CrmLink.local_id == step.wanted.local_id)


def _stale_at(step: Step) -> datetime | None:
    day = step.wanted.stale_on
    return start_of(date.fromisoformat(day) + timedelta(days=1)) if day else None


def _done(session: Session, jobs: Sequence[Taken]) -> None:
    """The jobs are over, unless their objects changed meanwhile. Whatever waited for the objects may go on."""
    if not jobs:
        return
    as_taken = tuple_(SyncJob.id, SyncJob.version).in_([(job.id, job.version) for job in jobs])
    over = set(session.scalars(delete(SyncJob).where(as_taken).returning(SyncJob.id)))
    for job in jobs:
        if job.id not in over:
            _put_off(session, job, tries=0, looks=0, failure=None, error=None)
    freed = update(SyncJob).where(
        SyncJob.customer_id.in_({job.customer_id for job in jobs}), SyncJob.status == "blocked"
    )
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
        payload = masked(step.fields if step.remote_id is None else step.changes)
        _put_off(session, job, status="parked", payload=payload, **told)


def _put_off(session: Session, job: Taken, *, at: datetime | None = None, status: str = "waiting", **more: Any) -> None:
    values = {"lease_until": None, "status": status, "next_try_at": at or business_now(session), **more}
    session.execute(update(SyncJob).where(SyncJob.id == job.id).values(values))
