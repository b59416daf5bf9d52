"""What follows a charge survives SIGKILL too: the intent, the hint, the event and its letter each happen once."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from kernel.db import begin, read
from kernel.outbox import Delivery
from payments.charging.charging import charge
from payments.charging.models import Payment
from payments.charging.sending import sender
from portal.notifications.models import Message
from portal.wiring import Wiring
from tests.support.business import Agreement, make_agreement, pay_with_consent
from tests.support.charging import make_announced, make_due, next_day
from tests.support.processes import killed
from tests.support.world import World

EMAIL = "anna@example.com"
PAID = "payment_succeeded"


def test_a_scheduler_killed_before_it_commits_the_intents_writes_them_again(world: World) -> None:
    it = _subscriber(world)
    with begin() as session:
        make_announced(session, [it])
    killed("scheduler", at="duty.before_commit")
    assert _scheduled() == []
    world.drain()
    _assert_charged_and_told_once(world)


def test_a_relay_killed_before_it_tells_redis_delays_a_charge_and_loses_none(world: World) -> None:
    it = _subscriber(world)
    with begin() as session:
        make_due(session, [it])
    killed("scheduler", at="relay.after_commit")
    with read() as session:
        assert session.scalar(text("SELECT count(*) FROM outbox_messages WHERE dispatched_at IS NULL")) == 0
    assert [status for _id, status in _scheduled()] == ["created"]
    _age_hints()
    world.drain()
    _assert_charged_and_told_once(world)


@pytest.mark.parametrize("point", ["inbox.before_commit", "inbox.after_commit"])
def test_a_worker_killed_at_a_point_of_delivery_writes_one_letter(world: World, point: str) -> None:
    it = _subscriber(world)
    with begin() as session:
        (due,) = make_due(session, [it])
    charge([str(due.payment_id)])
    assert sender().wait_idle(30)
    # The scheduler hands the event to the worker, which dies over it.
    jobs = Wiring().jobs
    killed("scheduler", at="relay.after_commit")
    with read() as session:
        undelivered = session.scalars(select(Delivery.id).where(Delivery.done_at.is_(None))).all()
    assert undelivered
    jobs.send("deliver", list(undelivered))
    killed("worker", at=point)
    _age_hints()
    world.drain()
    _assert_charged_and_told_once(world)


def _subscriber(world: World) -> Agreement:
    with begin() as session:
        it = make_agreement(session, email=EMAIL, draft=True)
    pay_with_consent(it)
    world.play(advance="PT20M")
    next_day()
    return it


def _scheduled() -> list[tuple[UUID, str]]:
    with read() as session:
        rows = session.execute(select(Payment.id, Payment.status).where(Payment.initiator == "schedule")).all()
    return [(row.id, row.status) for row in rows]


def _age_hints() -> None:
    # A hint is trusted for 30 s of real time; the test does not wait for them.
    with begin() as session:
        session.execute(update(Payment).values(lease_until=func.clock_timestamp()))
        session.execute(update(Message).values(lease_until=func.clock_timestamp()))
        session.execute(update(Delivery).values(hinted_at=func.clock_timestamp() - text("interval '1 minute'")))


def _assert_charged_and_told_once(world: World) -> None:
    charges = [
        entry for entry in world.journal(system="yookassa") if entry["method"] == "POST" and entry["payment_method_id"]
    ]
    ((payment_id, status),) = _scheduled()
    with read() as session:
        told = session.scalars(
            select(Message.status).where(Message.payment_id == payment_id, Message.kind == PAID)
        ).all()
    assert status == "succeeded"
    assert len(charges) == 1
    assert list(told) == ["sent"]
