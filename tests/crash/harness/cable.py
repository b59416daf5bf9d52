"""With several hosts: worker A loses its cable in the middle of the run, with charges in hand, and gets it back later."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import Session
from payments.charging.models import LIVE, SENDING, Payment
from tests.crash.harness.checker import Verdict
from tests.crash.harness.company import Company
from tests.crash.harness.database import insist
from tests.crash.harness.figures import Took
from tests.crash.harness.plan import CUT, RETURN, SETTLED
from tests.crash.harness.programs import Program
from tests.crash.harness.record import Record

# The lease of what it had in hand (150 s) ends while it is away: others must settle that, and it must not disturb them.
_AWAY_S = 200.0
_TICK_S = 0.2
_HOST, _WORKER = "a", "worker-a"


@dataclass
class Hand:
    """What a host had in hand when it was cut off.

    `settled` says of each how many seconds after the cut its outcome was known, `open` of which it is not known yet.
    """

    record: Record
    settled: list[Took] = field(default_factory=list)
    open: set[UUID] = field(default_factory=set)
    cut_at: float = 0.0

    def watch(self) -> None:
        """See which of the open ones have been settled."""
        if not self.open:
            return
        live = set(insist(lambda session: _live(session, list(self.open))))
        for payment_id in self.open - live:
            self.settled.append((time.time() - self.cut_at, payment_id))
            self.record.note("cable", SETTLED, str(payment_id))
        self.open = live

    def verdict(self) -> Verdict:
        """Whether all of them were seen settled: one that was not is missing in the figure."""
        return Verdict(
            "cut",
            "each charge in the hand of the host that was cut off was seen settled",
            len(self.settled) + len(self.open),
            [f"payment {payment_id} was never seen settled" for payment_id in sorted(self.open)],
        )


def is_the_moment(held: int, now: datetime, *, from_then: datetime, with_one: datetime) -> bool:
    """Whether a worker with so many charges in hand is to lose its cable: they are to be several, one from `with_one` on.

    Where few charges fall due, two of them may never be in one hand.
    """
    return now >= from_then and held >= (1 if now >= with_one else 2)


@dataclass
class Cable:
    """Who pulls it, gives it back, and watches what was in the `hand`. Both instants are business time: `is_the_moment`."""

    company: Company
    record: Record
    from_then: datetime
    with_one: datetime
    _back: threading.Event = field(default_factory=threading.Event)
    _evening: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.hand = Hand(self.record)

    @property
    def waiting(self) -> bool:
        """Whether the host is still to be cut off, or to come back. A charge may be open on: of a card that was taken
        away meanwhile it is only looked for, for a day, which passes when all of this is over."""
        return not self._back.is_set()

    def start(self) -> None:
        """Wait for the middle of the run, and there for a moment at which the worker has charges in hand."""
        self._thread = threading.Thread(target=self._work, name="cable", daemon=True)
        self._thread.start()

    def end_of_the_day(self) -> None:
        """Pull it no more, and give it back if it is still out; what was in hand is watched on."""
        self._evening.set()

    def stop(self) -> None:
        """Watch no more; what is open now was never seen settled."""
        self._evening.set()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.hand.watch()

    def _work(self) -> None:
        worker = next(program for program in self.company.programs.all if program.name == _WORKER)
        while not self._evening.wait(_TICK_S) and not self.hand.open:
            now, held = insist(lambda session: (business_now(session), _sending(session, worker.worker_name())))
            if is_the_moment(len(held), now, from_then=self.from_then, with_one=self.with_one):
                self._pull(worker)
        while worker.cut_off or (self.hand.open and not self._stop.is_set()):
            if worker.cut_off and (self._evening.is_set() or time.time() > self.hand.cut_at + _AWAY_S):
                self._come_back(worker)
            self.hand.watch()
            self._stop.wait(_TICK_S)

    def _pull(self, worker: Program) -> None:
        name = worker.worker_name()
        worker.cut_off = True  # it is hit enough: what it holds is to be settled by the end of its leases
        self.company.network.cut(_HOST)
        self.hand.cut_at = time.time()
        self.hand.open = set(insist(lambda session: _sending(session, name)))
        if not self.hand.open:  # all of it came in just before: nobody has noticed
            self._plug_in(worker)
            return
        self.record.note("cable", CUT, f"{_WORKER} with {len(self.hand.open)} charges in hand")
        self.record.tell(f"{_WORKER} is cut off with {len(self.hand.open)} charges in hand")

    def _plug_in(self, worker: Program) -> None:
        self.company.network.mend(_HOST)
        worker.cut_off = False

    def _come_back(self, worker: Program) -> None:
        self._plug_in(worker)
        self._back.set()
        self.record.note("cable", RETURN, _WORKER)
        self.record.tell(f"{_WORKER} is back, {len(self.hand.open)} of its charges open")


def _sending(session: Session, worker: str) -> Sequence[UUID]:
    mine = select(Payment.id).where(Payment.status == SENDING, Payment.worker == worker)
    return session.scalars(mine.where(Payment.lease_until > func.clock_timestamp())).all()


def _live(session: Session, ids: Sequence[UUID]) -> Sequence[UUID]:
    return session.scalars(select(Payment.id).where(Payment.id.in_(ids), Payment.status.in_(LIVE))).all()
