"""What can be wrong with a file, a row and a cell; every text is Russian and meant for the person with the file."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.errors import KabinetError


class UnusableFile(KabinetError):
    """The file as a whole cannot be read; `str(error)` says why and what to do."""


class BadCell(KabinetError):
    """The value of one cell cannot be taken; `str(error)` is the reason."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: the file's own line number, its name of the column, the value found, the reason."""

    line: int
    column: str
    value: str
    reason: str
