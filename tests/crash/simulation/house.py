"""The product's processes in one thread: scheduler, relay, workers and web, each of which may die in the middle.

Duties and jobs are those of the product's own wiring, without letters, files and the CRM; a notice counts as sent when
the machine says that its letter has left. Leases are real time: they end when the machine says so, nobody waits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update

from kernel import clock
from kernel.broker import Job, Jobs
from kernel.clock import Wait, business_now
from kernel.db import begin
from kernel.fault import Crashed
from kernel.inbox import Handlers
from kernel.outbox import UNDISPATCHED
from kernel.relay import relay_once
from kernel.settings import get_settings
from payments.autopay.models import Notice
from payments.autopay.notices import mark_notice_sent
from payments.charging import sending
from payments.charging.models import SENDING, Payment
from payments.gateway.yookassa import YooKassa
from payments.webhooks.models import InboundWebhook
from portal.playing import Rest, look
from portal.public import Duty
from portal.scheduler import run_duties
from portal.wiring import DUTIES, JOBS
from tests.crash.simulation.cranked import CrankedSender
from tests.support.faults import faulty

# Half past a minute, and all moves are whole minutes: no move ends within milliseconds of a date's beginning.
START = datetime.fromisoformat("2027-03-10T07:17:30+00:00")
_LEASE = timedelta(minutes=3)
# Reconciliation repairs what charging forgot; here nothing may need it.
_ELSEWHERE = {"rehint_deliveries", "sweep_messages", "sweep_exports", "drop_expired_exports", "hint_reconciliation"}
_MOST_TURNS = 200


class KeptJobs(Jobs):
    """What lies in Redis, in the order in which it came."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        super().__init__(jobs)
        self.waiting: list[tuple[str, list[str]]] = []

    def send(self, name: str, ids: Sequence[UUID | int]) -> None:
        """Keep the hint. PostgreSQL returns the rows of one hint in any order; a run must be the same each time."""
        self.waiting.append((name, sorted(str(item) for item in ids)))


class House:
    """Everything of ours that runs. The next process to pass so many fault points in one act dies there; 0: none does."""

    def __init__(self, start: datetime) -> None:
        self.duties: tuple[Duty, ...] = tuple(duty for duty in DUTIES if duty.name not in _ELSEWHERE)
        self.waits: tuple[Wait, ...] = (UNDISPATCHED, *(wait for duty in self.duties for wait in duty.waits))
        self.jobs = KeptJobs(JOBS)
        self.dies_at = 0
        self._nobody = Handlers(())
        self.sender = self._new_sender()
        with begin() as session:
            clock.set_shift(session, start - clock.real_now())

    def have(self, process: str, act: Callable[[], object]) -> str | None:
        """A process of this kind (scheduler, worker, web) does something; at which point it died, if it did."""
        try:
            with faulty(f"*=crash:{self.dies_at}" if self.dies_at else ""):
                act()
        except Crashed as death:
            self.dies_at = 0
            if process == "worker":
                self.sender = self._new_sender()
            return str(death)
        return None

    def scheduler_passes(self) -> int:
        """One look at what is due, and the relay's; how much there was to do."""
        found = run_duties(self.duties, self.jobs, due=self.look().due, broken=_stop)
        return found + relay_once(self._nobody, self.jobs.send)

    def work(self, which: int, *, again: bool = False) -> None:
        """A worker takes a message; who dies over it, or does it `again`, leaves it there."""
        name, ids = self.jobs.waiting[which]
        self.jobs.by_name[name].run(ids)
        if not again:
            self.jobs.waiting.remove((name, ids))

    def letters_leave(self) -> int:
        """Every notice that waits for its letter is sent now."""
        with begin() as session:
            now = business_now(session)
            found = session.scalars(select(Notice.id).where(Notice.sent_at.is_(None)).order_by(Notice.id)).all()
            for notice_id in found:
                mark_notice_sent(session, notice_id, now=now)
        return len(found)

    def pass_time(self, span: timedelta) -> None:
        """The clock goes on, for leases too. Whole minutes only."""
        with begin() as session:
            clock.set_shift(session, clock.refresh() + span)
        self.end_leases(of_calls=span >= _LEASE)

    def end_leases(self, *, of_calls: bool) -> None:
        """Half a minute has passed, or two and a half, over which a sender that is frozen says nothing."""
        self.sender.let_time_pass()
        with begin() as session:
            held = Payment.lease_until.is_not(None)
            mine = held if of_calls else held & (Payment.status != SENDING)
            session.execute(update(Payment).where(mine).values(lease_until=func.clock_timestamp()))
            session.execute(
                update(InboundWebhook)
                .where(InboundWebhook.hinted_until.is_not(None))
                .values(hinted_until=func.clock_timestamp())
            )

    def look(self) -> Rest:
        """How the product stands."""
        return look(self.waits)

    def until_next(self) -> timedelta:
        """How long until something more is due, in whole minutes; a minute when nothing ever will be."""
        at = self.look().next_at
        if at is None:
            return timedelta(minutes=1)
        minutes = (datetime.fromisoformat(at) - clock.now()) / timedelta(minutes=1)
        return timedelta(minutes=max(1, math.ceil(minutes)))

    def settle(self) -> bool:
        """All that can be done at this moment is done, and what follows from it; False when something stays due."""
        for _ in range(_MOST_TURNS):
            moved = self.scheduler_passes() + self.letters_leave() + len(self.jobs.waiting)
            while self.jobs.waiting:
                self.work(0)
            while self.sender.held:
                self.sender.call(0)
            if self.sender.answers:
                self.sender.record(len(self.sender.answers))
            if not moved:
                break
        return not self.look().due

    def all_die(self) -> None:
        """Every process ends at once, Redis with what lies in it too; what they had in hand is nobody's."""
        self.dies_at = 0
        self.jobs.waiting.clear()
        self.sender = self._new_sender()
        self.end_leases(of_calls=True)

    def close(self) -> None:
        """Nobody after this is sent through this house."""
        sending._state.pop("sender", None)

    @staticmethod
    def _new_sender() -> CrankedSender:
        sender = CrankedSender(YooKassa.of(get_settings()))
        sending._state["sender"] = sender
        return sender


def _stop(_duty: Duty, error: Exception) -> None:
    raise error
