"""Records of a delimited file with the line each begins on. A broken quote costs its own line, not those after it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_QUOTES = "кавычка не закрыта или стоит внутри значения: внутри кавычек её удваивают"
_SWALLOWED_DELIMITERS = 2


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record; `broken` says why they could not be told apart."""

    line: int
    cells: list[str]
    broken: str | None = None


def read_records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """The records that hold anything, in order. Quoted cells may run over several lines; lines keep their ends."""
    source = _Lines(iter(lines))
    reader = csv.reader(source, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        source.taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(source.give_back(), [], _QUOTES)
            continue
        if _swallowed_a_record(cells, delimiter):
            yield Record(source.give_back(), [], _QUOTES)
        elif any(cell.strip() for cell in cells):
            yield Record(source.first, cells)


def _swallowed_a_record(cells: list[str], delimiter: str) -> bool:
    """A cell that runs over lines and holds delimiters began at a stray quote and ended at another."""
    return any("\n" in cell and cell.count(delimiter) >= _SWALLOWED_DELIMITERS for cell in cells)


class _Lines(Iterator[str]):
    """Lines that know their numbers and can be taken back."""

    def __init__(self, source: Iterator[str]) -> None:
        self.taken: list[str] = []
        self._source = source
        self._returned: deque[str] = deque()
        self._number = 0

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._source)
        self._number += 1
        self.taken.append(line)
        return line

    @property
    def first(self) -> int:
        """The number of the first line taken."""
        return self._number - len(self.taken) + 1

    def give_back(self) -> int:
        """Put back all lines taken but the first, whose number is answered."""
        first = self.first
        self._returned.extendleft(reversed(self.taken[1:]))
        self._number = first
        return first
