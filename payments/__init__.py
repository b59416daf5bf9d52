"""Everything about money: contracts, invoices, payments, consents, ledger, and the gateway port."""
