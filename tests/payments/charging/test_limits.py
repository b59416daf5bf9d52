"""Daily limits: what is beyond them waits and charging pauses; exactly so, whoever permits beside whom."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from kernel.clock import business_date, business_now, set_shift
from kernel.db import Session, begin, read
from kernel.outbox import OutboxMessage
from payments.charging.applying import apply
from payments.charging.models import Payment
from payments.charging.permits import permit_customer, permit_scheduled, refuse
from payments.events import ChargingPaused
from payments.gateway.port import GatewayMethod
from payments.installation.models import DailyTally, Installation
from payments.installation.pausing import DAILY_LIMIT, limit_days, resume_charging
from tests.support.blocking import meanwhile
from tests.support.business import Agreement
from tests.support.charging import make_due
from tests.support.gateway_objects import says
from tests.support.standing import begin_first_payment

BOSS = UUID(int=7)
KOPECKS = 300_000


def standing(session: Session, number: int) -> Agreement:
    """A customer whose first payment saved a card."""
    it, payment = begin_first_payment(session, email=f"client{number}@example.com")
    card = GatewayMethod(f"pm-{number}", "bank_card", saved=True, title="Card", last4=f"{number:04}")
    apply(session, [says(session, payment, "succeeded", method=card)], source="webhook", now=business_now(session))
    return it


def due_charges(session: Session, count: int) -> list[UUID]:
    """Payments of so many customers that wait to be sent, the oldest first."""
    due = make_due(session, [standing(session, number) for number in range(count)])
    return sorted(it.payment_id for it in due)


def permit(session: Session, ids: list[UUID], *, again: bool = False) -> list[UUID]:
    return sorted(it.payment_id for it in permit_scheduled(session, ids, worker="test", again=again))


def charging(session: Session) -> tuple[bool, str | None]:
    row = session.execute(select(Installation.charging_paused, Installation.pause_reason)).one()
    return row.charging_paused, row.pause_reason


def tally(session: Session) -> tuple[int, int]:
    row = session.execute(
        select(DailyTally.charges, DailyTally.kopecks).where(
            DailyTally.charged_on == business_date(business_now(session))
        )
    ).first()
    return (row.charges, row.kopecks) if row else (0, 0)


def test_without_limits_everything_leaves_and_is_counted(session: Session) -> None:
    ids = due_charges(session, 3)

    assert permit(session, ids) == ids
    assert tally(session) == (3, 3 * KOPECKS)
    assert charging(session) == (False, None)


@pytest.mark.parametrize(
    ("charges", "kopecks"),
    [(2, None), (None, 2 * KOPECKS), (None, 3 * KOPECKS - 1), (2, 3 * KOPECKS), (3, 2 * KOPECKS)],
)
def test_what_is_beyond_either_limit_waits_and_charging_pauses(
    session: Session, charges: int | None, kopecks: int | None
) -> None:
    ids = due_charges(session, 4)
    limit_days(session, charges=charges, kopecks=kopecks)

    assert permit(session, ids) == ids[:2], "the oldest leave"
    assert charging(session) == (True, DAILY_LIMIT)
    assert tally(session) == (2, 2 * KOPECKS)
    assert permit(session, ids[2:]) == []
    assert refuse(session, ids[2:]) == {}, "nothing is lost"
    for payment_id in ids[2:]:
        waits = session.get_one(Payment, payment_id, populate_existing=True)
        assert (waits.status, waits.sends, waits.first_sent_at, waits.permit_at) == ("created", 0, None, None)
        assert (waits.lease_until, waits.worker) == (None, None)


def test_reaching_a_limit_to_the_kopeck_pauses_nothing(session: Session) -> None:
    ids = due_charges(session, 2)
    limit_days(session, charges=2, kopecks=2 * KOPECKS)

    assert permit(session, ids) == ids
    assert charging(session) == (False, None)


def test_a_limit_smaller_than_one_charge_lets_none_leave(session: Session) -> None:
    ids = due_charges(session, 1)
    limit_days(session, charges=None, kopecks=KOPECKS - 1)

    assert permit(session, ids) == []
    assert charging(session) == (True, DAILY_LIMIT)
    assert tally(session) == (0, 0)


def test_it_is_told_once_for_what_reason_charging_stopped(session: Session) -> None:
    ids = due_charges(session, 2)
    limit_days(session, charges=1, kopecks=None)
    permit(session, ids)
    permit(session, ids)

    told = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == ChargingPaused.topic)).all()
    assert [payload["reason"] for payload in told] == [DAILY_LIMIT]


def test_when_a_person_lets_charges_go_on_as_many_again_may_leave(session: Session) -> None:
    ids = due_charges(session, 4)
    limit_days(session, charges=2, kopecks=None)
    permit(session, ids)

    resume_charging(session, now=business_now(session), by=BOSS)
    session.flush()

    assert permit(session, ids[2:]) == ids[2:]
    assert charging(session) == (False, None)


def test_another_pause_does_not_begin_the_tally_anew(session: Session) -> None:
    ids = due_charges(session, 3)
    limit_days(session, charges=2, kopecks=None)
    permit(session, ids[:2])
    session.execute(update(Installation).values(charging_paused=True, pause_reason="Сверяем суммы"))
    session.expire_all()
    resume_charging(session, now=business_now(session), by=BOSS)
    session.flush()

    assert permit(session, ids[2:]) == []
    assert charging(session) == (True, DAILY_LIMIT)


def test_the_next_business_day_begins_anew(session: Session) -> None:
    ids = due_charges(session, 3)
    limit_days(session, charges=2, kopecks=None)
    assert permit(session, ids[:2]) == ids[:2]

    set_shift(session, timedelta(days=1))
    try:
        assert permit(session, ids[2:]) == ids[2:]
        assert tally(session) == (1, KOPECKS)
    finally:
        set_shift(session, timedelta(0))


def test_a_repeat_with_the_same_key_is_the_same_charge(session: Session) -> None:
    ids = due_charges(session, 1)
    limit_days(session, charges=1, kopecks=KOPECKS)
    permit(session, ids)
    session.execute(update(Payment).where(Payment.id == ids[0]).values(status="unknown"))

    assert permit(session, ids, again=True) == ids
    assert tally(session) == (1, KOPECKS)
    assert charging(session) == (False, None)


def test_what_the_customer_starts_is_not_counted(session: Session) -> None:
    _it, payment = begin_first_payment(session)
    limit_days(session, charges=1, kopecks=100)

    assert [it.payment_id for it in permit_customer(session, [payment.id], worker="test")] == [payment.id]
    assert tally(session) == (0, 0)
    assert charging(session) == (False, None)


@pytest.mark.parametrize(("charges", "kopecks"), [(0, None), (None, 0), (-1, 5)])
def test_a_limit_of_nothing_is_no_limit_that_can_be_set(session: Session, charges: int, kopecks: int) -> None:
    begin_first_payment(session)
    limit_days(session, charges=charges, kopecks=kopecks)

    with pytest.raises(Exception, match="ck_installation_daily_limits"):
        session.flush()


@pytest.mark.committed
def test_two_workers_at_once_together_stay_within_the_limit(committed: str) -> None:
    with begin() as session:
        ids = due_charges(session, 8)
        limit_days(session, charges=5, kopecks=None)
    start = threading.Barrier(4)
    left: list[UUID] = []

    def work(mine: list[UUID]) -> None:
        start.wait()
        with begin() as session:
            given = permit(session, mine)
        left.extend(given)

    threads = [threading.Thread(target=work, args=(ids[part : part + 2],)) for part in range(0, 8, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with read() as reader:
        sent = reader.scalars(select(Payment.id).where(Payment.status == "sending")).all()
        assert reader.execute(select(Installation.pause_reason)).scalar_one() == DAILY_LIMIT
        counted = reader.execute(text("SELECT charges FROM daily_tallies")).scalar_one()
    assert len(left) == len(set(left)) == len(sent) == counted == 5


@pytest.mark.committed
def test_a_batch_waits_for_the_commit_of_the_one_before_and_sees_its_sum(committed: str) -> None:
    with begin() as session:
        ids = due_charges(session, 4)
        limit_days(session, charges=3, kopecks=None)

    def second() -> list[UUID]:
        with begin() as session:
            return permit(session, ids[2:])

    with begin() as session:
        assert permit(session, ids[:2]) == ids[:2]
        with meanwhile(second) as waiting:
            session.commit()
            assert waiting.result(10) == ids[2:3]
