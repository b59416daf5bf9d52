"""Staff get a letter when charges are not being made, though the scheduler is dead; one for an outage, one at its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from crm_sync.part import CRM
from kernel.broker import RedisAway
from kernel.clock import business_now, real_now
from kernel.db import Session, begin
from payments.charging.due import create_due_payments
from payments.charging.models import Payment
from payments.contracts.models import Installment
from payments.installation.models import Installation
from payments.installation.pausing import pause_charging
from portal.accounts.models import User
from portal.duties.watching import Watch
from portal.wiring import Wiring
from tests.sandbox.process import Sandbox
from tests.support.business import open_company
from tests.support.charging import make_announced
from tests.support.standing import begin_first_payment, pay_first
from tests.support.web import WEB

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("office")]


@pytest.fixture
def office(committed: str) -> None:
    """A company with a living scheduler, an owner, and somebody who only looks."""
    with begin() as session:
        open_company(session)
        for role in ("owner", "viewer"):
            user = User(email=f"{role}@example.com", name="Ирина Мельник", password_hash="-", staff_role=role)
            user.email_confirmed_at = real_now()
            session.add(user)
    scheduler_beat(seconds_ago=1)


def scheduler_beat(*, seconds_ago: int) -> None:
    with begin() as session:
        at = func.clock_timestamp() - timedelta(seconds=seconds_ago)
        session.execute(update(Installation).values(scheduler_beat_at=at))


def send(job: str, ids: Sequence[UUID]) -> None:
    """A worker takes the hint at once; no relay is alive."""
    Wiring(CRM).jobs.by_name[job].run([str(item) for item in ids])


@pytest.fixture
def watch() -> Watch:
    return Watch(send, every_s=0)


def letters(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = WEB.get(f"{sandbox.url}/mail/messages").raise_for_status().json()["items"]
    return found


def subjects(sandbox: Sandbox) -> list[str]:
    return [letter["subject"] for letter in letters(sandbox)]


def look(watch: Watch, times: int) -> None:
    for _ in range(times):
        watch.look()


def a_line_that_nobody_charges(session: Session, *, minutes: int) -> None:
    it, payment = begin_first_payment(session)
    pay_first(session, payment)
    make_announced(session, [it])
    late = business_now(session) - timedelta(minutes=minutes)
    session.execute(update(Installment).where(Installment.charge_at.is_not(None)).values(charge_at=late))


def test_a_silent_scheduler_is_told_once_and_so_is_its_return(watch: Watch, sandbox: Sandbox) -> None:
    look(watch, 3)
    assert subjects(sandbox) == []

    scheduler_beat(seconds_ago=150)
    look(watch, 5)
    assert subjects(sandbox) == ["Списания не запускаются"]
    (letter,) = letters(sandbox)
    assert letter["to"] == "owner@example.com"

    scheduler_beat(seconds_ago=1)
    look(watch, 5)
    assert subjects(sandbox) == ["Списания не запускаются", "Списания снова запускаются"]

    scheduler_beat(seconds_ago=150)
    look(watch, 2)
    assert len(subjects(sandbox)) == 3, "another outage"


def test_one_look_is_not_believed(watch: Watch, sandbox: Sandbox) -> None:
    look(watch, 2)
    scheduler_beat(seconds_ago=150)
    look(watch, 1)
    scheduler_beat(seconds_ago=1)
    look(watch, 3)

    assert subjects(sandbox) == []


def test_of_two_workers_one_tells(watch: Watch, sandbox: Sandbox) -> None:
    other = Watch(send, every_s=0)
    scheduler_beat(seconds_ago=150)
    for _ in range(3):
        watch.look()
        other.look()

    assert len(subjects(sandbox)) == 1


def test_lines_that_a_living_scheduler_does_not_charge_are_told(watch: Watch, sandbox: Sandbox) -> None:
    with begin() as session:
        a_line_that_nobody_charges(session, minutes=11)
    look(watch, 2)

    assert subjects(sandbox) == ["Списания не запускаются"]
    assert "Ждут списания: 1" in letters(sandbox)[0]["text"]


def a_charge_that_no_worker_takes(session: Session, *, minutes: int) -> None:
    a_line_that_nobody_charges(session, minutes=minutes)
    create_due_payments(session, now=business_now(session))
    written = business_now(session) - timedelta(minutes=minutes)
    session.execute(update(Payment).where(Payment.status == "created").values(created_at=written))


_STAND = "Списания не запускаются"
_NOW: dict[str, Any] = {"decided_at": func.business_now()}
_SENT = {"initiator": "schedule", "first_sent_at": func.business_now()}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (_NOW | _SENT, []),
        ({"decided_at": None, "status": "unknown"} | _SENT, []),  # an outage of the gateway, which is told elsewhere
        (_NOW | {"initiator": "customer", "first_sent_at": func.business_now()}, [_STAND]),
        (
            _NOW | {"initiator": "schedule", "status": "rejected", "reason": "paid_by_hand", "first_sent_at": None},
            [_STAND],
        ),
    ],
    ids=["decided", "unknown", "by hand", "never left"],
)
def test_written_charges_that_do_not_leave_are_told_unless_others_leave(
    watch: Watch, sandbox: Sandbox, other: dict[str, Any], told: list[str]
) -> None:
    with begin() as session:
        a_charge_that_no_worker_takes(session, minutes=11)
        charge = session.scalars(select(Payment).where(Payment.status == "created")).one()
        if other["initiator"] == "schedule":
            other = other | {name: getattr(charge, name) for name in ("autopay_id", "method_id", "notice_id")}
        session.execute(update(Payment).where(Payment.id != charge.id).values(other))
        # They are written all the time.
        session.execute(update(Installation).values(charger_ran_at=func.business_now()))
    look(watch, 2)

    assert subjects(sandbox) == told


@pytest.mark.parametrize("calm", ["paused", "running", "fresh"])
def test_what_waits_on_purpose_or_for_its_turn_is_no_outage(watch: Watch, sandbox: Sandbox, calm: str) -> None:
    with begin() as session:
        a_line_that_nobody_charges(session, minutes=9 if calm == "fresh" else 11)
        if calm == "paused":
            pause_charging(session, "Сверяем суммы", now=business_now(session), by=UUID(int=7))
        if calm == "running":  # a long run: others are being charged all the time
            session.execute(update(Installation).values(charger_ran_at=func.business_now()))
    look(watch, 3)

    assert subjects(sandbox) == []


def test_without_redis_the_letters_wait_for_the_sweep(sandbox: Sandbox) -> None:
    def away(_job: str, _ids: Sequence[UUID]) -> None:
        raise RedisAway("ConnectionError")

    scheduler_beat(seconds_ago=150)
    look(Watch(away, every_s=0), 3)

    with begin() as session:
        waiting = session.execute(text("SELECT status FROM messages")).scalars().all()
    assert waiting == ["queued"]


def test_it_looks_once_a_minute(sandbox: Sandbox) -> None:
    watch = Watch(send)
    scheduler_beat(seconds_ago=150)
    look(watch, 5)

    assert subjects(sandbox) == []
