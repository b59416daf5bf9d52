"""The memory is kept whole: filled from PostgreSQL when it is new, was emptied, or lies on a Redis that was restarted.

It bears the name that stands in the database, from which it was filled whole. So a restored database knows by that name
alone whether Redis remembers every stop since its backup, whatever the clocks say. And each time it is vouched for, the
database counts that first: a database whose count is behind was put back in its own place. docs/adr/0032
"""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import update

from kernel import log
from kernel.clock import business_now, this_moment
from kernel.db import begin, read
from payments.installation.models import Installation
from payments.installation.pausing import pause_until_reconciled
from payments.stops.memory import Memory, Server, server
from payments.stops.recalling import recall
from payments.stops.standing import read_stops

REASON = (
    "База вернулась к прежнему состоянию: её восстановили из снимка. Сверьте платежи на странице «Сверка», потом "
    "возобновите списания"
)
_log = log.get(__name__)


def keep_memory() -> bool:
    """Bring stops back in a restored database, once; then see that the memory is whole.

    A database that was put back is noticed here first. Returns whether Redis is another than before: emptied, restarted or replaced.

    Raises:
        MemoryAway: Redis does not answer; whether this database was put back is not known.
    """
    pause_if_gone_back()
    if _is_unrecalled():
        recall()
    return _keep_whole()


def pause_if_gone_back() -> bool:
    """Pause charging when Redis knows a later state of this database than itself; says whether it paused.

    Raises:
        MemoryAway: Redis does not answer; nothing was decided.
    """
    with read() as session:
        it = session.get(Installation, 1)
    marker = Memory(it.id).marker() if it else None
    if it is None or marker is None or marker.vouched <= it.vouched:
        return False
    with begin() as session:
        # Read again: it may have been counted between the two looks. The count is taken over, so that this is told once.
        here = session.get_one(Installation, 1, with_for_update=True, populate_existing=True)
        if marker.vouched <= here.vouched:
            return False
        here.vouched = marker.vouched
        pause_until_reconciled(session, REASON, now=business_now(session))
    _log.error("stops.gone_back", known=marker.vouched, seen_at=marker.seen_at and marker.seen_at.isoformat())
    return True


def _is_unrecalled() -> bool:
    with read() as session:
        found = session.get(Installation, 1)
        return found is not None and found.is_unrecalled


def _keep_whole() -> bool:
    with read() as session:
        it = session.get(Installation, 1)
    if it is None:
        return False
    memory, here = Memory(it.id), server()
    marker = memory.marker()
    if marker and marker.anchored and marker.name == it.stops_memory and marker.run == here.run:
        # A copy that nobody has let go on yet must not count on in the place of its original.
        if it.unproven_since is None:
            _vouch(memory, here, marker.filling)
        return False
    _fill(memory, here, it)
    return True


def _fill(memory: Memory, here: Server, it: Installation) -> None:
    # A database that was restored has no stop of what was begun after its backup. Once it has filled a memory, no other
    # backup may rely on that: it gets a name of its own.
    name = it.stops_memory if it.stops_memory and it.recalled_at is None else uuid4().hex
    filling = uuid4().hex
    # In this order: a stop that is committed after the rows are read reaches the memory by itself, and whoever empties
    # Redis on the way takes the beginning away.
    memory.begin(name, filling)
    with read() as session:
        memory.add(read_stops(session))
    if not _vouch(memory, here, filling):
        return
    _log.warning("stops.memory_filled")
    with begin() as session:
        named = session.get_one(Installation, 1, with_for_update=True)
        named.stops_memory = name
        if named.unproven_since is None:
            named.recalled_at = None


def _vouch(memory: Memory, here: Server, filling: str) -> bool:
    # Committed before Redis hears of it: a database that lost nothing is never behind.
    with begin() as session:
        now = this_moment(session)
        counted = update(Installation).values(vouched=Installation.vouched + 1).returning(Installation.vouched)
        times = session.execute(counted).scalar_one()
    return memory.vouch(filling, here, now=now, times=times)
