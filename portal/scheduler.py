"""The scheduler: looks for what is due, and relays events. The advisory lock is for economy, not for correctness.

Every duty claims its rows conditionally, so that two schedulers at once, or one killed in the middle, do no harm. A duty
that breaks, or that PostgreSQL gives up, is begun again in the next pass and keeps no other one waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import InstrumentedAttribute

from kernel import log
from kernel.broker import Jobs
from kernel.clock import Wait, business_now
from kernel.db import begin, engine, is_away
from kernel.relay import relay_once
from kernel.settings import get_settings
from payments.charging.sweeping import forget_hints
from payments.installation.copies import pause_in_a_copy
from payments.installation.models import Installation
from payments.stops.keeping import keep_memory
from payments.stops.memory import MemoryAway
from portal.duties.noting import DutyNotes
from portal.playing import Follower, Rest, look
from portal.public import Duty
from portal.wiring import Wiring

_log = log.get(__name__)
_LOCK = 4_201_001
_PASS_S = 0.5
_PLAYING_PASS_S = 0.02
_RELAY_S = 0.05
_BEAT_S = 1.0
_KEEP_S = 5.0
_RETRY_S = 1.0


def run(wiring: Wiring, stop: threading.Event) -> None:
    """Take the lead and work until `stop`; a lost database, or a lost lead, only makes it begin again."""
    relay = threading.Thread(target=_relay_forever, args=(wiring, stop), name="relay", daemon=True)
    relay.start()
    while not stop.is_set():
        try:
            with _leadership() as lead:
                if lead:
                    _lead(lead, wiring, stop)
        except (InterfaceError, OperationalError) as error:
            event = "scheduler.database_away" if is_away(error) else "scheduler.begins_again"
            _log.warning(event, error=type(error.orig).__name__)
        stop.wait(_RETRY_S)
    relay.join(timeout=5)


@contextmanager
def _leadership() -> Iterator[Connection | None]:
    # The lock lives as long as this connection; with autocommit no transaction is open on it that could be timed out.
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        leading = bool(connection.execute(select(func.pg_try_advisory_lock(_LOCK))).scalar_one())
        try:
            yield connection if leading else None
        finally:
            if leading and not connection.invalidated:
                connection.execute(select(func.pg_advisory_unlock(_LOCK)))


def _lead(lead: Connection, wiring: Wiring, stop: threading.Event) -> None:
    _log.info("scheduler.leads")
    # The lead is lost with the database, and a database that comes back may be a copy: a promoted standby, a restore.
    with begin() as session:
        pause_in_a_copy(session, now=business_now(session))
    # And whoever was at a job then has failed at it: its hint leads nowhere.
    forget_hints()
    clock_url = get_settings().clock_url
    follower = Follower(clock_url) if clock_url else None
    beat, notes, keeper = _Beat(Installation.scheduler_beat_at), DutyNotes(), _Keeper()
    while not stop.is_set():
        lead.execute(select(1))  # the lock is gone with its connection, and then another scheduler leads
        # Before any duty: a restored database must not warn of charges that were refused, nor charge anew what was charged.
        is_known = keeper.look()
        rest = _look(wiring.waits)
        # Unseen is not undone: each duty finds what is due by itself.
        due = rest.due | rest.chores if rest else [wait.name for wait in wiring.waits]
        duties = [duty for duty in wiring.duties if is_known or not duty.charges]
        found = run_duties(duties, wiring.jobs, due=due, broken=_log_broken, notes=notes)
        notes.write()
        beat.give()
        if follower and rest:
            follower.report(rest)
        stop.wait(_PLAYING_PASS_S if found or (follower and follower.playing) else _PASS_S)


def _look(waits: tuple[Wait, ...]) -> Rest | None:
    """What is due; None when the database gave that question up, too slow or locked out."""
    try:
        return look(waits)
    except OperationalError as error:
        if is_away(error):
            raise
        _log.error("scheduler.look_broke", exc_info=error)
        return None


def run_duties(
    duties: Sequence[Duty],
    jobs: Jobs,
    *,
    due: Collection[str],
    broken: Callable[[Duty, Exception], None],
    notes: DutyNotes | None = None,
) -> int:
    """Do those of the duties whose rows are due; `broken` is told of one that raised, and the others go on.

    Returns how much was found to do.
    """
    wanted = [duty for duty in duties if any(wait.name in due for wait in duty.waits)]
    return sum(_do(duty, jobs, broken, notes or DutyNotes()) for duty in wanted)


def _do(duty: Duty, jobs: Jobs, broken: Callable[[Duty, Exception], None], notes: DutyNotes) -> int:
    try:
        found = duty.run(jobs.send)
    except Exception as error:  # one broken duty must not stop charging
        if is_away(error):
            raise
        notes.broke(duty.name, error)
        broken(duty, error)
        return 0
    notes.ran(duty.name, found)
    return found


def _log_broken(duty: Duty, error: Exception) -> None:
    _log.error("scheduler.duty_broke", duty=duty.name, exc_info=error)


@dataclass
class _Keeper:
    """Keeps the memory of stops; while Redis is away nobody knows whether the database was put back, and no hint arrives."""

    _is_known: bool = False
    _next_at: float = float("-inf")

    def look(self) -> bool:
        """Look if it is time to; whether the last look had an answer."""
        if time.monotonic() >= self._next_at:
            try:
                if keep_memory():
                    forget_hints()
                self._is_known = True
            except MemoryAway:
                _log.warning("scheduler.redis_away")
                self._is_known = False
            self._next_at = time.monotonic() + (_KEEP_S if self._is_known else _RETRY_S)
        return self._is_known


@dataclass
class _Beat:
    """Says at most once a second that a loop has gone round; `/readyz` misses it when it stops."""

    column: InstrumentedAttribute[datetime | None]
    _given_at: float = float("-inf")

    def give(self) -> None:
        if time.monotonic() - self._given_at > _BEAT_S:
            with begin() as session:
                session.execute(update(Installation).values({self.column: func.clock_timestamp()}))
            self._given_at = time.monotonic()


def _relay_forever(wiring: Wiring, stop: threading.Event) -> None:
    beat = _Beat(Installation.relay_beat_at)
    while not stop.is_set():
        try:
            moved = relay_once(wiring.handlers, wiring.jobs.send)
            beat.give()
        except Exception as error:  # noqa: BLE001  whatever broke, the other events must go on
            _log_relay(error)
            moved = 0
            stop.wait(_RETRY_S)
        if not moved:
            stop.wait(_RELAY_S)


def _log_relay(error: Exception) -> None:
    if is_away(error):
        _log.warning("relay.database_away", error=type(error).__name__)
    else:
        _log.error("relay.broke", exc_info=error)
