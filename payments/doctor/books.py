"""Checks of the ledger and of what it must agree with: payments, invoices, debts, advances."""

from __future__ import annotations

from payments.doctor.check import Check

BOOKS = (
    Check(
        "ledger_balances",
        """
        SELECT 'ledger_transaction' AS object, transaction_id AS id, jsonb_build_object('sum_kopecks', sum(kopecks)) AS figures
        FROM ledger_entries GROUP BY transaction_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "clearing_is_empty",
        """
        SELECT 'ledger_transaction' AS object, transaction_id AS id, jsonb_build_object('left_kopecks', sum(kopecks)) AS figures
        FROM ledger_entries WHERE account = 'clearing' GROUP BY transaction_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "success_is_posted",
        """
        SELECT 'payment' AS object, p.id, jsonb_build_object('came_kopecks', p.kopecks, 'posted_kopecks', coalesce(sum(e.kopecks), 0))
                   AS figures
        FROM payments p
        LEFT JOIN ledger_transactions t ON t.kind = 'payment' AND t.source_id = p.id
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'gateway'
        WHERE p.status = 'succeeded'
        GROUP BY p.id HAVING p.kopecks <> coalesce(sum(e.kopecks), 0)
        """,
    ),
    Check(
        "posting_has_its_cause",
        """
        SELECT 'ledger_transaction' AS object, t.id, jsonb_build_object('posting_kind', t.kind) AS figures
        FROM ledger_transactions t
        LEFT JOIN payments p ON t.kind = 'payment' AND p.id = t.source_id AND p.status = 'succeeded'
        LEFT JOIN invoices i ON t.kind IN ('invoice', 'invoice_void') AND i.id = t.source_id
             AND (t.kind = 'invoice' OR i.status = 'void')
        WHERE p.id IS NULL AND i.id IS NULL
        """,
    ),
    Check(
        "invoice_is_posted",
        """
        SELECT 'invoice' AS object, i.id,
               jsonb_build_object('invoice_status', i.status, 'asked_kopecks', i.kopecks,
                   'posted_kopecks', coalesce(sum(e.kopecks), 0)) AS figures
        FROM invoices i
        LEFT JOIN ledger_transactions t ON t.kind IN ('invoice', 'invoice_void') AND t.source_id = i.id
        LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'receivable'
        GROUP BY i.id
        HAVING coalesce(sum(e.kopecks), 0) <> CASE WHEN i.status IN ('draft', 'void') THEN 0 ELSE i.kopecks END
        """,
    ),
    Check(
        "debt_agrees",
        """
        SELECT 'contract' AS object, contract_id AS id, jsonb_build_object('short_kopecks', sum(kopecks)) AS figures
        FROM (
            SELECT contract_id, kopecks FROM invoices WHERE status NOT IN ('draft', 'void')
            UNION ALL
            SELECT i.contract_id, -a.kopecks FROM allocations a JOIN invoices i ON i.id = a.invoice_id
            UNION ALL
            SELECT contract_id, -kopecks FROM ledger_entries WHERE account = 'receivable'
        ) owed
        GROUP BY contract_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "advance_agrees",
        """
        SELECT 'customer' AS object, customer_id AS id, jsonb_build_object('short_kopecks', sum(kopecks)) AS figures
        FROM (
            SELECT customer_id, kopecks FROM payments WHERE status = 'succeeded'
            UNION ALL
            SELECT p.customer_id, -a.kopecks FROM allocations a JOIN payments p ON p.id = a.payment_id
            UNION ALL
            SELECT customer_id, kopecks FROM ledger_entries WHERE account = 'advance'
        ) held
        GROUP BY customer_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "allocations_fit",
        """
        SELECT 'payment' AS object, p.id, jsonb_build_object('payment_status', p.status, 'came_kopecks', p.kopecks,
                   'counted_kopecks', sum(a.kopecks)) AS figures
        FROM allocations a JOIN payments p ON p.id = a.payment_id
        GROUP BY p.id HAVING sum(a.kopecks) > p.kopecks OR min(a.kopecks) <= 0 OR p.status <> 'succeeded'
        """,
    ),
)
