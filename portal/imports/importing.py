"""The run of an import: every row is judged first, with bulk look-ups; then all is stored in one transaction, or nothing.

Judging writes nothing, so a dry run is the same run in a session that cannot write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Protocol, TypeVar

from sqlalchemy import func, select

from kernel.db import Session
from kernel.errors import Refused
from portal.imports.cells import clean
from portal.imports.columns import Column
from portal.imports.fates import Decision, Fate, Outcome, Report
from portal.imports.problems import BadCell, Problem
from portal.imports.table import Row, Table

BATCH = 1000
CODE = "external_id"
_LOCK = 0x696D706F7274  # "import": one import at a time, whoever starts it
_NAMED_LINES = 5

T = TypeVar("T")
P = TypeVar("P")
W = TypeVar("W")
Advance = Callable[[int], None]


class Importer(Protocol[P, W]):
    """What is imported: its columns, how a row is read, judged against the database and stored."""

    columns: Sequence[Column]
    unique: Sequence[str]

    def read(self, row: Row, table: Table) -> P:
        """Parse a row by itself; what is wrong with its cells stays with it."""

    def judge(self, session: Session, read: Sequence[P], table: Table) -> list[Decision[W]]:
        """Decide the fate of each row, in order; reads the database, writes nothing."""

    def store(self, session: Session, writes: Sequence[W]) -> None:
        """Write one batch."""


def judge_file(session: Session, importer: Importer[P, W], table: Table, advance: Advance) -> list[Decision[W]]:
    """The fate of every row in the order of the file; `advance` hears the line reached."""
    decisions: list[Decision[W]] = []
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for rows in batches(table.rows(), BATCH):
        decisions += _judge_batch(session, importer, table, rows)
        for row in rows:
            _remember(seen, importer.unique, row)
        advance(rows[-1].line)
    return _refuse_repeats(decisions, seen, table)


def import_file(
    session: Session, importer: Importer[P, W], table: Table, *, skip_bad: bool, advance: Advance
) -> Report:
    """Store what is good, unless a row is bad and the caller did not ask to skip such rows. Never commits.

    Raises:
        Refused: another import is running.
    """
    if not session.execute(select(func.pg_try_advisory_xact_lock(_LOCK))).scalar_one():
        raise Refused("Сейчас идёт другой импорт. Повторите, когда он закончится")
    decisions = judge_file(session, importer, table, advance)
    fates = tuple(decision.fate for decision in decisions)
    if not skip_bad and any(fate.outcome is Outcome.BAD for fate in fates):
        return Report(fates, stored=False)
    writes = [decision.write for decision in decisions if decision.write is not None]
    for batch in batches(writes, BATCH):
        importer.store(session, batch)
    return Report(fates, stored=True)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def _judge_batch(session: Session, importer: Importer[P, W], table: Table, rows: list[Row]) -> list[Decision[W]]:
    # In a row that is cut wrongly each cell would complain about its neighbour's value, so its cells are not read.
    judged = iter(importer.judge(session, [importer.read(row, table) for row in rows if not row.problems], table))
    return [
        Decision(Fate(row.line, _shown_code(row), Outcome.BAD, problems=row.problems)) if row.problems else next(judged)
        for row in rows
    ]


def _remember(seen: dict[tuple[str, str], list[int]], unique: Sequence[str], row: Row) -> None:
    for key in unique if not row.problems else ():
        value = _cleaned(row.cells.get(key, ""))
        if value:
            seen[key, value].append(row.line)


def _refuse_repeats(
    decisions: list[Decision[W]], seen: dict[tuple[str, str], list[int]], table: Table
) -> list[Decision[W]]:
    """Every row whose code or number stands on several lines is bad: which of them is right, nobody can tell."""
    repeats: dict[int, list[Problem]] = defaultdict(list)
    for (key, value), lines in seen.items():
        for line in lines if len(lines) > 1 else ():
            repeats[line].append(Problem(line, table.header.titles[key], value, _same_on(lines, line)))
    return [_with_problems(decision, repeats.get(decision.fate.line, [])) for decision in decisions]


def _same_on(lines: list[int], line: int) -> str:
    named = [str(other) for other in lines[: _NAMED_LINES + 1] if other != line][:_NAMED_LINES]
    where = "в строке" if len(named) == 1 else "в строках"
    more = " и других" if len(lines) - 1 > len(named) else ""
    return f"то же значение {where} {', '.join(named)}{more}"


def _with_problems(decision: Decision[W], more: list[Problem]) -> Decision[W]:
    if not more:
        return decision
    fate = decision.fate
    return Decision(replace(fate, outcome=Outcome.BAD, what="", problems=(*fate.problems, *more)))


def _shown_code(row: Row) -> str:
    return _cleaned(row.cells.get(CODE, "")) or ""


def _cleaned(value: str) -> str | None:
    try:
        return clean(value)
    except BadCell:
        return None
