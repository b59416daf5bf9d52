"""Checks of contracts, due lines and invoices: nothing is forgotten, counted twice, or said in two ways."""

from __future__ import annotations

from payments.doctor.check import Check

AGREEMENTS = (
    Check(
        "paid_is_covered",
        """
        SELECT 'invoice' AS object, i.id,
               jsonb_build_object('invoice_status', i.status, 'asked_kopecks', i.kopecks,
                   'counted_kopecks', coalesce(sum(a.kopecks), 0)) AS figures
        FROM invoices i LEFT JOIN allocations a ON a.invoice_id = i.id
        GROUP BY i.id
        HAVING (i.status = 'paid') <> (coalesce(sum(a.kopecks), 0) = i.kopecks) OR coalesce(sum(a.kopecks), 0) > i.kopecks
        """,
    ),
    Check(
        "line_agrees_with_invoice",
        """
        SELECT 'installment' AS object, l.id, jsonb_build_object('line_status', l.status, 'line_kopecks', l.kopecks,
                   'invoice_status', i.status, 'asked_kopecks', i.kopecks) AS figures
        FROM installments l LEFT JOIN invoices i ON i.installment_id = l.id
        WHERE coalesce(i.status, 'none') <> ALL (CASE l.status
                  WHEN 'planned' THEN ARRAY['none'] WHEN 'invoiced' THEN ARRAY['open'] WHEN 'paid' THEN ARRAY['paid']
                  WHEN 'void' THEN ARRAY['void', 'none'] ELSE ARRAY['void', 'none'] END)
           OR i.kopecks <> l.kopecks OR i.contract_id <> l.contract_id
        """,
    ),
    Check(
        "no_period_is_forgotten",
        """
        SELECT 'contract' AS object, c.id, jsonb_build_object('last_number', coalesce(l.last, 0)) AS figures
        FROM contracts c
        JOIN payment_plans pp ON pp.contract_id = c.id AND pp.kind = 'recurring'
        LEFT JOIN (
            SELECT plan_id, max(number) AS last, max(number) FILTER (WHERE status IN ('planned', 'invoiced')) AS open,
                   max(number) FILTER (WHERE status = 'planned') AS planned
            FROM installments GROUP BY plan_id
        ) l ON l.plan_id = pp.id
        WHERE c.status = 'active'
          AND coalesce(CASE c.advance WHEN 'by_calendar' THEN l.planned ELSE l.open END, 0) <> coalesce(l.last, 1)
        """,
    ),
    Check(
        "periods_never_overlap",
        """
        SELECT 'installment' AS object, id, jsonb_build_object('begins_on', period_start, 'before_ends_on', before) AS figures
        FROM (
            SELECT id, period_start, lag(period_end) OVER (PARTITION BY plan_id ORDER BY period_start, id) AS before
            FROM installments WHERE status <> 'void'
        ) l
        WHERE period_start < before
        """,
    ),
    Check(
        "invoice_numbers_have_no_gaps",
        """
        SELECT 'counter' AS object, concat(n.legal_entity_id, ' ', n.year) AS id,
               jsonb_build_object('invoices', n.count, 'last_number', n.last, 'counted_to', c.n) AS figures
        FROM (
            SELECT legal_entity_id, CAST(split_part(number, '-', 1) AS integer) AS year, count(*),
                   max(CAST(split_part(number, '-', 2) AS bigint)) AS last
            FROM invoices GROUP BY 1, 2
        ) n
        LEFT JOIN counters c ON c.legal_entity_id = n.legal_entity_id AND c.year = n.year AND c.kind = 'invoice'
        WHERE n.count <> n.last OR n.count IS DISTINCT FROM c.n
        """,
    ),
)
