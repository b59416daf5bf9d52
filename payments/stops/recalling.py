"""A restored database gets the stops back that were made after its backup; or nobody is charged who has not confirmed.

The production verbs do it, one transaction for each stop: whoever is killed on the way begins again, and what is stopped
already stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import exists, select, update

from kernel import log
from kernel.clock import business_now
from kernel.db import Session, begin, read, repeating
from kernel.fault import fault
from payments.autopay.confirming import hold_unconfirmed
from payments.installation.models import Installation
from payments.reconciliation.models import SeenPayment
from payments.reconciliation.past import sent_from_here
from payments.stops.memory import Marker, Memory, server
from payments.stops.undone import KINDS, Undone, stop_again, undone_stops

_log = log.get(__name__)
# The memory is vouched for every five seconds; the gateway's clock is not quite ours.
_SLACK = timedelta(minutes=1)


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
    known_until = _known_until(memory.marker(), it)
    if known_until is None and _is_undecided(it):
        found = Recalled(whole=False, seen_at=None, stopped={}, held=_hold_all(it.unproven_since))
    else:
        whole = known_until is not None
        found = Recalled(whole=whole, seen_at=known_until, stopped=_bring_back(memory), held=0)
    fault("recall.before_done")
    with begin() as session:
        session.execute(
            update(Installation)
            .where(Installation.unproven_since == it.unproven_since)
            .values(recalled_at=business_now(session), recalled_until=known_until)
        )
    _log.warning("stops.recalled", whole=found.whole, stopped=found.stopped, held=found.held)
    return found


def _is_undecided(it: Installation) -> bool:
    # Who was held the first time may have confirmed since, and is not held again.
    return it.is_unrecalled or it.recalled_until is not None


def _known_until(marker: Marker | None, it: Installation) -> datetime | None:
    """Until when every stop since the backup is known by Redis; None when no such instant is."""
    if marker is None or marker.seen_at is None:
        return None
    # After the first recall it may have been filled anew: what counts is until when it remembered then.
    until = (marker.seen_at if _is_whole(marker, it) else None) if it.is_unrecalled else it.recalled_until
    return None if until is None or _lived_on(until) else until


def _is_whole(marker: Marker, it: Installation) -> bool:
    # Begun before the backup, for it bears its name. A Redis that did not log its writes lost some with its restart.
    return marker.anchored and marker.name == it.stops_memory and (marker.logged or marker.run == server().run)


def _lived_on(until: datetime) -> bool:
    """Whether the gateway got a payment of ours later that was not sent from here: then Redis is a copy itself."""
    ours_later = exists().where(
        SeenPayment.created_at > until + _SLACK, SeenPayment.payment_id.is_not(None), ~sent_from_here()
    )
    with read() as session:
        return bool(session.execute(select(ours_later)).scalar_one())


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
