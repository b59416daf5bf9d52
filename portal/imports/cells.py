"""Cells of one row: cleaned, parsed, and every problem gathered instead of stopping at the first."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeVar

from portal.imports.problems import BadCell, Problem
from portal.imports.table import Row

T = TypeVar("T")
_PLACEHOLDERS = frozenset({"", "-", "–", "—", "нет", "н/д", "n/a", "null", "none"})
_SHOWN = 60


def clean(text: str) -> str:
    """The text without invisible characters, with single spaces.

    Raises:
        BadCell: it holds a control character, which no name or number needs.
    """
    if text.isprintable():
        return " ".join(text.split())
    kept = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Cc" and not char.isspace():
            raise BadCell(f"недопустимый символ U+{ord(char):04X}")
        if category != "Cf":
            kept.append(char)
    return " ".join("".join(kept).split())


def text_up_to(length: int) -> Callable[[str], str]:
    """A parser of plain text that is at most so long."""

    def parse(value: str) -> str:
        if len(value) > length:
            raise BadCell(f"длиннее {length} знаков")
        return value

    return parse


class Cells:
    """Reads the cells of one row. A parser that raises `BadCell` leaves a problem and the value None."""

    def __init__(self, row: Row, titles: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._row = row
        self._titles = titles

    def required(self, key: str, parse: Callable[[str], T]) -> T | None:
        """The parsed value; an empty cell is a problem."""
        value = self._clean(key)
        if value == "":
            self.complain(key, "не заполнено")
        return self._parse(key, value, parse) if value else None

    def optional(self, key: str, parse: Callable[[str], T]) -> T | None:
        """The parsed value; None for an empty cell and for dashes and words that stand for nothing."""
        value = self._clean(key)
        return None if value is None or value.casefold() in _PLACEHOLDERS else self._parse(key, value, parse)

    def complain(self, key: str, reason: str) -> None:
        """Add a problem of this cell."""
        value = self._row.cells.get(key, "").strip()[:_SHOWN]
        self.problems.append(Problem(self._row.line, self._titles[key], value, reason))

    def has_problem(self, key: str) -> bool:
        """Has this cell been found wrong already?"""
        return any(problem.column == self._titles[key] for problem in self.problems)

    def _clean(self, key: str) -> str | None:
        try:
            return clean(self._row.cells.get(key, ""))
        except BadCell as bad:
            self.complain(key, str(bad))
            return None

    def _parse(self, key: str, value: str, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(value)
        except BadCell as bad:
            self.complain(key, str(bad))
            return None
