"""How fast the product got over what was done to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from uuid import UUID

from sqlalchemy import select, text

from kernel.db import Session, read
from payments.charging.models import SUCCEEDED, Payment
from tests.crash.harness.nemesis import Jump, Nemesis, Orphan
from tests.crash.harness.oracle import Oracle

# So many seconds of this payment.
Took = tuple[float, UUID]
_NAMED = 5
_SHORTEST_PAUSE_S = 60.0
# So long a payment is sent again under its key: payments.charging.permits.KEY_LIFE.
_KEY_LIFE = timedelta(hours=20)
# From the record that nobody knows the outcome to the moment at which it was known; business time. Of a worker that died
# with the call in hand that record is made at the end of its lease, up to 150 s after the death. `linked`: all
# that while the card could be charged. What became of card and autopay afterwards is another matter.
_UNKNOWN = text("""
    WITH doubt AS (
        SELECT object_id AS id, min(at) AS since FROM status_history
        WHERE object_kind = 'payment' AND new = 'unknown' GROUP BY 1
    )
    SELECT p.id, d.since, p.decided_at AS until, p.first_sent_at,
           p.method_id IS NOT NULL
               AND coalesce(m.unlinked_at >= p.decided_at, true)
               AND NOT EXISTS (
                   SELECT FROM status_history h
                   WHERE h.object_kind = 'autopay' AND h.object_id = p.autopay_id AND h.new <> 'active'
                     AND h.at >= p.created_at AND h.at < p.decided_at
               ) AS linked
    FROM doubt d
    JOIN payments p ON p.id = d.id
    LEFT JOIN payment_methods m ON m.id = p.method_id
    WHERE p.decided_at IS NOT NULL
""")
# Who was frozen, or waited for the database, until the permit was too old has been at work all the same: the call is the
# next one's, by the pauses that the product keeps between two tries.
_GIVEN_UP = text("""
    SELECT payment_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float AS at
    FROM gateway_exchanges WHERE outcome = 'not_executed'
""")


@dataclass(frozen=True, slots=True)
class Spread:
    """How many there were, the middle one, the 95th of a hundred, the greatest; seconds. `slowest`: whose these were."""

    count: int
    median: float
    p95: float
    most: float
    slowest: str = ""

    @classmethod
    def of(cls, took: Sequence[Took]) -> Spread:
        """The spread of these; all zero when there are none."""
        if not took:
            return cls(0, 0.0, 0.0, 0.0)
        ranked = sorted(took, key=itemgetter(0))
        middle, late = len(ranked) // 2, min(len(ranked) - 1, int(len(ranked) * 0.95))
        slowest = ", ".join(f"{payment_id} {seconds:.1f}" for seconds, payment_id in ranked[: -_NAMED - 1 : -1])
        return cls(len(ranked), ranked[middle][0], ranked[late][0], ranked[-1][0], slowest)


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is measured. How long outcomes were unknown is told by two clocks: see `lived` and `waited`.

    `linked_…`: what could be sent again under its key; `unlinked_…`: what could only be looked for in the gateway's list.
    """

    linked_lived: Spread
    linked_waited: Spread
    unlinked_waited: Spread
    after_kill: Spread
    after_empty_redis: Spread
    after_cut: Spread
    charges: int
    charging_s: float

    @property
    def rate(self) -> float:
        """Charges a second, from the first call to the last that succeeded while charges fell due."""
        return self.charges / self.charging_s if self.charging_s else 0.0


def measure(oracle: Oracle, nemesis: Nemesis, cut_off: Sequence[Took], *, began: float, ended: float) -> Figures:
    """Read them from the database, the journal and what the nemesis wrote down. `began`, `ended`: of the attack."""
    with read() as session:
        settled = session.execute(_UNKNOWN).all()
        keys = {row.id: str(row.key) for row in session.execute(select(Payment.id, Payment.key))}
        gateway_ids = {row.id: row.gateway_id for row in session.execute(select(Payment.id, Payment.gateway_id))}
        charged = _charged(session, oracle, began, ended)
        given_up = session.execute(_GIVEN_UP).all()
    touched = _touches(oracle, keys, gateway_ids)
    for row in given_up:
        touched[row.payment_id].append(row.at)
    jumps = nemesis.jumps
    linked = {row.id for row in settled if row.linked and not outran_its_key(row.id, row.first_sent_at, jumps)}
    waits = [(waited(row.id, row.since, row.until, jumps), row.id) for row in settled]
    return Figures(
        Spread.of([(lived(row.since, row.until, jumps), row.id) for row in settled if row.id in linked]),
        Spread.of([took for took in waits if took[1] in linked]),
        Spread.of([took for took in waits if took[1] not in linked]),
        Spread.of(_resumed(nemesis.orphans, touched)),
        Spread.of(rehinted(nemesis.emptied, touched, nemesis.orphans)),
        Spread.of(cut_off),
        len(charged),
        max(charged) - min(charged) if len(charged) > 1 else 0.0,
    )


def lived(since: datetime, until: datetime, jumps: Sequence[Jump]) -> float:
    """Seconds between the two without what the clock jumped over: each jump counts a minute, the shortest pause."""
    seconds = (until - since).total_seconds()
    for jump in jumps:
        begin, end = max(since, jump.at), min(until, jump.end)
        seconds -= max(0.0, (end - begin).total_seconds() - _SHORTEST_PAUSE_S)
    return seconds


def waited(payment_id: UUID, since: datetime, until: datetime, jumps: Sequence[Jump]) -> float:
    """Seconds of business time between the two, each jump only up to the instant for which the payment waited then.

    The bare difference would not be the product's: in its strides the clock leaps 28 h in some twenty seconds, less than
    the half minute of real time after which a lost hint is given again. A payment that was due already, or being sent,
    could do nothing meanwhile, and one that waited for 14:55 could not be looked at before the clock stood at 16:00. So
    this is how long it would have taken, with the same answers, on a clock that stops at each awaited instant, as the
    played one does (docs/adr/0010). Every pause that the product chose counts in full, however long, and so does a jump
    while it waited for no instant at all. Two things it cannot show: how long a payment was due and nobody came, beyond
    the real seconds (`rest` and `liveness` do), and the age that proves an absence: 24 h by the calendar, of which the
    strides give it more than its pauses add up to. Jumps that bring a run to rest, after the last fault, count in full.
    """
    seconds = (until - since).total_seconds()
    for jump in jumps:
        if (awaited := jump.awaited.get(payment_id)) is not None:
            begin, end = max(since, jump.at, awaited), min(until, jump.end)
            seconds -= max(0.0, (end - begin).total_seconds())
    return seconds


def outran_its_key(payment_id: UUID, first_sent_at: datetime | None, jumps: Sequence[Jump]) -> bool:
    """Whether the clock leapt over the end of the key while the payment waited to be sent under it once more.

    From then on it can only be looked for, like one whose card is gone, and its absence is proven by a day. In the strides
    the last hours of a key are gone in seconds: two refused calls are enough. Whoever waited for an instant beyond the
    key's end had chosen so, and is not among them.
    """
    if first_sent_at is None:
        return False
    end = first_sent_at + _KEY_LIFE
    return any(
        jump.at < end <= jump.end and (awaited := jump.awaited.get(payment_id)) is not None and awaited < end
        for jump in jumps
    )


def _charged(session: Session, oracle: Oracle, began: float, ended: float) -> list[float]:
    ours = {
        str(key)
        for key in session.scalars(
            select(Payment.key).where(Payment.status == SUCCEEDED, Payment.initiator == "schedule")
        )
    }
    first: dict[str, float] = {}
    for post in oracle.posts:
        if post.key in ours and began <= post.at <= ended:
            first.setdefault(str(post.key), post.at)
    return list(first.values())


def _touches(oracle: Oracle, keys: dict[UUID, str], gateway_ids: dict[UUID, str | None]) -> dict[UUID, list[float]]:
    owners = {key: payment_id for payment_id, key in keys.items()}
    owners |= {f"/payments/{name}": payment_id for payment_id, name in gateway_ids.items() if name}
    touched: dict[UUID, list[float]] = defaultdict(list)
    for call in oracle.calls:
        owner = owners.get(call.key or "") or owners.get(call.path)
        if owner:
            touched[owner].append(call.at)
    return touched


def _resumed(orphans: Sequence[Orphan], touched: dict[UUID, list[float]]) -> list[Took]:
    # Those about which a notification brought the news before the lease had ended need no further call.
    found = []
    for orphan in orphans:
        later = [at for at in touched[orphan.payment_id] if at > orphan.died_at + 1]
        if later:
            found.append((max(0.0, min(later) - orphan.lease_until), orphan.payment_id))
    return found


def rehinted(
    emptied: Sequence[tuple[float, list[UUID]]], touched: Mapping[UUID, list[float]], orphans: Sequence[Orphan]
) -> list[Took]:
    """Seconds until each charge that waited when Redis was emptied was called for, or taken up by who died over it.

    How long the latter waits for its next call is told by the lease: see `_resumed`.
    """
    taken_up: dict[UUID, list[float]] = defaultdict(list)
    for orphan in orphans:
        taken_up[orphan.payment_id].append(orphan.taken_at)
    found = []
    for at, ids in emptied:
        for payment_id in ids:
            moments = [*touched.get(payment_id, ()), *taken_up[payment_id]]
            if moments and min(moments) > at:
                found.append((min(moments) - at, payment_id))
    return found
