"""The checks by name, and statements that break sound books for them."""

from __future__ import annotations

from crm_sync.part import CRM
from portal.wiring import Wiring

CHECKS = {check.name: check for check in Wiring(CRM).checks}
INVOICE_OF_CHARGED = "(SELECT invoice_id FROM payments WHERE id = :charged)"
POSTING_OF_CHARGED = "(SELECT id FROM ledger_transactions WHERE source_id = :charged)"
CONSENT_OF_CHARGED = "(SELECT consent_id FROM payments WHERE id = :charged)"
ERASED = "user_id = NULL, ip = NULL, user_agent = NULL, salt = NULL"
COPY_OF_CHARGED = """
    INSERT INTO payments (id, invoice_id, customer_id, contract_id, shop_id, initiator, kopecks, currency, status, key,
        body, saves_method, sends, checks, first_sent_at)
    SELECT gen_random_uuid(), invoice_id, customer_id, contract_id, shop_id, 'customer', kopecks, currency, '{status}',
        gen_random_uuid(), '', false, 1, 0, business_now() - interval '{ago}' FROM payments WHERE id = :charged
"""
SEEN_OF_CHARGED = "gateway_id = (SELECT gateway_id FROM payments WHERE id = :charged)"
UNPOSTED = [
    f"DELETE FROM ledger_entries WHERE transaction_id = {POSTING_OF_CHARGED}",
    "DELETE FROM ledger_transactions WHERE source_id = :charged",
]
# The gateway has a second payment of this invoice, made by the same intent or by another.
SECOND_OF_CHARGED = f"""
    INSERT INTO gateway_payments (gateway_id, shop_id, status, kopecks, currency, refunded_kopecks, created_at, captured_at,
        payment_id, invoice_id, contract_id, numbers, read_at)
    SELECT 'gw-second', shop_id, status, kopecks, currency, {{refunded}}, created_at, captured_at, {{payment}}, invoice_id,
        contract_id, numbers, read_at
    FROM gateway_payments WHERE {SEEN_OF_CHARGED}
"""
# The line is due again as if its charge had never been made.
UNCHARGED = [
    f"UPDATE installments SET status = 'invoiced', charge_at = NULL WHERE id = (SELECT installment_id FROM invoices WHERE id = {INVOICE_OF_CHARGED})",
    f"UPDATE invoices SET status = 'open' WHERE id = {INVOICE_OF_CHARGED}",
    "DELETE FROM allocations WHERE payment_id = :charged",
    "UPDATE payments SET notice_id = gen_random_uuid() WHERE id = :charged",
]
UNREAD = """
    INSERT INTO reconciliations (id, shop_id, status, deep, since_at, until_at, lease_until, begun_at, payments, refunds)
    SELECT gen_random_uuid(), id, 'failed', false, business_now() - interval '1 hour', business_now(), clock_timestamp(),
        clock_timestamp() - interval '{ago}', 0, 0
    FROM shops, generate_series(1, {n})
"""
READ_LONG_AGO = "UPDATE reconciliations SET begun_at = clock_timestamp() - interval '5 hours' WHERE status = 'done'"
