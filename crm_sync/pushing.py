"""A round: take jobs, look for what the CRM may have already, write what differs, record what came of each.

No transaction is open during a call. That a creation is about to leave is committed before it does: whoever finds that
mark and no result looks for the object first, twice with a pause between, and creates it only when it is not there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, tuple_, update

from crm_sync import connection, recording
from crm_sync.bitrix24.adapter import Bitrix24
from crm_sync.claiming import Taken, claim, renew
from crm_sync.models import CrmConnection, CrmLink, SyncJob
from crm_sync.port import COMMENT, DEAL, LOG, REQUISITE, Crm, Look, Wanted, Write
from crm_sync.snapshots.reading import read_wanted
from crm_sync.steps import Step
from kernel.clock import business_now
from kernel.db import begin, read, repeating
from kernel.fault import fault
from kernel.settings import get_settings

PUSH = "crm.push"
# As many as one batch of writes holds.
LANES = 20
_SECONDS = 60.0


_ended = threading.Event()


def end() -> None:
    """This process stops: the round under way is the last one."""
    _ended.set()


def push(_hints: list[str]) -> None:
    """Bring what is due to the CRM until nothing is, or a minute is over. What the hint names does not matter."""
    address = get_settings().bitrix24_url
    if not address:
        return
    remote = Bitrix24(address)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and not _ended.is_set() and push_round(remote):
        pass
    with begin() as session:
        session.execute(update(CrmConnection).values(hinted_until=None))


def push_round(remote: Crm) -> int:
    """One round with this CRM; how many jobs it took."""
    with begin() as session:
        leave = connection.ask_leave(session, LANES, now=business_now(session))
        taken = claim(session, leave.lanes) if leave.lanes else []
    if not taken:
        return 0
    fault("crm.after_claim")
    steps = _plan(taken)
    steps = _look_for_missing(remote, steps)
    _write(remote, steps)
    return len(taken)


def _plan(taken: Sequence[Taken]) -> list[Step]:
    """What each job asks for now; one that has nothing to show, or must wait for a refused one, ends here."""
    with read() as session:
        wanted = read_wanted(session, [job.key for job in taken])
        needed = {need for item in wanted.values() for need in item.needs.values()}
        known = {*(job.key for job in taken), *needed}
        rows = session.scalars(select(CrmLink).where(tuple_(CrmLink.kind, CrmLink.local_id).in_(known)))
        links = {(link.kind, link.local_id): link for link in rows}
    ready: list[Step] = []
    gone: list[Taken] = []
    stuck: list[tuple[Taken, list[tuple[str, UUID]]]] = []
    for job in taken:
        item = wanted.get(job.key)
        if item is None:
            gone.append(job)
        elif not all(need in links for need in item.needs.values()):
            stuck.append((job, [need for need in item.needs.values() if need not in links]))
        else:
            refs = {name: links[need].remote_id for name, need in item.needs.items()}
            ready.append(_step(job, replace(item, fields=item.fields | refs), links.get(job.key)))
    if gone or stuck:
        repeating(lambda session: recording.put_aside(session, gone, stuck))
    return ready


def _step(job: Taken, wanted: Wanted, link: CrmLink | None) -> Step:
    if link is None or _has_moved(wanted, link):
        return Step(job, wanted, None, {})
    return Step(job, wanted, link.remote_id, link.written, link.named_there)


def _has_moved(wanted: Wanted, link: CrmLink) -> bool:
    # Requisites cannot change their owner: those of a person who became a company stay with the person.
    owner = ("owner_kind", "owner")
    return wanted.kind == REQUISITE and any(
        link.written.get(name, wanted.fields[name]) != wanted.fields[name] for name in owner
    )


def _look_for_missing(remote: Crm, steps: list[Step]) -> list[Step]:
    """Search for the objects without a link; those found are adopted, those in doubt wait, the rest may be created."""
    missing = [step for step in steps if step.remote_id is None and not _is_fresh_entry(step)]
    if not missing:
        return steps
    answers = remote.look([_look(step) for step in missing])
    fault("crm.after_look")
    settled = repeating(
        lambda session: recording.settle_looks(session, list(zip(missing, answers, strict=True)), business_now(session))
    )
    return [*(step for step in steps if step not in missing), *settled]


def _is_fresh_entry(step: Step) -> bool:
    # Only we write our lines: one whose creation has never left cannot be there.
    return step.job.kind in (COMMENT, LOG) and step.job.status == "waiting"


def _look(step: Step) -> Look:
    wanted, fields = step.wanted, step.wanted.fields
    parent = (fields["owner_kind"], fields["owner"]) if wanted.kind == REQUISITE else (DEAL, fields.get("deal", 0))
    return Look(
        wanted.kind, wanted.external_id, wanted.phone, wanted.email, wanted.inn, parent=parent, since=wanted.since
    )


def _write(remote: Crm, steps: Sequence[Step]) -> None:
    changed = [step for step in steps if step.changes or step.remote_id is None]
    same = [step for step in steps if step not in changed]
    if same:
        repeating(lambda session: recording.record_same(session, same))
    if not changed:
        return

    with begin() as session:
        ours = renew(session, [step.job for step in changed])
        changed = [replace(step, job=ours.jobs[step.job.id]) for step in changed if step.job.id in ours.jobs]
        creations = [step.job.id for step in changed if step.remote_id is None]
        session.execute(update(SyncJob).where(SyncJob.id.in_(creations)).values(status="uncertain", looks=0))
    if not changed:
        return
    fault("crm.before_write")
    outcomes = remote.write([_write_of(step) for step in changed], not_after=ours.not_after)
    fault("crm.after_write")
    told = list(zip(changed, outcomes, strict=True))
    repeating(lambda session: recording.record_writes(session, told, business_now(session)))
    fault("crm.after_record")


def _write_of(step: Step) -> Write:
    fields = step.fields if step.remote_id is None else step.changes
    before = {name: step.written.get(name) for name in fields}
    return Write(step.wanted.kind, step.wanted.external_id, fields, step.remote_id, before, adopting=step.is_adopted)
