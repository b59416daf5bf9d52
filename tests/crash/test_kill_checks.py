"""A worker is killed while it finds out what became of a payment: still one payment, one posting, one ending."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kernel.db import begin, read
from payments.autopay.models import Notice
from payments.charging.checking import CHECK
from payments.charging.models import Payment
from tests.crash.killing import assert_paid_once, at_the_gateway, end_leases, kill_worker_at, postings_of
from tests.support.business import make_agreement, pay_with_consent
from tests.support.charging import ask_now, one_unknown_charge
from tests.support.world import World

RESEND_POINTS = (
    "resend.before_permit_commit",
    "resend.after_permit",
    "charge.before_send",
    "charge.after_answer",
    "record.after_apply",
    "charge.before_record_commit",
    "charge.after_record_commit",
)


@pytest.mark.parametrize("point", ["check.after_answer", "record.after_apply", "check.after_commit"])
def test_a_worker_killed_while_it_asks_about_a_payment_books_it_once(world: World, point: str) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    ask_now(payment_id)
    kill_worker_at(point, CHECK, payment_id)
    end_leases()
    world.play(advance="PT30M")
    assert_paid_once(world, payment_id)


@pytest.mark.soak
@pytest.mark.parametrize("point", RESEND_POINTS)
def test_a_worker_killed_while_it_repeats_a_charge_that_had_arrived_charges_once(world: World, point: str) -> None:
    due = one_unknown_charge(world, "drop_after")
    kill_worker_at(point, CHECK, due.payment_id)
    end_leases()
    world.play(advance="PT30M")
    assert_paid_once(world, due.payment_id)


@pytest.mark.parametrize("point", ["resend.after_permit", "charge.after_answer"])
def test_a_worker_killed_while_it_repeats_a_charge_that_was_lost_charges_once(world: World, point: str) -> None:
    due = one_unknown_charge(world, "drop_before")
    kill_worker_at(point, CHECK, due.payment_id)
    end_leases()
    world.play(advance="PT30M")
    assert_paid_once(world, due.payment_id)


@pytest.mark.soak
@pytest.mark.parametrize("point", ["list.after_answer", "record.after_apply", "list.after_commit"])
def test_a_worker_killed_while_it_finds_a_charge_in_the_list_books_it_once(world: World, point: str) -> None:
    due = one_unknown_charge(world, "drop_after")
    world.jump("PT21H")
    kill_worker_at(point, CHECK, due.payment_id)
    end_leases()
    world.play(advance="PT30M")
    assert_paid_once(world, due.payment_id)


@pytest.mark.soak
@pytest.mark.parametrize("point", ["list.after_answer", "give_up.before_commit", "list.after_commit"])
def test_a_worker_killed_while_it_gives_a_lost_charge_up_announces_it_once(world: World, point: str) -> None:
    due = one_unknown_charge(world, "drop_before")
    world.jump("PT25H")
    announced = _notices()
    kill_worker_at(point, CHECK, due.payment_id)
    end_leases()
    world.play(advance="PT30M")
    with read() as session:
        payment = session.get_one(Payment, due.payment_id)
        assert (payment.status, payment.reason, payment.sends) == ("rejected", "not_created", 1)
    assert at_the_gateway(world, due.payment_id) == []
    assert postings_of(due.payment_id) == 0
    assert _notices() == announced + 1


def _notices() -> int:
    with read() as session:
        return session.execute(select(func.count()).select_from(Notice)).scalar_one()
