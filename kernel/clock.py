"""Time. Business time is the database's clock plus, in demo and tests, one shift shared by all processes.

Business time decides due dates, notices and retries; leases, sessions and throttles run on real time.
"""

from __future__ import annotations

import threading
import time as machine
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import psycopg
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Interval,
    ScalarSelect,
    TextClause,
    and_,
    func,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from kernel import log
from kernel.db import Base, Session, read
from kernel.settings import get_settings

_log = log.get(__name__)
_CHANNEL = "clock"
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # a class without annotations
_shift = timedelta(0)


class VirtualClock(Base):
    """The product's copy of the sandbox clock's shift: one row, absent or zero in live mode."""

    __tablename__ = "virtual_clock"
    one: Mapped[bool] = mapped_column(Boolean, primary_key=True, default=True)
    shift: Mapped[timedelta] = mapped_column(Interval)


@dataclass(frozen=True, slots=True)
class Wait:
    """Rows that wait for an instant: a nullable `at` column, and which of them still wait.

    The same declaration drives the due query of the job that serves the rows and the next stop of the played clock.
    A chore comes round again and again whether there is anything to do or not: the played clock does not stop for it.
    """

    name: str
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
    where: ColumnElement[bool]
    chore: bool = False

    def due(self) -> ColumnElement[bool]:
        """True for rows whose instant has come."""
        return and_(self.where, self.at <= func.business_now())


def now() -> datetime:
    """Business time as this process last heard of it, aware UTC. For pages and letters; money asks the database."""
    return datetime.now(UTC) + _shift


def real_now() -> datetime:
    """The machine's own time, aware UTC: leases, sessions, tokens, throttles."""
    return datetime.now(UTC)


# Linux stops CLOCK_MONOTONIC, and Python on macOS time.monotonic(), while the machine sleeps: what was good for two
# seconds before the lid was closed would still be good days later. CLOCK_BOOTTIME goes on; on macOS CLOCK_MONOTONIC does.
_GOES_ON = getattr(machine, "CLOCK_BOOTTIME", machine.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds by a clock that nobody sets and that goes on while the machine sleeps: how old a permit is, when a call ends."""
    return machine.clock_gettime(_GOES_ON)


def by_business_clock(at: datetime) -> datetime:
    """What business time was at an instant of the machine's own time: for pages that show both."""
    return at + _shift


_BUSINESS_NOW = select(func.business_now())


def business_now(session: Session) -> datetime:
    """Business time of the session's transaction, aware UTC."""
    found: datetime = session.execute(_BUSINESS_NOW).scalar_one()
    return found


def this_moment(session: Session) -> datetime:
    """Business time now, aware UTC, while `business_now` is when the transaction began.

    For what is compared with the instants of transactions that this one waited for.
    """
    waited = func.clock_timestamp() - func.transaction_timestamp()
    found: datetime = session.execute(select(func.business_now() + waited)).scalar_one()
    return found


def business_date(at: datetime) -> date:
    """The civil date of an instant in the business time zone."""
    return at.astimezone(get_settings().zone).date()


def start_of(day: date) -> datetime:
    """The instant at which a business date begins, aware UTC."""
    return datetime.combine(day, time.min, tzinfo=get_settings().zone).astimezone(UTC)


def set_shift(session: Session, shift: timedelta) -> None:
    """Store the sandbox clock's shift and wake every process that follows it."""
    session.merge(VirtualClock(one=True, shift=shift))
    session.execute(select(func.pg_notify(_CHANNEL, str(shift.total_seconds()))))
    _remember(shift)


def refresh() -> timedelta:
    """Read the stored shift into this process and return it."""
    with read() as session:
        _remember(session.execute(select(VirtualClock.shift)).scalar_one_or_none() or timedelta(0))
    return _shift


def follow() -> None:
    """Keep this process's shift fresh in the background. Live mode has no shift and starts no thread."""
    if get_settings().mode != "live":
        refresh()
        threading.Thread(target=_listen_forever, name="clock", daemon=True).start()


def instants(session: Session, waits: tuple[Wait, ...]) -> dict[str, datetime]:
    """The earliest instant that each wait's rows wait for, by the wait's name; without those that nothing waits in."""
    rows = session.execute(_earliest_of(waits)).all()
    return {row.name: row.at for row in rows if row.at is not None}


@lru_cache(maxsize=4)
def _earliest_of(waits: tuple[Wait, ...]) -> TextClause:
    # Asked on every pass: as text, it is put together once and not for each. The first in the order of an index is found
    # at once; min() over rows that other tables are asked about would read them all.
    parts = [select(_first_of(wait).label("at"), literal(wait.name).label("name")) for wait in waits]
    compiled = union_all(*parts).compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return text(str(compiled).replace(":", r"\:"))


def _first_of(wait: Wait) -> ScalarSelect[datetime | None]:
    return select(wait.at).where(wait.where, wait.at.is_not(None)).order_by(wait.at).limit(1).scalar_subquery()


def _remember(shift: timedelta) -> None:
    global _shift  # noqa: PLW0603  one clock per process
    _shift = shift


def _listen_forever() -> None:
    # A connection of its own: LISTEN must not occupy the pool.
    url = get_settings().database_url.replace("postgresql+psycopg://", "postgresql://")
    pause = threading.Event()
    while not pause.wait(0):
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"LISTEN {_CHANNEL}")
                refresh()
                for notice in connection.notifies():
                    _remember(timedelta(seconds=float(notice.payload)))
        except (psycopg.OperationalError, SQLAlchemyError) as error:
            _log.warning("clock.listen_lost", error=type(error).__name__)
            pause.wait(1)
