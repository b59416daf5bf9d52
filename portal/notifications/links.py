"""Where the links in letters lead: each to one page for one task."""

from __future__ import annotations

from uuid import UUID

from kernel.settings import get_settings


def autopay() -> str:
    """The page of all contracts with their autopays."""
    return _absolute("/autopay")


def stop_autopay(contract_id: UUID) -> str:
    """The page that switches one contract's autopay off."""
    return _absolute(f"/autopay/{contract_id}/cancel")


def unlink_method(method_id: UUID) -> str:
    """The page that takes a saved card away."""
    return _absolute(f"/payment-methods/{method_id}/unlink")


def payment(number: int) -> str:
    """The page of one payment."""
    return _absolute(f"/payments/{number}")


def _absolute(path: str) -> str:
    return get_settings().base_url + path
