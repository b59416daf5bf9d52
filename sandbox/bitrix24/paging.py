"""Pages of lists: fifty rows, an offset, and no counting for those who ask for none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.bitrix24.call import Result
from sandbox.bitrix24.values import as_integer

PAGE = 50

Row = TypeVar("Row")


def paged(
    start: Any, rows: Callable[[int, int], list[Row]], count: Callable[[], int], shown: Callable[[list[Row]], Any],
    size: int = PAGE,
) -> Result:  # fmt: skip
    """One page. `rows` takes a limit and an offset. A start of -1 is the first page, uncounted."""
    offset = as_integer(start)
    if offset < 0:
        return Result(shown(rows(size, 0)), total=0)
    total = count()
    page = rows(size, offset)
    following = offset + size
    return Result(shown(page), total, following if following < total else None)


def sliced(start: Any, everything: list[Row], shown: Callable[[list[Row]], Any], size: int = PAGE) -> Result:
    """One page of a short list."""
    return paged(start, lambda limit, offset: everything[offset : offset + limit], lambda: len(everything), shown, size)
