"""Saved views: filters of the list of payments that an employee keeps under names of their own."""
