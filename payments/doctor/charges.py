"""Checks of payments: what may be asked of a saved card at all, and that nothing is asked or taken twice."""

from __future__ import annotations

from payments.charging.permits import KEY_LIFE, NOTICE_COUNTS_SQL
from payments.doctor.check import Check
from payments.doctor.gateway import came_to, not_agreed

# A key is sent for 20 hours at most; then only the gateway's list is asked, for which a day must have passed.
_DECIDED_WITHIN = "26 hours"

CHARGES = (
    Check(
        "one_success_per_invoice",
        # What was given back in the gateway's cabinet is in its lists only; there a person says that it is settled, too.
        f"""
        WITH several AS MATERIALIZED (
            SELECT i.id, i.kopecks, s.n, s.kopecks AS came_kopecks
            FROM (
                SELECT invoice_id, count(*) AS n, sum(kopecks) AS kopecks
                FROM payments WHERE status = 'succeeded' GROUP BY 1 HAVING count(*) > 1
            ) s
            JOIN invoices i ON i.id = s.invoice_id
            WHERE s.kopecks > i.kopecks
        )
        SELECT 'invoice' AS object, i.id,
               jsonb_build_object('asked_kopecks', i.kopecks, 'payments', i.n, 'came_kopecks', i.came_kopecks) AS figures
        FROM several i
        {came_to("i.id")}
        -- Where the lists were not read yet, our own books speak.
        WHERE (r.n < i.n OR r.kopecks > i.kopecks) AND {not_agreed("i.id")}
        """,  # noqa: S608  our own conditions
    ),
    Check(
        "one_live_payment_per_invoice",
        """
        SELECT 'invoice' AS object, invoice_id AS id, jsonb_build_object('payments', count(*)) AS figures
        FROM payments WHERE status NOT IN ('succeeded', 'canceled', 'rejected')
        GROUP BY invoice_id HAVING count(*) > 1
        """,
    ),
    Check(
        "charge_had_consent",
        """
        SELECT 'payment' AS object, p.id,
               jsonb_build_object('charged_kopecks', p.kopecks, 'agreed_kopecks', c.max_kopecks, 'withdrawn_at', w.at,
                   'sent_at', p.permit_at, 'why', CASE WHEN c.id IS NULL THEN 'no_consent' END) AS figures
        FROM payments p
        LEFT JOIN consents c ON c.id = p.consent_id AND c.contract_id = p.contract_id AND c.kind = 'recurring'
             AND c.action = 'given' AND c.at <= p.first_sent_at
        LEFT JOIN consents w ON w.contract_id = c.contract_id AND w.kind = 'recurring' AND w.action = 'withdrawn'
             AND w.id > c.id AND w.at < p.permit_at
        WHERE p.initiator = 'schedule' AND p.sends > 0
          AND (c.id IS NULL OR c.max_kopecks IS NULL OR c.max_kopecks < p.kopecks OR w.id IS NOT NULL)
        """,
    ),
    Check(
        "charge_had_linked_method",
        """
        SELECT 'payment' AS object, p.id,
               jsonb_build_object('unlinked_at', m.unlinked_at, 'sent_at', p.permit_at,
                   'why', CASE WHEN m.shop_id <> p.shop_id THEN 'other_shop'
                               WHEN m.customer_id <> p.customer_id THEN 'other_customer' END) AS figures
        FROM payments p JOIN payment_methods m ON m.id = p.method_id
        WHERE p.initiator = 'schedule' AND p.sends > 0
          AND (m.unlinked_at < p.permit_at OR m.shop_id <> p.shop_id OR m.customer_id <> p.customer_id)
        """,
    ),
    Check(
        "charge_was_announced",
        """
        SELECT 'payment' AS object, p.id,
               jsonb_build_object('announced_kopecks', n.kopecks, 'announced_at', n.sent_at, 'charged_kopecks', p.kopecks,
                   'sent_at', p.first_sent_at) AS figures
        FROM payments p
        JOIN notices n ON n.id = p.notice_id
        JOIN invoices i ON i.id = p.invoice_id
        CROSS JOIN installation z
        WHERE p.initiator = 'schedule' AND p.sends > 0
          AND (n.sent_at IS NULL OR n.sent_at + make_interval(hours => z.notice_hours) > p.first_sent_at
               -- What came may differ from what was asked for, which stands in the request.
               OR n.kopecks <> CASE WHEN p.kopecks = n.kopecks OR p.body = '' THEN p.kopecks
                                    ELSE CAST(CAST(p.body AS json) -> 'amount' ->> 'value' AS numeric) * 100 END
               OR n.method_id <> p.method_id OR n.installment_id <> i.installment_id)
        """,
    ),
    Check(
        "announced_charge_was_made",
        f"""
        SELECT 'installment' AS object, l.id, jsonb_build_object('announced_on', notices.charge_on) AS figures
        FROM installments l
        JOIN invoices i ON i.installment_id = l.id AND i.status = 'open'
        JOIN autopays ON autopays.contract_id = l.contract_id
        JOIN LATERAL (SELECT * FROM notices n WHERE n.installment_id = l.id ORDER BY n.id DESC LIMIT 1) notices ON true
        WHERE l.status = 'invoiced' AND l.charge_at IS NULL AND notices.sent_at IS NOT NULL AND {NOTICE_COUNTS_SQL}
          AND notices.charge_on < business_date(business_now()) - 1
          AND NOT EXISTS (SELECT FROM payments p WHERE p.notice_id = notices.id)
          AND NOT EXISTS (SELECT FROM allocations a WHERE a.invoice_id = i.id)
        """,  # noqa: S608  our own condition
    ),
    Check(
        "key_was_young",
        f"""
        SELECT 'payment' AS object, id, jsonb_build_object('sent_at', first_sent_at, 'last_sent_at', permit_at) AS figures
        FROM payments WHERE permit_at > first_sent_at + interval '{KEY_LIFE}'
        """,  # noqa: S608  our own constant
    ),
    Check(
        "outcome_is_known",
        f"""
        SELECT 'payment' AS object, id, jsonb_build_object('payment_status', status, 'sent_at', first_sent_at) AS figures
        FROM payments WHERE status NOT IN ('succeeded', 'canceled', 'rejected')
          AND first_sent_at < business_now() - interval '{_DECIDED_WITHIN}'
        """,  # noqa: S608  our own constant
    ),
)
