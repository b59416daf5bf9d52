"""Events that are delivered together are handled together; one that fails harms no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from kernel.db import Session, begin, read
from kernel.ids import uuid7
from kernel.inbox import Handler, Handlers, each
from kernel.outbox import Delivery, record
from kernel.relay import rehint_deliveries, relay_once
from payments.events import CustomerChanged, CustomerCreated
from tests.support.world import World

Told = list[list[UUID]]


def deliver(handlers: Handlers, *events: CustomerCreated | CustomerChanged) -> None:
    with begin() as session:
        record(session, *events)
    hinted: list[Sequence[UUID | int]] = []
    relay_once(handlers, lambda _job, ids: hinted.append(ids))
    for ids in hinted:
        handlers.deliver([int(str(key)) for key in ids])


def keeping(told: Told) -> Callable[[Session, Sequence[CustomerCreated | CustomerChanged], datetime], None]:
    return lambda _session, events, _now: told.append([event.customer_id for event in events])


@pytest.fixture
def customers() -> list[UUID]:
    return [uuid7() for _ in range(5)]


@pytest.fixture(autouse=True)
def _empty_outbox(world: World) -> None:
    relay_once(Handlers([]), lambda _job, _ids: None)


def test_each_consumer_gets_the_events_of_one_kind_together_in_their_order(customers: list[UUID]) -> None:
    created: Told = []
    changed: Told = []
    handlers = Handlers(
        [
            Handler("test.created", CustomerCreated, keeping(created)),
            Handler("test.changed", CustomerChanged, keeping(changed)),
        ]
    )

    deliver(handlers, *(kind(key) for key in customers for kind in (CustomerCreated, CustomerChanged)))

    assert (created, changed) == ([customers], [customers])


def test_one_that_fails_is_noted_alone_and_the_others_are_handled_once(customers: list[UUID]) -> None:
    told: list[UUID] = []
    bad = customers[2]

    def handle(_session: Session, event: CustomerCreated, _now: datetime) -> None:
        if event.customer_id == bad:
            raise LookupError("nobody knows it")
        told.append(event.customer_id)

    deliver(Handlers([Handler("test.created", CustomerCreated, each(handle))]), *map(CustomerCreated, customers))

    with read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [row.done_at is not None for row in rows] == [True, True, False, True, True]
    assert [(row.tries, row.error) for row in rows if not row.done_at] == [(1, "LookupError: nobody knows it")]
    # The first attempt at all of them was rolled back; what it had written is gone with it.
    assert told == [*customers[:2], *(key for key in customers if key != bad)]


def test_one_that_failed_is_hinted_at_as_soon_as_it_is_due_again(customers: list[UUID]) -> None:
    def fail(_session: Session, _events: Sequence[CustomerCreated], _now: datetime) -> None:
        raise LookupError

    hinted: list[Sequence[UUID | int]] = []
    deliver(Handlers([Handler("test.created", CustomerCreated, fail)]), CustomerCreated(customers[0]))
    assert rehint_deliveries(lambda _job, ids: hinted.append(ids)) == 0, "five seconds first"

    with begin() as session:
        session.execute(update(Delivery).values(next_try_at=func.business_now()))

    assert rehint_deliveries(lambda _job, ids: hinted.append(ids)) == 1
    assert rehint_deliveries(lambda _job, ids: hinted.append(ids)) == 0, "the new hint is on its way"


def test_what_is_done_already_is_not_handled_again(customers: list[UUID]) -> None:
    told: Told = []
    handlers = Handlers([Handler("test.created", CustomerCreated, keeping(told))])
    deliver(handlers, *map(CustomerCreated, customers))

    with read() as session:
        everything = session.scalars(select(Delivery.id)).all()
    handlers.deliver(everything)

    assert told == [customers]


def test_a_consumer_that_is_gone_is_noted_and_keeps_no_other_back(customers: list[UUID]) -> None:
    told: Told = []
    both = [Handler(name, CustomerCreated, keeping(told)) for name in ("test.gone", "test.here")]
    with begin() as session:
        record(session, CustomerCreated(customers[0]))
    hinted: list[Sequence[UUID | int]] = []
    relay_once(Handlers(both), lambda _job, ids: hinted.append(ids))

    Handlers(both[1:]).deliver([int(str(key)) for ids in hinted for key in ids])

    with read() as session:
        states = {row.consumer: (row.done_at is not None, row.error) for row in session.scalars(select(Delivery))}
    assert states == {"test.gone": (False, "KeyError: 'test.gone'"), "test.here": (True, None)}
    assert told == [[customers[0]]]
