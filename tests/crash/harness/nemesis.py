"""Who kills, stops, empties and jumps. What it does next is drawn from the seed; a deck sees that nothing is left out."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import case, func, select, text

from kernel.db import Session
from payments.charging.models import CREATED, SENDING, UNDER_WAY, Payment
from payments.charging.permits import LEASE
from tests.crash.harness.company import Company
from tests.crash.harness.database import end_leases_before, end_leases_of, insist
from tests.crash.harness.plan import FROZEN_S, TARGETS, Plan, points
from tests.crash.harness.programs import Program
from tests.crash.harness.record import Record

_DECK = ("worker", "worker", "scheduler", "web", "redis", "postgres", "pause", "clock")
# Between two blows. In a long run there is time for many, and what came in must be worked off beside them.
_PAUSE_S, _LONG_PAUSE_S = (1.0, 6.0), (2.0, 11.0)
_LONGEST_HOLD_S = 10.0
_AWAY_S = (0.2, 2.0)
# Where everybody has died already, each new process dies at one more point, as late as this: it must get something done.
_LATEST_HIT = 500
# What falls due in a jump is due at once: in a long run as much as the machine gets over in a minute, beside the four a
# second that fall due anyway (two cores: 8.3 a second in all).
_JUMP_S, _LONG_JUMP_S = (60, 300), (30, 60)
_IN_HAND = text(
    f"SELECT id, extract(epoch FROM lease_until - interval '{LEASE}') AS taken_at, extract(epoch FROM lease_until) AS ends"
    " FROM payments WHERE status = 'sending' AND worker = :worker"
)


@dataclass(frozen=True, slots=True)
class Orphan:
    """A charge that a dead worker had in hand: since when, when that died, and until when its lease runs (seconds, real)."""

    payment_id: UUID
    taken_at: float
    died_at: float
    lease_until: float


@dataclass(frozen=True, slots=True)
class Jump:
    """A leap of the clock over so many `seconds` from `at` on, and for which instant each payment under way waited then.

    Business time. Who is being sent waits for nothing but real time; who is awaited at no instant is not among them.
    """

    at: datetime
    seconds: float
    awaited: dict[UUID, datetime]

    @property
    def end(self) -> datetime:
        """Where the clock was afterwards."""
        return self.at + timedelta(seconds=self.seconds)


@dataclass
class Nemesis:
    """The attacker. `orphans`, `emptied` and `jumps` are what it left behind, for the figures."""

    plan: Plan
    company: Company
    record: Record
    orphans: list[Orphan] = field(default_factory=list)
    emptied: list[tuple[float, list[UUID]]] = field(default_factory=list)
    jumps: list[Jump] = field(default_factory=list)
    last_death: float = 0.0
    _deck: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _helpers: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = self.plan.chance("nemesis")
        self._arming = self.plan.chance("points")
        self._points = points()

    def start(self) -> None:
        """Attack until told to stop."""
        self._thread = threading.Thread(target=self._attack, name="nemesis", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The last blow has fallen when this returns; who is frozen is thawed."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for helper in self._helpers:
            helper.join()

    def open_points(self, *but: str) -> list[str]:
        """Points at which nobody has died yet; without those whose name begins with one of `but`."""
        hit = self.record.count("point")
        return [point for point in self._points if not hit[point] and not point.startswith(but or ("-",))]

    def arm(self, role: str) -> str:
        """The fault points with which a process of this role is started: those that were never hit, at an early hit."""
        mine = [point for point in self.open_points() if self._points[point] == role]
        if mine:
            latest = 3 if self.plan.is_long else 1
            return ",".join(f"{point}=kill:{self._arming.randint(1, latest)}" for point in mine)
        if not self.plan.is_long:
            return ""
        again = [point for point, its_role in self._points.items() if its_role == role]
        return f"{self._arming.choice(again)}=kill:{self._arming.randint(1, _LATEST_HIT)}" if again else ""

    def note_death(self, program: Program, _point: str) -> None:
        """A process has ended: remember what it had in hand."""
        self.last_death = time.time()
        if program.role in ("worker", "web"):
            name, died_at = program.worker_name(), self.last_death
            self._help(lambda: self._orphans_of(name, died_at))
            if self.plan.short_leases:
                self._help(lambda: self._free_others(died_at))

    def _orphans_of(self, worker: str, died_at: float) -> None:
        rows = insist(lambda session: session.execute(_IN_HAND, {"worker": worker}).all())
        if rows and self.plan.short_leases:
            end_leases_of(worker)
        ends = time.time() if self.plan.short_leases else 0.0
        self.orphans += [Orphan(row.id, float(row.taken_at), died_at, ends or float(row.ends)) for row in rows]

    def _free_others(self, died_at: float) -> None:
        # Letters and CRM jobs do not say in whose hands they are: after ten seconds nobody but the dead, or the frozen,
        # still holds what was taken before.
        self._stop.wait(_LONGEST_HOLD_S)
        if not any(program.paused for program in self.company.programs.of("worker")):
            end_leases_before(died_at)

    def _attack(self) -> None:
        pause_s = _LONG_PAUSE_S if self.plan.is_long else _PAUSE_S
        while not self._stop.wait(self._chance.uniform(*pause_s)):
            what = self._draw()
            try:
                self._strike(what)
            except Exception as error:  # noqa: BLE001  the attacker must not be the one who falls
                self.record.tell(f"nemesis: {what} failed: {type(error).__name__}: {error}")

    def _draw(self) -> str:
        if not self._deck:
            self._deck = list(_DECK)
            self._chance.shuffle(self._deck)
        return self._deck.pop()

    def _strike(self, what: str) -> None:
        blows = {
            "redis": self._empty_redis,
            "postgres": self._stop_postgres,
            "pause": self._freeze,
            "clock": self._jump,
        }
        blows.get(what, partial(self._kill, what))()

    def _kill(self, role: str) -> None:
        standing = [program for program in self.company.programs.of(role) if program.alive() and not program.cut_off]
        if standing:
            victim = self._chance.choice(standing)
            # Written down before the blow: the supervisor may see the body first. Every other blow counts once it fell.
            self.record.note("kill", role, victim.name)
            victim.send(signal.SIGKILL)

    def _empty_redis(self) -> None:
        self.company.empty_redis()
        now = time.time()
        self.record.note("kill", "redis")
        waiting = insist(_waiting)
        self.emptied.append((now, waiting))

    def _stop_postgres(self) -> None:
        self.company.stop_postgres(self._chance.uniform(*_AWAY_S))
        self.record.note("kill", "postgres")

    def _freeze(self) -> None:
        standing = [p for p in self.company.programs.of("worker") if p.alive() and not p.paused and not p.cut_off]
        if standing:
            frozen = self._chance.choice(standing)
            self.record.note("kill", "pause", frozen.name)
            frozen.paused = True
            pid = frozen.pid
            frozen.send(signal.SIGSTOP)

            def thaw() -> None:
                self._stop.wait(FROZEN_S)
                if frozen.pid == pid:
                    frozen.send(signal.SIGCONT)
                    frozen.paused = False

            self._help(thaw)

    def _jump(self) -> None:
        seconds = self._chance.randint(*(_LONG_JUMP_S if self.plan.is_long else _JUMP_S))
        self.stride(seconds)
        self.record.note("kill", "clock", f"{seconds} s")

    def stride(self, seconds: float) -> None:
        """Move the clock past so much time, and remember that nobody lived it."""
        awaited = dict(insist(_awaited))
        at = datetime.fromisoformat(self.company.outside.ask("clock")["now"])
        self.company.outside.jump(seconds)
        self.jumps.append(Jump(at, seconds, awaited))

    def _help(self, work: Callable[[], None]) -> None:
        helper = threading.Thread(target=work, daemon=True)
        self._helpers.append(helper)
        helper.start()


assert set(_DECK) == set(TARGETS)


def _waiting(session: Session) -> list[UUID]:
    due = select(Payment.id).where(Payment.status == CREATED, Payment.initiator == "schedule")
    return list(session.scalars(due).all())


def _awaited(session: Session) -> list[tuple[UUID, datetime]]:
    at = case((Payment.status == SENDING, func.business_now()), else_=Payment.next_check_at)
    rows = session.execute(select(Payment.id, at).where(Payment.status.in_(UNDER_WAY), at.is_not(None)))
    return [(row[0], row[1]) for row in rows]
