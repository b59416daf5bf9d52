"""The run's own look into the product's database, which may be away at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from kernel.db import Session, begin, is_away

T = TypeVar("T")
# How long a sender of a letter has it to itself, in real time: portal/notifications/delivery.py.
LETTER_LEASE_S = 120
_LOCK_NOT_AVAILABLE = "55P03"
_PATIENCE_S = 60.0
_PAUSE_S = 0.2

_END_PAYMENTS = text("""
    UPDATE payments SET lease_until = clock_timestamp()
    WHERE status = 'sending' AND worker = :worker RETURNING id
""")
_END_LETTERS = text(f"""
    UPDATE messages SET lease_until = clock_timestamp()
    WHERE status = 'sending' AND lease_until < to_timestamp(:killed) + interval '{LETTER_LEASE_S} seconds'
""")
_END_JOBS = text("""
    UPDATE sync_jobs SET lease_until = clock_timestamp()
    WHERE lease_until < to_timestamp(:killed) + interval '180 seconds'
""")
_END_READINGS = text("""
    UPDATE reconciliations SET lease_until = clock_timestamp()
    WHERE status = 'running' AND lease_until < to_timestamp(:killed) + interval '150 seconds'
""")


def insist(work: Callable[[Session], T]) -> T:
    """Do it in a transaction; while the database is away, or a frozen process holds its rows, wait and begin again.

    `work` must be repeatable.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with begin() as session:
                return work(session)
        except Exception as error:
            if not (is_away(error) or _is_locked_out(error)) or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_S)


def _is_locked_out(error: Exception) -> bool:
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def end_leases_of(worker: str) -> None:
    """A dead worker's charges need not wait: nobody is coming back for them."""
    insist(lambda session: session.execute(_END_PAYMENTS, {"worker": worker}).all())


def end_leases_before(killed_at: float) -> None:
    """Letters, CRM jobs and readings of the lists in the hands of who died before that instant (seconds since the epoch) are free again.

    Called when every living process has had the time to finish what it held then.
    """

    def work(session: Session) -> None:
        session.execute(_END_LETTERS, {"killed": killed_at})
        session.execute(_END_JOBS, {"killed": killed_at})
        session.execute(_END_READINGS, {"killed": killed_at})

    insist(work)
