"""Payments: from the intent to collect to the recorded outcome."""
