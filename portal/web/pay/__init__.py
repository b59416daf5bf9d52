"""Paying one invoice by a link, without a login."""
