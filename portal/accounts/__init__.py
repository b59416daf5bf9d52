"""Accounts: who may come in, and on whose behalf."""
