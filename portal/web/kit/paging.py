"""Pages of a long list by key, not by number: the same speed at row ten and at row ten million, and no row shown twice.

    page = page_of(rows_for(after), size=25, key=lambda row: (row.created_at.isoformat(), str(row.id)))

where `after = read_cursor(request.query_params.get("after"))` and `rows_for` asks for one row more than the size.
A list that goes back too reads its `Place` from the address and is cut by `page_at`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

SIZE = 25
SIZES = (25, 50, 100)
_LONGEST_CURSOR = 512
Row = TypeVar("Row")
Parsed = TypeVar("Parsed")
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows to show and the cursors of what follows and of what comes before them, None where there is nothing."""

    rows: tuple[Row, ...]
    next_cursor: str | None
    is_first: bool
    previous_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Place(Generic[Parsed]):
    """Where a page of a list begins: after the key, before it when `back`, or at the beginning without one."""

    key: Parsed | None = None
    back: bool = False


def page_of(found: Sequence[Row], *, size: int, key: Callable[[Row], Key], after: Key | None = None) -> Page[Row]:
    """A page from up to `size + 1` rows: the one too many only tells that there is more."""
    rows = tuple(found[:size])
    more = len(found) > size
    return Page(rows, write_cursor(key(rows[-1])) if more else None, after is None)


def place_in(query: Mapping[str, str], parse: Callable[[Key], Parsed | None], *, parts: int = 2) -> Place[Parsed]:
    """The place that an address names; a cursor that is not ours, or that `parse` refuses, begins the list."""
    for name, back in (("after", False), ("before", True)):
        key = read_cursor(query.get(name), parts=parts)
        parsed = parse(key) if key else None
        if parsed is not None:
            return Place(parsed, back)
    return Place()


def page_at(place: Place[Parsed], found: Sequence[Row], *, size: int, key: Callable[[Row], Key]) -> Page[Row]:
    """A page with both neighbours from up to `size + 1` rows in the list's order, read from the place on, or back to it.

    The row too many is the last one, or, read backwards, the first.
    """
    more = len(found) > size
    rows = tuple(found[-size:] if place.back else found[:size])
    if not rows:
        return Page(rows, None, is_first=place.key is None)
    first, last = write_cursor(key(rows[0])), write_cursor(key(rows[-1]))
    before = more if place.back else place.key is not None
    after = place.back or more
    return Page(rows, last if after else None, not before, first if before else None)


def page_size(wanted: str | None) -> int:
    """The size asked for, if it is one of those offered."""
    return next((size for size in SIZES if str(size) == wanted), SIZE)


def write_cursor(key: Key) -> str:
    """The key of the last row shown, as one opaque word for an address."""
    return (
        base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def read_cursor(text: str | None, *, parts: int = 2) -> Key | None:
    """The key from a cursor; None for none, or for one that is not ours: the list then starts at its beginning."""
    if not text or len(text) > _LONGEST_CURSOR:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(key, list) or len(key) != parts or not all(isinstance(part, str) for part in key):
        return None
    return tuple(key)
