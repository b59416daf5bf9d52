"""A restored database gets the stops back that were made after its backup; or nobody is charged who has not confirmed.

The production verbs do it, one transaction for each stop: whoever is killed on the way begins again, and what is stopped
already stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import update

from kernel import log
from kernel.clock import business_now
from kernel.db import Session, begin, read, repeating
from kernel.fault import fault
from payments.autopay.confirming import hold_unconfirmed
from payments.installation.models import Installation
from payments.stops.memory import Marker, Memory, server
from payments.stops.undone import KINDS, Undone, stop_again, undone_stops

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was done. `whole`: Redis remembered every stop since the backup, and was `seen_at` whole last.

    `stopped`: stops that were brought back, by kind; `held`: autopays that wait for their customers from now on.
    """

    whole: bool
    seen_at: datetime | None
    stopped: dict[str, int]
    held: int


def recall() -> Recalled | None:
    """Bring back the stops that were made after the backup, or hold every autopay of it; None: nothing was restored.

    Raises:
        MemoryAway: Redis does not answer; nothing was decided.
    """
    with read() as session:
        it = session.get(Installation, 1)
    if it is None or it.unproven_since is None:
        return None
    memory = Memory(it.id)
    marker = memory.marker()
    if marker is not None and _is_whole(marker, it):
        found = Recalled(whole=True, seen_at=marker.seen_at, stopped=_bring_back(memory), held=0)
    else:
        found = Recalled(whole=False, seen_at=None, stopped={}, held=_hold_all(it.unproven_since))
    fault("recall.before_done")
    with begin() as session:
        session.execute(
            update(Installation)
            .where(Installation.unproven_since == it.unproven_since)
            .values(recalled_at=business_now(session))
        )
    _log.warning("stops.recalled", whole=found.whole, stopped=found.stopped, held=found.held)
    return found


def _is_whole(marker: Marker, it: Installation) -> bool:
    # Begun before the backup, for it bears its name. A Redis that did not log its writes lost some with its restart.
    return (
        marker.seen_at is not None and marker.name == it.stops_memory and (marker.logged or marker.run == server().run)
    )


def _bring_back(memory: Memory) -> dict[str, int]:
    stops, done = memory.all(), {}
    for kind in KINDS:
        with read() as session:
            undone = undone_stops(session, kind, stops)
        for it in undone:
            fault("recall.before_stop")
            repeating(partial(_stop, it=it))
        if undone:
            done[kind] = len(undone)
    return done


def _stop(session: Session, it: Undone) -> None:
    stop_again(session, it, now=business_now(session))


def _hold_all(since: datetime) -> int:
    def hold(session: Session) -> int:
        session.execute(update(Installation).values(unconfirmed_before=since))
        return hold_unconfirmed(session, before=since, now=business_now(session))

    held = 0
    while some := repeating(hold):
        held += some
        fault("recall.after_hold")
    return held
