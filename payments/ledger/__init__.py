"""The double-entry ledger: append-only, sums to zero."""
