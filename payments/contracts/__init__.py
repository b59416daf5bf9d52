"""Contracts, their payment plans and the due lines that follow from them."""
