"""Check: a named rule, and the query whose rows break it. Examining: all of them in one snapshot, changing nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from kernel.db import ReadSession, Session, give_room, read
from kernel.errors import KabinetError

SHOWN = 20
_Left = SimpleQueue["Check"]


@dataclass(frozen=True, slots=True)
class Check:
    """A rule. `breaches` is a query with a row for each breach: `object` (its kind), `id`, `figures` (a JSON object).

    A figure's name says what it is: `…_kopecks`, `…_at`, `…_on`, `…_status`, else a number, a name, or a `why`.
    """

    name: str
    breaches: str


@dataclass(frozen=True, slots=True)
class Breach:
    """One row that must not be: the kind of object, its id or name, and the figures that disagree, by their names."""

    object: str
    id: str
    figures: Mapping[str, Any]

    @property
    def detail(self) -> str:
        """The figures in one line, as they are."""
        return ", ".join(f"{name} {value}" for name, value in self.figures.items())


@dataclass(frozen=True, slots=True)
class Examined:
    """What a check found: how many breaches, the first of them, and how long it took; `error` if it could not be asked."""

    name: str
    count: int
    breaches: tuple[Breach, ...]
    millis: int
    error: str = ""

    @property
    def sound(self) -> bool:
        """Nothing is wrong, and that is known."""
        return not self.count and not self.error


class UnknownCheck(KabinetError):
    """No check has this name."""


def select_checks(checks: Sequence[Check], names: Sequence[str]) -> tuple[Check, ...]:
    """The checks of these names, or all of them when none is given.

    Raises:
        UnknownCheck: a name that no check has; the message lists those there are.
    """
    known = {check.name: check for check in checks}
    for name in names:
        if name not in known:
            raise UnknownCheck(f"нет проверки «{name}»; есть: {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(names)) if names else tuple(checks)


def examine(checks: Sequence[Check]) -> list[Examined]:
    """Ask every check about one and the same moment, in transactions that cannot write; two at a time keep two cores busy."""
    left: _Left = SimpleQueue()
    for check in checks:
        left.put(check)
    with _room() as session, ThreadPoolExecutor(1) as beside:
        snapshot = session.execute(select(func.pg_export_snapshot())).scalar_one()
        others = beside.submit(_ask_beside, snapshot, left)
        found = {it.name: it for it in [*_ask_on(session, left), *others.result()]}
    return [found[check.name] for check in checks]


@contextmanager
def _room() -> Iterator[ReadSession]:
    with read() as session:
        give_room(session)
        yield session


def _ask_beside(snapshot: str, left: _Left) -> list[Examined]:
    with _room() as session:
        session.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
        return list(_ask_on(session, left))


def _ask_on(session: ReadSession, left: _Left) -> Iterator[Examined]:
    while True:
        try:
            check = left.get_nowait()
        except Empty:
            return
        yield ask(session, check)


def ask(session: ReadSession | Session, check: Check) -> Examined:
    """Ask one check about what this transaction sees. A query that PostgreSQL gives up is an `error`, not an exception."""
    begun = time.monotonic_ns()
    counted = f"SELECT f.*, count(*) OVER () AS n FROM ({check.breaches}) f LIMIT {SHOWN}"  # noqa: S608  our own text
    try:
        with session.begin_nested():
            rows = session.execute(text(counted)).all()
    except DBAPIError as error:
        return Examined(check.name, 0, (), _since(begun), error=type(error.orig).__name__)
    found = tuple(Breach(row.object, str(row.id), _known(row.figures)) for row in rows)
    return Examined(check.name, rows[0].n if rows else 0, found, _since(begun))


def _known(figures: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in figures.items() if value is not None}


def _since(begun_ns: int) -> int:
    return (time.monotonic_ns() - begun_ns) // 1_000_000
