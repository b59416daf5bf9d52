"""Letters by their Message-ID, objects of the CRM by their external id, timeline lines by the id in their text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from crm_sync.bitrix24.looking import entity_type
from crm_sync.bitrix24.schema import schema_of
from crm_sync.models import CrmLink, TimelineEntry
from crm_sync.port import COMMENT, LOG, PAYMENT, REQUISITE
from crm_sync.snapshots.identity import external_id, installation_id
from kernel.db import Session
from kernel.settings import get_settings
from payments.charging.models import SUCCEEDED, Payment
from portal.notifications.envelope import own_host
from portal.notifications.models import Message
from portal.notifications.troubles import LOST_IN_HAND
from tests.crash.harness.database import LETTER_LEASE_S
from tests.crash.harness.oracle import Arrival
from tests.crash.harness.plan import CUT, Plan
from tests.crash.harness.record import Record

if TYPE_CHECKING:
    from tests.crash.harness.checker import Evidence

# A doubt is repeated once (reliability M2).
_MOST_COPIES = 2
# What can keep the server's answer from being written down, besides the death of a worker, and of how many workers.
_WORKERS_STRUCK = {"postgres": 2, "pause": 1, CUT: 1}
# From its claim to its arrival a letter may take as long as its sender is frozen, and what a busy machine adds.
_UNDER_WAY_S = 60.0
# A worker's threads for all that is neither charge nor look-up (portal/worker.py).
_LETTERS_IN_HAND = 4
# How many of all letters may be given up over two deaths, and how many at least of a few.
_GIVEN_UP_SHARE, _GIVEN_UP_LEAST = 0.001, 2


def mail(session: Session, evidence: Evidence) -> tuple[int, list[str]]:
    """Every letter that we say has left was taken in; none that we did not write, none too often; none is missing."""
    came = evidence.oracle.letters
    rows = session.execute(select(Message.id, Message.kind, Message.status, Message.error, Message.payment_id)).all()
    written = {f"<{row.id}@{own_host()}>": row for row in rows}
    wrong = [
        f"letter {row.id} ({row.kind}) is {row.status} ({row.error}) and never arrived"
        for message_id, row in written.items()
        if message_id not in came and not _is_given_up(row.status, row.error)
    ]
    wrong += [f"a letter arrived that nobody wrote: {message_id}" for message_id in came if message_id not in written]
    wrong += too_many_given_up(given_up(session, evidence), len(written))
    blows, soonest_s = blows_to_senders(evidence.record), soonest_again(evidence.plan)
    wrong += [f"letter {key} {what}" for key in came if (what := too_often(came[key], blows, soonest_s=soonest_s))]
    wrong += too_many_again(answered_again(came), letters_in_hand(evidence.record))
    told = Counter((row.payment_id, row.kind) for row in rows if row.payment_id)
    wrong += [
        f"{times} letters {kind} were written of payment {key}" for (key, kind), times in told.items() if times > 1
    ]
    confirmed = {row.payment_id for row in rows if row.kind == "payment_succeeded"}
    paid = session.execute(
        select(Payment.id, Payment.number).where(Payment.status == SUCCEEDED, Payment.saves_method.is_(False))
    ).all()
    wrong += [f"payment {row.number} succeeded and nobody was told" for row in paid if row.id not in confirmed]
    return len(written), wrong


def too_often(copies: Sequence[Arrival], blows: Sequence[float], *, soonest_s: float) -> str:
    """What is wrong with how often a letter came, empty if nothing is.

    A second copy needs a reason to doubt the first: the server hung up on it, or its sender was hurt while it had the
    letter to itself; then the second is sent when that lease has ended, `soonest_s` after the first at the earliest.
    `blows`: the instants of those, in real seconds.
    """
    if len(copies) > _MOST_COPIES:
        return f"arrived {len(copies)} times"
    if len(copies) < _MOST_COPIES or copies[0].unanswered:
        return ""
    first, second = copies
    again = f"arrived again after {second.at - first.at:.1f} s"
    if not any(first.at < blow < min(second.at, first.at + LETTER_LEASE_S) for blow in blows):
        return f"{again}, though nothing had befallen the first"
    return f"{again}, while the first was in its sender's hands" if second.at - first.at < soonest_s else ""


def answered_again(came: Mapping[str, Sequence[Arrival]]) -> int:
    """How many letters came again though the server had answered the first."""
    return sum(len(copies) > 1 and not copies[0].unanswered for copies in came.values())


def too_many_again(again: int, most: int) -> list[str]:
    """What is wrong with how many letters came again though the first was answered.

    In a long run every letter has a blow near it, so that each by itself could be excused. But only those are in doubt
    whose answer was not written down yet: at most one in each thread of the sender, and mostly none.
    """
    return [f"{again} letters came again after an answer, {most} were in hand at the blows"] if again > most else []


def soonest_again(plan: Plan) -> float:
    """How soon after a copy that was answered another may come at all; seconds.

    Where the run itself ends the leases of the dead, at any time. So it is where a host is cut off: what was on the line
    then arrives when it is plugged in again, late behind its own repetition.
    """
    return 0.0 if plan.short_leases or plan.hosts > 1 else LETTER_LEASE_S - _UNDER_WAY_S


def too_many_given_up(lost: int, letters: int) -> list[str]:
    """What is wrong with how many letters were given up: a doubt that is repeated once hardly ever ends in a second."""
    most = max(_GIVEN_UP_LEAST, int(letters * _GIVEN_UP_SHARE))
    return [f"{lost} letters were given up over two doubts, {most} of {letters} may be"] if lost > most else []


def letters_in_hand(record: Record) -> int:
    """How many letters senders may have had in hand when they were struck.

    A worker that is killed is noted twice, when it is struck and when it has died; the database serves both.
    """
    workers = sum(item.what.startswith("worker") for item in record.of("died"))
    workers += sum(_WORKERS_STRUCK.get(item.what, 0) for item in record.of("kill", "cable"))
    return workers * _LETTERS_IN_HAND


def blows_to_senders(record: Record) -> list[float]:
    """When a worker died or was frozen or cut off, or the database was away (real seconds)."""
    return [
        item.at
        for item in record.of("died", "kill", "cable")
        if item.what.startswith("worker") or item.what in _WORKERS_STRUCK
    ]


def given_up(session: Session, evidence: Evidence) -> int:
    """How many letters never arrived because two processes died over them: the product repeats a doubt once, no more."""
    came = evidence.oracle.letters
    rows = session.execute(select(Message.id, Message.status, Message.error).where(Message.status == "failed"))
    return sum(f"<{row.id}@{own_host()}>" not in came and _is_given_up(row.status, row.error) for row in rows)


def _is_given_up(status: str, error: str | None) -> bool:
    # Staff see these among the failed letters; a third process might send a letter for the third time.
    return status == "failed" and error == LOST_IN_HAND


def crm(session: Session, evidence: Evidence) -> tuple[int, list[str]]:
    """Every object that we say stands there does so once; each payment of the run and each line is among them."""
    items, schema = evidence.oracle.crm_items, schema_of(get_settings().bitrix24_url)
    installation = installation_id(session)  # type: ignore[arg-type]  # it only reads
    links = session.execute(select(CrmLink.kind, CrmLink.local_id)).all()
    named = [row for row in links if row.kind not in (COMMENT, LOG, REQUISITE)]
    expected = {(entity_type(schema, row.kind), external_id(installation, row.local_id)) for row in named}
    wrong = [f"{key} stands in the CRM {items[key]} times" for key in expected if items[key] != 1]
    wrong += [
        f"{key} stands in the CRM {times} times" for key, times in items.items() if times > 1 and key not in expected
    ]
    wrong += [f"{key} stands in the CRM and we do not know it" for key in items if key not in expected]
    linked = {row.local_id for row in links if row.kind == PAYMENT}
    paid = session.execute(
        select(Payment.id, Payment.number).where(Payment.status == SUCCEEDED, Payment.saves_method.is_(False))
    ).all()
    wrong += [f"payment {row.number} is missing in the CRM" for row in paid if row.id not in linked]
    told = Counter(key for text in evidence.oracle.crm_comments for key in _ids_in(text))
    entries = [str(key) for key in session.scalars(select(TimelineEntry.id))]
    wrong += [f"timeline line {key} stands in the CRM {told[key]} times" for key in entries if told[key] != 1]
    return len(named) + len(entries), wrong


def _ids_in(text: str) -> list[str]:
    # A line ends with its own id, after the address of what it is about.
    return [text.rsplit("#", 1)[1].strip()] if "#" in text else []
