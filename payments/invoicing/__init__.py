"""Invoices: what asks for money."""
