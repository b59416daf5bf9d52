"""Money: what the gateway took, what our ledger says, and which bytes went out under which key."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select, text

from kernel.db import Session
from payments.charging.models import CANCELED, REJECTED, SUCCEEDED, Payment
from payments.contracts.models import Installment
from payments.ledger.models import GATEWAY, LedgerEntry, LedgerTransaction
from payments.webhooks.models import InboundWebhook

if TYPE_CHECKING:
    from tests.crash.harness.checker import Evidence

Wrong = list[str]
# How often a line may have been paid at the gateway, by what its customer did.
_EXPECTED: dict[str, tuple[int, ...]] = {
    "refused": (0, 1),
    "unlinks": (0, 1),
    "withdraws": (0, 1),
    "unlinks_lost": (0,),
    # Whose worker died before the call is in doubt too, though nothing has arrived.
    "unlinks_arrived": (0, 1),
}
# From the first permit to the first word that it is over; what came of it afterwards does not matter.
_TOGETHER = text("""
    WITH sent AS (
        SELECT p.number, p.invoice_id, p.first_sent_at AS since, coalesce(min(h.at), 'infinity') AS until
        FROM payments p
        LEFT JOIN status_history h
            ON h.object_kind = 'payment' AND h.object_id = p.id AND h.new IN ('succeeded', 'canceled', 'rejected')
        WHERE p.first_sent_at IS NOT NULL
        GROUP BY p.id
    )
    SELECT one.number, other.number AS other
    FROM sent one JOIN sent other USING (invoice_id)
    WHERE one.number < other.number AND one.since < other.until AND other.since < one.until
    ORDER BY 1, 2
""")


def once(session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    """Succeeded payments at the gateway by due line."""
    taken = Counter(charge.invoice_id for charge in evidence.oracle.charges if charge.status == SUCCEEDED)
    paid = dict(session.execute(select(Installment.id, Installment.status)).all())
    stopped = {stop.due.line_id for stop in evidence.stops}
    wrong = []
    for due in evidence.dues:
        times, expected = taken[due.invoice_id], times_paid(due.fate, stopped=due.line_id in stopped)
        if times not in expected:
            wrong.append(f"line {due.line_id} ({due.fate}) was paid {times} times at the gateway, not {expected}")
        if (paid[due.line_id] == "paid") != (times > 0):
            wrong.append(f"line {due.line_id} is {paid[due.line_id]} here and was paid {times} times there")
    return len(evidence.dues), wrong


def times_paid(fate: str, *, stopped: bool) -> tuple[int, ...]:
    """How often a line of this fate may have been paid, now that its customer's stop was answered, or was not."""
    if fate == "unlinks_lost" and not stopped:
        return (0, 1)  # the attack was over before he came: the charge reached the gateway after all
    return _EXPECTED.get(fate, (1,))


def alone(session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    """Two payments of one invoice under way at once: whether both take money is then a matter of luck."""
    wrong = [f"payments {row.number} and {row.other} were under way at once" for row in session.execute(_TOGETHER)]
    return len(evidence.oracle.posts), wrong


def ledger(session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    """The ledger against the gateway's sums."""
    wrong = []
    unbalanced = session.execute(
        select(LedgerEntry.transaction_id)
        .group_by(LedgerEntry.transaction_id)
        .having(func.sum(LedgerEntry.kopecks) != 0)
    ).all()
    wrong += [f"ledger transaction {row[0]} does not sum to zero" for row in unbalanced]
    if total := session.execute(select(func.coalesce(func.sum(LedgerEntry.kopecks), 0))).scalar_one():
        wrong.append(f"the ledger sums to {total} kopecks")
    ours = [charge for charge in evidence.oracle.charges if charge.payment_id and charge.status == SUCCEEDED]
    theirs = {charge.gateway_id: charge.kopecks for charge in ours}
    booked = dict(
        session.execute(
            select(Payment.gateway_id, func.sum(LedgerEntry.kopecks))
            .join(LedgerTransaction, LedgerTransaction.source_id == Payment.id)
            .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
            .where(LedgerTransaction.kind == "payment", LedgerEntry.account == GATEWAY)
            .group_by(Payment.gateway_id)
        ).all()
    )
    wrong += [
        f"{key}: the gateway took {theirs[key]}, we booked {booked.get(key, 0)}"
        for key in theirs
        if theirs[key] != booked.get(key)
    ]
    wrong += [f"{key}: we booked {booked[key]}, the gateway took nothing" for key in booked if key not in theirs]
    return len(theirs), wrong


def statuses(session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    """The status of each payment here and there; what we call rejected does not exist there."""
    there = {charge.gateway_id: charge for charge in evidence.oracle.charges}
    named = {charge.payment_id for charge in evidence.oracle.charges}
    wrong = []
    rows = session.execute(select(Payment.id, Payment.number, Payment.gateway_id, Payment.status)).all()
    for row in rows:
        charge = there.get(row.gateway_id) if row.gateway_id else None
        if row.status in (SUCCEEDED, CANCELED) and (charge is None or charge.status != row.status):
            wrong.append(f"payment {row.number} is {row.status} here, {charge.status if charge else 'unknown'} there")
        if row.status == REJECTED and row.id in named:
            wrong.append(f"payment {row.number} is rejected here, and the gateway has it")
    return len(rows), wrong


def bodies(session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    """Bytes by key, as they arrived and as they are stored."""
    stored = {str(row.key): row.body for row in session.execute(select(Payment.key, Payment.body))}
    sent: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, set[str]] = defaultdict(set)
    for post in evidence.oracle.posts:
        if post.key and post.body and '"payment_id"' in post.body:
            sent[post.key].add(post.body)
            keys[post.body].add(post.key)
    wrong = [f"key {key} came with {len(came)} different bodies" for key, came in sent.items() if len(came) > 1]
    wrong += [f"one body came with {len(used)} keys: {sorted(used)}" for used in keys.values() if len(used) > 1]
    wrong += [f"key {key} is none of ours, or came with other bytes" for key in sent if {stored.get(key)} != sent[key]]
    return len(sent), wrong


def notifications(session: Session, evidence: Evidence) -> tuple[int, Wrong]:
    """What became of notifications that lied, and of those about payments that are not ours."""
    rows = session.execute(select(InboundWebhook.object_id, InboundWebhook.event, InboundWebhook.status)).all()
    verdicts: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.event == "payment.succeeded":
            verdicts[row.object_id].add(row.status)
    true_now = {charge.gateway_id for charge in evidence.oracle.charges if charge.status == SUCCEEDED}
    wrong = [
        f"the lie about {key} was taken for {sorted(verdicts[key])}"
        for key in evidence.forged_ids
        if key not in true_now and verdicts[key] != {"forged"}
    ]
    wrong += [
        f"the foreign payment {key} was taken for ours" for key in evidence.foreign_ids if "done" in verdicts[key]
    ]
    known: set[UUID] = {charge.payment_id for charge in evidence.oracle.charges if charge.payment_id}
    paid = session.execute(select(Payment.id, Payment.number).where(Payment.status == SUCCEEDED)).all()
    wrong += [f"payment {row.number} succeeded here and is unknown there" for row in paid if row.id not in known]
    return len(evidence.forged_ids) + len(evidence.foreign_ids), wrong
