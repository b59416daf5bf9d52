"""The verdict: our books against the gateway's, the mail server's and the CRM's. Each check names what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select, text

from kernel.db import Session, read
from payments.charging.models import LIVE, Payment
from payments.doctor.check import examine
from portal.playing import look
from portal.wiring import Wiring
from tests.crash.harness import check_barrier, check_calls, check_lists, check_money, check_outside
from tests.crash.harness.check_money import Wrong
from tests.crash.harness.oracle import Oracle
from tests.crash.harness.people import Stop
from tests.crash.harness.plan import BROKE_OFF, Plan
from tests.crash.harness.record import Record
from tests.crash.harness.workload import Due

_SHOWN = 20
_LONG_S = 5.0
_QUEUES = {
    "events not dispatched": "SELECT count(*) FROM outbox_messages WHERE dispatched_at IS NULL",
    "events not delivered": "SELECT count(*) FROM deliveries WHERE done_at IS NULL AND dead_at IS NULL",
    "events given up": "SELECT count(*) FROM deliveries WHERE dead_at IS NOT NULL",
    "notifications not worked off": "SELECT count(*) FROM inbound_webhooks WHERE status = 'new'",
    "letters not sent": "SELECT count(*) FROM messages WHERE status IN ('queued', 'sending', 'uncertain')",
    "CRM jobs not done": "SELECT count(*) FROM sync_jobs",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the checks look at."""

    plan: Plan
    dues: Sequence[Due]
    stops: Sequence[Stop]
    shifts: Sequence[tuple[float, float]]
    forged_ids: Sequence[str]
    foreign_ids: Sequence[str]
    gave_up: Sequence[str]
    record: Record
    oracle: Oracle
    wiring: Wiring


@dataclass
class Verdict:
    """What came of one check: how much it looked at, and what it found wrong."""

    name: str
    about: str
    looked_at: int = 0
    wrong: list[str] = field(default_factory=list)
    remark: str = ""

    @property
    def passed(self) -> bool:
        """Nothing is wrong, and there was something to look at."""
        return not self.wrong and self.looked_at > 0

    def shown(self) -> list[str]:
        """What is wrong, as much as one wants to read."""
        more = len(self.wrong) - _SHOWN
        return [*self.wrong[:_SHOWN], *([f"… and {more} more"] if more > 0 else [])]


Check = Callable[[Session, Evidence], tuple[int, Wrong]]


def check_all(evidence: Evidence) -> list[Verdict]:
    """Every check, in a reading of its own: all is at rest. One that breaks off has failed, and the others go on."""
    return [_verdict(evidence, name, about, check) for name, about, check in CHECKS]


def broken_off(name: str, about: str, error: Exception) -> Verdict:
    """The verdict on what could not be looked at."""
    return Verdict(name, about, 1, [f"{BROKE_OFF}: {error!r}"])


def _verdict(evidence: Evidence, name: str, about: str, check: Check) -> Verdict:
    began = time.monotonic()
    try:
        with read() as session:
            looked_at, wrong = check(session, evidence)
            remark = _remark(session, evidence) if name == "mail" else ""
    except Exception as error:  # noqa: BLE001  whatever it was, a run of half an hour must come to its verdict
        return broken_off(name, about, error)
    finally:
        took = time.monotonic() - began
        if took > _LONG_S:
            evidence.record.tell(f"the check {name} took {took:.1f} s")
    return Verdict(name, about, looked_at, wrong, remark)


def _remark(session: Session, evidence: Evidence) -> str:
    again, lost = check_outside.answered_again(evidence.oracle.letters), check_outside.given_up(session, evidence)
    said = [f"{again} came again though the first had been answered: its sender was hurt"] if again else []
    said += [f"{lost} given up after two processes had died over them; staff see them as failed"] if lost else []
    return "; ".join(said)


def _rest(session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    wrong = [f"{name}: {count}" for name, sql in _QUEUES.items() if (count := session.execute(text(sql)).scalar_one())]
    live = session.execute(select(Payment.number, Payment.status).where(Payment.status.in_(LIVE))).all()
    wrong += [f"payment {row.number} is {row.status} for ever" for row in live]
    wrong += [f"due: {name}" for name in sorted(look(evidence.wiring.waits).due)]
    if evidence.oracle.undelivered:
        wrong.append(f"the gateway still holds {evidence.oracle.undelivered} notifications")
    return len(_QUEUES) + len(evidence.dues), wrong


def _doctor(_session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    found = examine(evidence.wiring.checks)
    for it in found:
        if it.millis > _LONG_S * 1000:
            evidence.record.tell(f"the doctor's {it.name} took {it.millis / 1000:.1f} s")
    return len(found), [f"{it.name}: {it.error or it.breaches[:3]}" for it in found if not it.sound]


def _people(_session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    return 1 + len(evidence.stops), list(evidence.gave_up)


CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("once", "each due line was paid once at the gateway, or never where it had to be", check_money.once),
    ("alone", "no two payments of one invoice were ever under way at once", check_money.alone),
    ("ledger", "the ledger sums to zero and holds what the gateway took, each payment once", check_money.ledger),
    ("statuses", "what we say of each payment is what the gateway says", check_money.statuses),
    ("bodies", "one key always went with the same bytes: those that we stored", check_money.bodies),
    (
        "asked",
        "each call asked the due's own card for the sum agreed, under a permit of its own, and no card refused for good again",
        check_calls.asked,
    ),
    (
        "barrier",
        "nothing left under a permit later than a stop, nor after its answer but, within seconds, what that named",
        check_barrier.check,
    ),
    ("hints", "a notification that lied changed nothing, a foreign one neither", check_money.notifications),
    ("mail", "each letter arrived, and a second copy only where a doubt allows one", check_outside.mail),
    ("crm", "each object and each timeline line stands in the CRM once", check_outside.crm),
    ("rest", "nothing is due, queued or live any more", _rest),
    ("lists", "the product's reconciliation lists what was paid past it, and nothing else", check_lists.lists),
    ("doctor", "the product's own doctor finds everything sound", _doctor),
    ("people", "every customer who wanted something got an answer", _people),
)
