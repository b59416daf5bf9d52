"""What becomes of each row, and of the file as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from portal.imports.problems import Problem

W = TypeVar("W")


class Outcome(StrEnum):
    """How a row ends; the value is the word people see."""

    NEW = "новый"
    CHANGED = "изменён"
    SAME = "без изменений"
    BAD = "ошибка"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one row: `what` tells it in words, `problems` are there only when it is bad."""

    line: int
    code: str
    outcome: Outcome
    what: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision(Generic[W]):
    """A fate together with what storing it takes; None when nothing is to be stored."""

    fate: Fate
    write: W | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The fate of every row, in the order of the file, and whether anything was stored."""

    fates: tuple[Fate, ...]
    stored: bool

    @property
    def problems(self) -> list[Problem]:
        """All problems in the order of the file."""
        return [problem for fate in self.fates for problem in fate.problems]

    def count(self, outcome: Outcome) -> int:
        """How many rows end so."""
        return Counter(fate.outcome for fate in self.fates)[outcome]
