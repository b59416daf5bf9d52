"""Events that nobody could handle are shown with their error, and handed out again when an employee asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select

from kernel.broker import DELIVER
from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.inbox import Handler, Handlers, each
from kernel.outbox import UNDELIVERED, Delivery, OutboxMessage, read_hint, record
from payments.events import PaymentSucceeded
from payments.installation.models import Installation
from tests.portal.web.staff.conftest import Desk, staff_member

pytestmark = pytest.mark.committed

CONSUMER = "notifications.payment_succeeded"
LIST = "/staff/deliveries"


@pytest.fixture
def dead(company: None) -> int:
    """A delivery whose tries are used up; its id."""
    with begin() as session:
        record(session, PaymentSucceeded(staff_member("viewer")))
        session.flush()
        event = session.scalars(select(OutboxMessage).where(OutboxMessage.topic == PaymentSucceeded.topic)).one()
        event.dispatched_at = business_now(session)
        delivery = Delivery(
            message_id=event.id,
            consumer=CONSUMER,
            tries=9,
            dead_at=business_now(session),
            error="KeyError: <b>x</b>",
        )
        session.add(delivery)
        session.flush()
        return delivery.id


def handlers(handle: Callable[[Session, PaymentSucceeded, datetime], None]) -> Handlers:
    return Handlers([Handler(CONSUMER, PaymentSucceeded, each(handle))])


def delivery_of(delivery_id: int) -> Delivery:
    with read() as session:
        return session.get_one(Delivery, delivery_id)


def hints() -> list[tuple[int, ...]]:
    with read() as session:
        found = [
            read_hint(row)
            for row in session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == "hint"))
        ]
    return [tuple(int(str(key)) for key in hint.ids) for hint in found if hint.job == DELIVER]


def test_a_dead_event_is_shown_with_its_error(desk: Desk, dead: int) -> None:
    page = desk().get(LIST).text

    for wanted in (PaymentSucceeded.topic, CONSUMER, "KeyError: &lt;b&gt;x&lt;/b&gt;", f"{LIST}/{dead}/again"):
        assert wanted in page


def test_an_empty_list_is_good_news(desk: Desk, company: None) -> None:
    assert "Все события обработаны" in desk().get(LIST).text


def test_pressed_twice_it_is_handed_out_once_and_then_handled(desk: Desk, dead: int) -> None:
    answers = [desk("manager").post(f"{LIST}/{dead}/again") for _ in range(2)]

    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, LIST)] * 2
    assert hints() == [(dead,)]
    with read() as session:
        assert session.scalars(select(Delivery.id).where(UNDELIVERED.due())).all() == [dead], "the sweep finds it too"
    assert "Все события обработаны" in desk().get(LIST).text

    handled: list[PaymentSucceeded] = []
    for _ in range(2):
        handlers(lambda _session, event, _now: handled.append(event)).deliver([dead])

    assert len(handled) == 1
    assert delivery_of(dead).done_at is not None


def test_what_fails_again_gets_all_its_tries_and_comes_back_to_the_list(desk: Desk, dead: int) -> None:
    desk().post(f"{LIST}/{dead}/again")

    def fail(session: Session, _event: PaymentSucceeded, _now: datetime) -> None:
        session.execute(select(func.count()).select_from(Installation))
        raise LookupError("still broken")

    tries = 0
    while delivery_of(dead).dead_at is None:
        handlers(fail).deliver([dead])
        tries += 1

    assert tries > 1
    assert "still broken" in desk().get(LIST).text


def test_no_role_but_owner_and_manager_hands_it_out(desk: Desk, dead: int) -> None:
    for role in ("accountant", "viewer"):
        assert f"{LIST}/{dead}/again" not in desk(role).get(LIST).text
        assert desk(role).post(f"{LIST}/{dead}/again").status_code == 403
    assert desk(role=None).post(f"{LIST}/{dead}/again").status_code == 303
    assert delivery_of(dead).dead_at is not None
    assert hints() == []


def test_an_event_that_does_not_exist_is_not_found(desk: Desk, company: None) -> None:
    assert desk().post(f"{LIST}/999/again").status_code == 404
