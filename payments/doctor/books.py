"""Checks of the ledger and of what it must agree with: payments, invoices, debts, advances."""

from __future__ import annotations

from payments.doctor.check import Check

BOOKS = (
    Check(
        "ledger_balances",
        """
        SELECT 'ledger_transaction' AS object, transaction_id AS id, concat('sum ', sum(kopecks)) AS detail
        FROM ledger_entries GROUP BY transaction_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "clearing_is_empty",
        """
        SELECT 'ledger_transaction' AS object, transaction_id AS id, concat('left in clearing ', sum(kopecks)) AS detail
        FROM ledger_entries WHERE account = 'clearing' GROUP BY transaction_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "success_is_posted",
        """
        SELECT 'payment' AS object, p.id, concat('came ', p.kopecks, ', posted ', coalesce(l.kopecks, 0)) AS detail
        FROM payments p
        LEFT JOIN (
            SELECT t.source_id, sum(e.kopecks) AS kopecks
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'gateway'
            WHERE t.kind = 'payment' GROUP BY t.source_id
        ) l ON l.source_id = p.id
        WHERE p.status = 'succeeded' AND p.kopecks <> coalesce(l.kopecks, 0)
        """,
    ),
    Check(
        "posting_has_its_cause",
        """
        SELECT 'ledger_transaction' AS object, t.id, concat(t.kind, ' of ', t.source_id) AS detail
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
               concat(i.number, ' ', i.status, ': asks ', i.kopecks, ', posted ', coalesce(l.kopecks, 0)) AS detail
        FROM invoices i
        LEFT JOIN (
            SELECT t.source_id, sum(e.kopecks) AS kopecks
            FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'receivable'
            WHERE t.kind IN ('invoice', 'invoice_void') GROUP BY t.source_id
        ) l ON l.source_id = i.id
        WHERE coalesce(l.kopecks, 0) <> CASE WHEN i.status IN ('draft', 'void') THEN 0 ELSE i.kopecks END
        """,
    ),
    Check(
        "debt_agrees",
        """
        SELECT 'contract' AS object, contract_id AS id, concat('owed less by the ledger by ', sum(kopecks)) AS detail
        FROM (
            SELECT contract_id, sum(kopecks) AS kopecks FROM invoices WHERE status NOT IN ('draft', 'void') GROUP BY 1
            UNION ALL
            SELECT i.contract_id, -sum(a.kopecks) FROM allocations a JOIN invoices i ON i.id = a.invoice_id GROUP BY 1
            UNION ALL
            SELECT contract_id, -sum(kopecks) FROM ledger_entries WHERE account = 'receivable' GROUP BY 1
        ) owed
        GROUP BY contract_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "advance_agrees",
        """
        SELECT 'customer' AS object, customer_id AS id, concat('held less by the ledger by ', sum(kopecks)) AS detail
        FROM (
            SELECT customer_id, sum(kopecks) AS kopecks FROM payments WHERE status = 'succeeded' GROUP BY 1
            UNION ALL
            SELECT p.customer_id, -sum(a.kopecks) FROM allocations a JOIN payments p ON p.id = a.payment_id GROUP BY 1
            UNION ALL
            SELECT customer_id, sum(kopecks) FROM ledger_entries WHERE account = 'advance' GROUP BY 1
        ) held
        GROUP BY customer_id HAVING sum(kopecks) <> 0
        """,
    ),
    Check(
        "allocations_fit",
        """
        SELECT 'payment' AS object, p.id, concat(p.status, ': came ', p.kopecks, ', counted ', a.kopecks) AS detail
        FROM (SELECT payment_id, sum(kopecks) AS kopecks, min(kopecks) AS least FROM allocations GROUP BY 1) a
        JOIN payments p ON p.id = a.payment_id
        WHERE a.kopecks > p.kopecks OR a.least <= 0 OR p.status <> 'succeeded'
        """,
    ),
)
