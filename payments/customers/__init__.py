"""Customers: the people and companies that pay."""
