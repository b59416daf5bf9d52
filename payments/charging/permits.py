"""The permit: the one statement without which nothing is sent.

It takes FOR SHARE on the autopay and the method, which every way to stop updates under FOR UPDATE: a stop either waits
for the permit's commit or is seen by it. FOR KEY SHARE, or a mere EXISTS, lets a charge through after an unlink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, dialect
from sqlalchemy.types import Text, Uuid

from kernel.clock import elapsed
from kernel.db import Session
from kernel.settings import get_settings
from payments.autopay.models import NOTICE_COUNTS
from payments.charging.limits import COUNTED, give_back_over_limit
from payments.charging.models import CREATED, UNKNOWN
from payments.history.noting import note_statuses

# One key goes with one body for this long; YooKassa forgets a key after 24 h and would make a second payment.
KEY_LIFE = "20 hours"
# Longer than 2 s to start, 60 s for a call and the recorder together: mechanics of a send.
LEASE = "150 seconds"

# Later than this a charge would come out of the blue: it is announced again first (design.md §4).
STALE_AFTER = timedelta(days=3)
_STALE = f"interval '{STALE_AFTER.days} days'"

_TAKE = f"""
    SET status = 'sending', sends = p.sends + 1, permit_at = business_now(),
        first_sent_at = coalesce(p.first_sent_at, business_now()),
        lease_until = clock_timestamp() + interval '{LEASE}', worker = :worker
"""
# The same rule as in every other statement; it calls the tables by their own names.
_DIALECT = dialect()  # type: ignore[no-untyped-call]  # a class without annotations
NOTICE_COUNTS_SQL = str(NOTICE_COUNTS.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))
_PARTLY_PAID = "EXISTS (SELECT FROM allocations WHERE allocations.invoice_id = i.id)"
_NOTICE_IS_OLD_ENOUGH_AT = "notices.sent_at + make_interval(hours => z.notice_hours)"
_FRESH = f"coalesce(p.first_sent_at, business_now()) > business_now() - interval '{KEY_LIFE}'"
_RETURNING = "RETURNING p.id, p.body, p.key, p.kopecks"
_IDS = (bindparam("ids", type_=ARRAY(Uuid)), bindparam("from_statuses", type_=ARRAY(Text)))

_CHECKED = f"""
    c AS (
        SELECT p.id
        FROM payments p
        JOIN autopays ON autopays.id = p.autopay_id
        JOIN payment_methods m ON m.id = p.method_id AND m.id = autopays.method_id
        JOIN invoices i ON i.id = p.invoice_id
        JOIN notices ON notices.id = p.notice_id
        JOIN shops s ON s.id = m.shop_id AND s.account_id = :account
        CROSS JOIN installation z
        WHERE p.id = ANY(:ids) AND p.status = ANY(:from_statuses) AND p.initiator = 'schedule'
          AND {NOTICE_COUNTS_SQL} AND p.kopecks <= autopays.max_kopecks
          AND m.unlinked_at IS NULL AND m.disabled_reason IS NULL AND m.shop_id = p.shop_id
          AND i.status = 'open' AND NOT {_PARTLY_PAID} AND notices.kopecks = p.kopecks
          AND {_NOTICE_IS_OLD_ENOUGH_AT} <= business_now()
          AND (p.first_sent_at IS NOT NULL OR p.created_at > business_now() - {_STALE})
          AND {_FRESH} AND NOT z.charging_paused
        ORDER BY p.id
        FOR NO KEY UPDATE OF p SKIP LOCKED
        FOR SHARE OF autopays, m SKIP LOCKED
    ),
    taken AS (UPDATE payments p {_TAKE} FROM c WHERE p.id = c.id {_RETURNING})
"""  # noqa: S608  our own constants
_PERMIT_SCHEDULED = text(
    f"WITH {_CHECKED}, {COUNTED} SELECT * FROM taken CROSS JOIN counted"  # noqa: S608  our own constants
).bindparams(*_IDS)
_PERMIT_AGAIN = text(f"WITH {_CHECKED} SELECT * FROM taken").bindparams(*_IDS)  # noqa: S608  our own constants

_PERMIT_CUSTOMER = text(f"""
    UPDATE payments p {_TAKE}
    FROM invoices i, shops s
    WHERE p.id = ANY(:ids) AND p.status = ANY(:from_statuses) AND p.initiator = 'customer'
      AND s.id = p.shop_id AND s.account_id = :account AND i.id = p.invoice_id AND i.status = 'open' AND {_FRESH}
    {_RETURNING}
""").bindparams(*_IDS)

_REFUSE = text(f"""
    WITH r AS (
        SELECT p.id, p.invoice_id,
               CASE WHEN i.status <> 'open' THEN 'invoice_closed'
                    WHEN m.unlinked_at IS NOT NULL OR autopays.method_id <> m.id OR NOT ({NOTICE_COUNTS_SQL})
                        THEN 'withdrawn'
                    WHEN m.disabled_reason IS NOT NULL THEN 'method_disabled'
                    WHEN {_PARTLY_PAID} THEN 'partly_paid'
                    WHEN p.kopecks > autopays.max_kopecks THEN 'over_limit'
                    WHEN m.shop_id <> p.shop_id OR s.account_id <> :account THEN 'other_shop'
                    WHEN notices.sent_at IS NULL OR notices.kopecks <> p.kopecks THEN 'no_notice'
                    WHEN p.created_at <= business_now() - {_STALE} THEN 'stale' END AS reason
        FROM payments p
        JOIN autopays ON autopays.id = p.autopay_id
        JOIN payment_methods m ON m.id = p.method_id
        JOIN shops s ON s.id = m.shop_id
        JOIN invoices i ON i.id = p.invoice_id
        JOIN notices ON notices.id = p.notice_id
        WHERE p.id = ANY(:ids) AND p.status = 'created' AND NOT (SELECT charging_paused FROM installation)
        ORDER BY p.id
        FOR NO KEY UPDATE OF p SKIP LOCKED
        FOR SHARE OF autopays, m SKIP LOCKED
    )
    UPDATE payments p SET status = 'rejected', reason = r.reason, decided_at = business_now()
    FROM r WHERE p.id = r.id AND r.reason IS NOT NULL
    RETURNING p.id, p.reason
""").bindparams(_IDS[0])  # noqa: S608  our own constants


_POSTPONE = text(f"""
    WITH r AS (
        SELECT p.id, {_NOTICE_IS_OLD_ENOUGH_AT} AS at
        FROM payments p
        JOIN notices ON notices.id = p.notice_id
        CROSS JOIN installation z
        WHERE p.id = ANY(:ids) AND p.status = 'created' AND {_NOTICE_IS_OLD_ENOUGH_AT} > business_now()
        ORDER BY p.id
        FOR NO KEY UPDATE OF p SKIP LOCKED
    )
    UPDATE payments p SET next_check_at = r.at FROM r WHERE p.id = r.id
""").bindparams(_IDS[0])  # noqa: S608  our own constants


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send these stored bytes under this stored key, once, within two seconds of `granted` (kernel.clock.elapsed)."""

    payment_id: UUID
    body: str
    key: UUID
    granted: float


def permit_scheduled(session: Session, ids: Sequence[UUID], *, worker: str, again: bool = False) -> list[Permit]:
    """Permits for charges of saved methods; `again` is for a repeat with the same key after an unknown outcome.

    A first send counts towards the limits of the day; beyond them nothing is permitted, and charging pauses.
    """
    granted = elapsed()
    if again:
        return _read(_permit(session, _PERMIT_AGAIN, ids, worker, from_status=UNKNOWN), granted)
    taken = _permit(session, _PERMIT_SCHEDULED, ids, worker, from_status=CREATED)
    over = give_back_over_limit(session, taken)
    return _read([row for row in taken if row.id not in over], granted)


def permit_customer(session: Session, ids: Sequence[UUID], *, worker: str, again: bool = False) -> list[Permit]:
    """Permits for payments on the gateway's page: the customer acts, so only the open invoice is asked for."""
    granted = elapsed()
    return _read(_permit(session, _PERMIT_CUSTOMER, ids, worker, from_status=UNKNOWN if again else CREATED), granted)


def _permit(
    session: Session, statement: TextClause, ids: Sequence[UUID], worker: str, *, from_status: str
) -> Sequence[Row[Any]]:
    parameters = {
        "ids": list(ids),
        "from_statuses": [from_status],
        "worker": worker,
        "account": get_settings().yookassa_shop_id,
    }
    return session.execute(statement, parameters).all()


def _read(rows: Sequence[Row[Any]], granted: float) -> list[Permit]:
    # From before the statement: what it found may have changed since its first moment.
    return [Permit(row.id, row.body, row.key, granted) for row in rows]


def refuse(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """End the payments among these that can never be permitted, and say why.

    The rest stay for the next sweep; those whose notice is too young for the instant at which it will be old enough.
    """
    parameters = {"ids": list(ids), "account": get_settings().yookassa_shop_id}
    rows = session.execute(_REFUSE, parameters).all()
    note_statuses(session, [("payment", row.id, CREATED, "rejected") for row in rows], source="permit")
    session.execute(_POSTPONE, {"ids": list(ids)})
    return {row.id: row.reason for row in rows}
