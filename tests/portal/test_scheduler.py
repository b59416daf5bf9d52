"""The scheduler: one leader at a time, and no duty that keeps another one waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import event, func, select, text, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from kernel import db
from kernel.broker import Jobs
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.charging.models import Payment
from payments.contracts.models import Installment
from payments.installation.models import Installation
from payments.installation.setup import ensure_installation
from payments.invoicing.models import Invoice
from payments.stops.keeping import keep_memory
from portal import scheduler
from portal.public import Duty
from portal.wiring import DUTIES, Wiring
from tests.support.blocking import meanwhile
from tests.support.business import make_agreement
from tests.support.charging import make_announced
from tests.support.standing import begin_first_payment, make_standing, pay_first

pytestmark = pytest.mark.committed

EVERYTHING = [wait.name for wait in Wiring().waits]
_PATIENCE_S = 20.0
T = TypeVar("T")


class DeafJobs(Jobs):
    """Redis is not there: nobody hears a hint."""

    def send(self, name: str, ids: Sequence[UUID | int]) -> None:
        """Nobody hears it."""


class Broken:
    """What the scheduler was told of duties that raised."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Exception]] = []

    def __call__(self, duty: Duty, error: Exception) -> None:
        self.told.append((duty.name, error))


@pytest.fixture
def installation(committed: str) -> None:
    with begin() as session:
        ensure_installation(session, get_settings())


@contextmanager
def impatient(**limits: str) -> Iterator[None]:
    """Connections give up sooner than in production, for the same reasons."""

    def limit(connection: Connection) -> None:
        for name, value in limits.items():
            connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")

    engine = db.engine()
    event.listen(engine, "begin", limit)
    try:
        yield
    finally:
        event.remove(engine, "begin", limit)


def _one_to_issue_and_one_to_charge() -> UUID:
    """A line that waits for its invoice, and an announced one of another customer; the first line's id."""
    with begin() as session:
        charged, payment = begin_first_payment(session)
        pay_first(session, payment)
        make_announced(session, [charged])
        return make_agreement(session, email="b@example.com").line_id


def _run(broken: Broken) -> int:
    return scheduler.run_duties(DUTIES, DeafJobs([]), due=EVERYTHING, broken=broken)


def _charges() -> int:
    with read() as session:
        return session.execute(
            select(func.count()).select_from(Payment).where(Payment.initiator == "schedule")
        ).scalar_one()


@pytest.mark.parametrize(
    ("limits", "sqlstate"),
    [({"statement_timeout": "300ms", "lock_timeout": "0"}, "57014"), ({"lock_timeout": "300ms"}, "55P03")],
    ids=["too slow", "locked out"],
)
def test_a_duty_that_the_database_gives_up_does_not_stop_the_others(
    installation: None, limits: dict[str, str], sqlstate: str
) -> None:
    line_id = _one_to_issue_and_one_to_charge()
    broken = Broken()
    with begin() as session:
        session.execute(text("LOCK TABLE counters IN ACCESS EXCLUSIVE MODE"))  # no invoice can be numbered
        with impatient(**limits):
            _run(broken)

    ((name, error),) = broken.told
    assert name == "issue_due"
    assert isinstance(error, OperationalError)
    assert getattr(error.orig, "sqlstate", None) == sqlstate
    assert _charges() == 1

    broken = Broken()
    _run(broken)
    assert broken.told == []
    with read() as session:
        assert session.scalars(select(Invoice.status).where(Invoice.installment_id == line_id)).one() == "open"


def test_a_look_that_the_database_gives_up_keeps_no_duty_waiting(installation: None) -> None:
    line_id = _one_to_issue_and_one_to_charge()
    with begin() as session, impatient(lock_timeout="300ms"):
        session.execute(text("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"))  # what waits there cannot be seen
        with _running_scheduler():
            assert _until(lambda: _status_of_invoice(line_id) == "open")
            assert _until(_beats)


def test_while_redis_is_away_no_charge_is_written_or_hinted_at_and_everything_else_is_done(
    installation: None, monkeypatch: pytest.MonkeyPatch, redis: str
) -> None:
    with begin() as session:
        written = make_standing(session, email="c@example.com").due.payment_id
    line_id = _one_to_issue_and_one_to_charge()
    monkeypatch.setenv("KABINET_REDIS_URL", "redis://127.0.0.1:9/0")
    get_settings.cache_clear()
    with _running_scheduler():
        assert _until(lambda: _status_of_invoice(line_id) == "open")
        time.sleep(1)  # two passes more: that nothing is done can only be waited for
        assert _charges() == 1, "it may have been charged already, by a later state of this database"
        assert _hint_of(written) is None

        monkeypatch.setenv("KABINET_REDIS_URL", redis)
        get_settings.cache_clear()
        assert _until(lambda: _charges() == 2)
        assert _until(lambda: _hint_of(written))


def test_a_duty_that_loses_a_deadlock_is_done_again_at_once(installation: None) -> None:
    line_id = _one_to_issue_and_one_to_charge()
    broken = Broken()
    with begin() as session:
        # We hold the numbers and then want the line; the duty holds the line and wants a number.
        session.execute(text("LOCK TABLE counters IN ACCESS EXCLUSIVE MODE"))
        session.execute(text("SET LOCAL deadlock_timeout = '10s'"))
        with meanwhile(lambda: _run(broken)):
            session.execute(select(Installment.id).where(Installment.id == line_id).with_for_update())
            session.commit()

    assert broken.told == []
    with read() as session:
        assert session.scalars(select(Invoice.status).where(Invoice.installment_id == line_id)).one() == "open"


def test_a_database_that_is_gone_ends_the_pass(installation: None) -> None:
    _one_to_issue_and_one_to_charge()
    broken = Broken()
    with begin() as session:
        session.execute(text("LOCK TABLE counters IN ACCESS EXCLUSIVE MODE"))
        with meanwhile(lambda: _run(broken)) as running:
            session.execute(_END_WAITERS)
            assert isinstance(running.exception(20), OperationalError)

    assert broken.told == []
    assert _charges() == 0


def test_a_leader_that_lost_its_lock_stops_leading(installation: None) -> None:
    with _running_scheduler():
        first = _until(_holder)
        with begin() as session:
            session.execute(select(func.pg_terminate_backend(first)))
        assert _until(lambda: _holder() not in (None, first))
        assert _until(_beats)


def test_a_database_that_comes_back_as_a_copy_is_paused_without_a_restart(installation: None) -> None:
    with _running_scheduler():
        first = _until(_holder)
        with begin() as session:
            installation_row = session.get_one(Installation, 1)
            installation_row.fingerprint = {**(installation_row.fingerprint or {}), "timeline": "00000000"}
            session.execute(select(func.pg_terminate_backend(first)))
        assert _until(_is_paused)


def test_whoever_takes_the_lead_trusts_no_hint_that_was_given_before(installation: None) -> None:
    keep_memory()  # Redis has lost nothing
    with begin() as session:
        it = make_standing(session)
        hinted_until = session.execute(
            update(Payment)
            .where(Payment.id == it.due.payment_id)
            .values(lease_until=func.clock_timestamp() + timedelta(seconds=25))
            .returning(Payment.lease_until)
        ).scalar_one()

    with _running_scheduler():
        assert _until(lambda: _hint_of(it.due.payment_id) not in (None, hinted_until)), "another hint is given"


def _hint_of(payment_id: UUID) -> datetime | None:
    with read() as session:
        return session.get_one(Payment, payment_id).lease_until


def test_a_second_scheduler_does_nothing_until_the_first_has_gone(installation: None) -> None:
    with db.engine().connect() as connection, connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(4201001)"))
        with begin() as session:
            session.execute(update(Installation).values(scheduler_beat_at=None))
        with _running_scheduler():
            time.sleep(2)
            assert not _beats()
            connection.rollback()
            assert _until(_beats)


def _status_of_invoice(line_id: UUID) -> str | None:
    with read() as session:
        return session.scalars(select(Invoice.status).where(Invoice.installment_id == line_id)).one_or_none()


_END_WAITERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_HOLDER = text(
    "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
    " WHERE datname = current_database() AND locktype = 'advisory' AND objid = 4201001 AND granted"
)


def _holder() -> int | None:
    with read() as session:
        return session.execute(_HOLDER).scalar_one_or_none()


def _is_paused() -> bool:
    with read() as session:
        return session.get_one(Installation, 1).charging_paused


def _beats() -> bool:
    with read() as session:
        fresh = Installation.scheduler_beat_at > func.clock_timestamp() - timedelta(seconds=2)
        return bool(session.execute(select(fresh)).scalar_one())


def _until(found: Callable[[], T]) -> T:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError("it never came")


@contextmanager
def _running_scheduler() -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=scheduler.run, args=(Wiring(), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
