"""A worker is killed with SIGKILL at every named point of a charge: one payment at the gateway, one posting."""

from __future__ import annotations

import pytest

from tests.crash.killing import assert_paid_once, end_leases, kill_worker_at
from tests.support.charging import one_due_charge
from tests.support.processes import killed
from tests.support.world import World

POINTS = (
    "charge.before_permit_commit",
    "charge.after_permit",
    "charge.before_send",
    "charge.after_answer",
    "record.after_apply",
    "charge.before_record_commit",
    "charge.after_record_commit",
)
LEASE_POINTS = ("lease.before_commit", "lease.after_commit")


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_a_point_charges_once(world: World, point: str) -> None:
    due = one_due_charge(world)
    kill_worker_at(point, "charge", due.payment_id)
    end_leases()
    world.play(advance="PT30M")
    assert_paid_once(world, due.payment_id)


@pytest.mark.soak
@pytest.mark.parametrize("point", LEASE_POINTS)
def test_a_scheduler_killed_while_it_ends_a_dead_workers_lease_charges_once(world: World, point: str) -> None:
    due = one_due_charge(world)
    kill_worker_at("charge.after_answer", "charge", due.payment_id)
    end_leases()
    killed("scheduler", at=point)
    end_leases()
    world.play(advance="PT30M")
    assert_paid_once(world, due.payment_id)
