"""Addresses of lists: a filter is kept in them, so that a list can be sent to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode


def list_url(path: str, values: Mapping[str, str]) -> str:
    """The path with those of the values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path
