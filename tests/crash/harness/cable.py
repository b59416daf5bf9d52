"""With several hosts: worker A loses its cable in the middle of the run, with charges in hand, and gets it back later."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select

from kernel.db import Session
from payments.charging.models import LIVE, SENDING, Payment
from tests.crash.harness.company import Company
from tests.crash.harness.database import insist
from tests.crash.harness.record import Record

# The lease of what it had in hand (150 s) ends while it is away: others must settle that, and it must not disturb them.
_AWAY_S = 200.0
_TICK_S = 0.2
_HOST, _WORKER = "a", "worker-a"


@dataclass
class Cable:
    """Who pulls it. `settled_s` says of each charge in hand how long after the cut its outcome was known."""

    company: Company
    record: Record
    settled_s: list[float] = field(default_factory=list)
    _in_hand: set[UUID] = field(default_factory=set)
    _cut_at: float = 0.0
    _back: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def waiting(self) -> bool:
        """Whether the host is still to be cut off, or to come back, or its charges are open."""
        return not self._back.is_set() or bool(self._in_hand)

    def start(self) -> None:
        """Wait for the moment at which the worker has a charge in hand."""
        self._thread = threading.Thread(target=self._work, name="cable", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give the cable back if it is still out."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        worker = next(program for program in self.company.programs.all if program.name == _WORKER)
        while not self._stop.wait(_TICK_S) and not self._in_hand:
            name = worker.worker_name()
            if len(insist(lambda session, name=name: _sending(session, name))) > 1:  # type: ignore[misc]
                worker.cut_off = True  # it is hit enough: what it holds is to be settled by the end of its leases
                self.company.network.cut(_HOST)
                self._cut_at = time.time()
                self._in_hand = set(insist(lambda session, name=name: _sending(session, name)))  # type: ignore[misc]
                self.record.note("kill", "cut", f"{_WORKER} with {len(self._in_hand)} charges in hand")
                self.record.tell(f"{_WORKER} is cut off with {len(self._in_hand)} charges in hand")
        while not self._stop.wait(_TICK_S) and self.waiting:
            self._watch()
            if not self._back.is_set() and time.time() > self._cut_at + _AWAY_S:
                self._come_back()
        if self._cut_at and not self._back.is_set():
            self._come_back()

    def _come_back(self) -> None:
        self.company.network.mend(_HOST)
        next(program for program in self.company.programs.all if program.name == _WORKER).cut_off = False
        self._back.set()
        self.record.note("kill", "cut", f"{_WORKER} is back")
        self.record.tell(f"{_WORKER} is back, {len(self._in_hand)} of its charges open")

    def _watch(self) -> None:
        if not self._in_hand:
            return
        live = set(insist(lambda session: _live(session, list(self._in_hand))))
        self.settled_s += [time.time() - self._cut_at] * (len(self._in_hand) - len(live))
        self._in_hand = live


def _sending(session: Session, worker: str) -> Sequence[UUID]:
    mine = select(Payment.id).where(Payment.status == SENDING, Payment.worker == worker)
    return session.scalars(mine.where(Payment.lease_until > func.clock_timestamp())).all()


def _live(session: Session, ids: Sequence[UUID]) -> Sequence[UUID]:
    return session.scalars(select(Payment.id).where(Payment.id.in_(ids), Payment.status.in_(LIVE))).all()
