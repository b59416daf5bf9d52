"""Checks of our books beside what the gateway's lists showed: a double charge, or a lost one, is seen only from there.

They ask about the span that a whole reading has covered, and leave out what may still be under way: whatever is younger
than the grace period, a payment of ours whose outcome is not known yet (another check's matter), and what a person has
seen to.
"""

from __future__ import annotations

from payments.doctor.check import Check
from payments.reconciliation.comparing import GRACE

_GRACE = f"interval '{GRACE.total_seconds():.0f} seconds'"
# The gateway's clock and ours, or a page that was opened just before: neither end of a window is taken to the second.
_MARGIN = "interval '1 hour'"
_LIVE = "status NOT IN ('succeeded', 'canceled', 'rejected')"


def not_seen_to(gateway_id: str, *kinds: str) -> str:
    """The SQL condition that no person has seen to a difference of these kinds of the payment with this gateway id.

    Only while the gateway shows it as it did then: `g`, or nothing.
    """
    named = ", ".join(f"'{kind}'" for kind in kinds)
    return f"""NOT EXISTS (
            SELECT FROM differences d WHERE d.gateway_id = {gateway_id} AND d.kind IN ({named}) AND d.resolution = 'seen_to'
              AND (d.their_status, d.their_kopecks) IS NOT DISTINCT FROM (g.status, g.kopecks)
        )"""  # noqa: S608  our own names


def came_to(invoice_id: str) -> str:
    """What the gateway has taken for this invoice and not given back, as `r`: kopecks, and how many payments (SQL, lateral).

    Of a payment that counts towards it here; of others, that name it. A refund of one that is too old to be read again
    stands in the list of refunds alone. It is added up anew for each row: whoever asks must have few, and see to it that
    PostgreSQL finds them first (MATERIALIZED), for it may take the invoices for fewer.
    """
    return f"""
        CROSS JOIN LATERAL (
            SELECT count(*) AS n, sum(g.kopecks - greatest(g.refunded_kopecks, (
                       SELECT coalesce(sum(b.kopecks), 0) FROM gateway_refunds b
                       WHERE b.payment_gateway_id = g.gateway_id AND b.status = 'succeeded'
                   ))) AS kopecks
            FROM gateway_payments g LEFT JOIN payments o ON o.gateway_id = g.gateway_id
            WHERE g.status = 'succeeded' AND coalesce(o.invoice_id, g.invoice_id) = {invoice_id} AND g.gateway_id IN (
                SELECT gateway_id FROM payments WHERE invoice_id = {invoice_id}
                UNION ALL SELECT gateway_id FROM gateway_payments WHERE invoice_id = {invoice_id} AND status = 'succeeded'
            )
        ) r
    """  # noqa: S608  our own names


def not_agreed(invoice_id: str) -> str:
    """The SQL condition that no person has seen to just this much having come for an invoice: `r.kopecks`."""
    return (
        f"NOT EXISTS (SELECT FROM differences d WHERE d.invoice_id = {invoice_id} AND d.kind = 'second_success'"
        " AND d.resolution = 'seen_to' AND d.their_kopecks = r.kopecks)"
    )


GATEWAY = (
    Check(
        "gateway_success_is_posted",
        f"""
        SELECT 'gateway_payment' AS object, g.gateway_id AS id, jsonb_build_object('gateway_kopecks', g.kopecks) AS figures
        FROM gateway_payments g
        LEFT JOIN payments p ON p.gateway_id = g.gateway_id
        LEFT JOIN ledger_transactions t ON t.kind = 'payment' AND t.source_id = p.id
        WHERE g.status = 'succeeded' AND t.id IS NULL
          AND (p.id IS NOT NULL OR g.payment_id IS NOT NULL AND g.invoice_id IS NOT NULL)
          AND coalesce(g.captured_at, g.created_at) <= g.read_at - {_GRACE}
          AND NOT EXISTS (SELECT FROM payments o WHERE o.id IN (p.id, g.payment_id) AND o.{_LIVE})
          AND {not_seen_to("g.gateway_id", "missing_here", "other_status")}
        """,  # noqa: S608  our own constants
    ),
    Check(
        "posting_is_confirmed",
        f"""
        SELECT DISTINCT 'payment' AS object, p.id,
               jsonb_build_object('posted_kopecks', p.kopecks, 'gateway_status', g.status,
                   'why', CASE WHEN g.gateway_id IS NULL THEN 'not_in_gateway' END) AS figures
        FROM (
            SELECT DISTINCT ON (shop_id, deep) shop_id, since_at, until_at
            FROM reconciliations WHERE status = 'done' ORDER BY shop_id, deep, until_at DESC
        ) r
        JOIN payments p ON p.shop_id = r.shop_id
             AND p.decided_at > r.since_at + {_MARGIN} AND p.decided_at <= r.until_at - {_GRACE}
             AND coalesce(p.first_sent_at, p.created_at) > r.since_at + {_MARGIN}
        JOIN ledger_transactions t ON t.kind = 'payment' AND t.source_id = p.id
        LEFT JOIN gateway_payments g ON g.gateway_id = p.gateway_id
        WHERE g.status IS DISTINCT FROM 'succeeded' AND {not_seen_to("p.gateway_id", "missing_there", "other_status")}
        """,  # noqa: S608  our own constants
    ),
    Check(
        "gateway_took_once",
        f"""
        WITH several AS MATERIALIZED (
            SELECT i.id, i.kopecks
            FROM (
                SELECT invoice_id FROM gateway_payments WHERE status = 'succeeded' GROUP BY invoice_id HAVING count(*) > 1
            ) s
            JOIN invoices i ON i.id = s.invoice_id
        )
        SELECT 'invoice' AS object, i.id,
               jsonb_build_object('asked_kopecks', i.kopecks, 'payments', r.n, 'gateway_kopecks', r.kopecks) AS figures
        FROM several i
        {came_to("i.id")}
        WHERE r.kopecks > i.kopecks AND {not_agreed("i.id")}
        """,  # noqa: S608  our own constants
    ),
    Check(
        "gateway_agrees",
        f"""
        SELECT 'payment' AS object, p.id,
               jsonb_build_object('posted_kopecks', p.kopecks, 'gateway_kopecks', g.kopecks,
                   'why', CASE WHEN g.shop_id <> p.shop_id THEN 'other_shop'
                               WHEN g.currency <> p.currency THEN 'other_currency'
                               WHEN g.payment_id <> p.id THEN 'other_payment'
                               WHEN g.invoice_id <> p.invoice_id THEN 'other_invoice' END) AS figures
        FROM payments p
        JOIN gateway_payments g ON g.gateway_id = p.gateway_id
        WHERE (g.shop_id <> p.shop_id
               -- Without a body of ours it was found in the list, and may bear another's name.
               OR (g.payment_id <> p.id OR g.invoice_id <> p.invoice_id) AND p.body <> ''
               OR g.currency <> p.currency AND g.status = 'succeeded' AND p.status = 'succeeded'
               OR g.kopecks <> p.kopecks AND g.status = 'succeeded' AND p.status = 'succeeded'
                  AND {not_seen_to("p.gateway_id", "other_sum")})
        """,  # noqa: S608  our own constants
    ),
)
