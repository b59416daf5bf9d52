"""Whoever answers a refusal is killed after its commit and before the memory hears of it: the refusal's event brings it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from payments.stops.recalling import recall
from tests.payments.stops.conftest import autopay_of, remembered, subscribers
from tests.support.going_back import Backup, a_backup
from tests.support.processes import ROOT
from tests.support.world import World

REFUSE = """
import sys
from uuid import UUID
import portal.wiring
from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.consents import Evidence
from payments.autopay.stopping import wait_for_calls, withdraw
with begin() as session:
    withdraw(session, UUID(sys.argv[1]), evidence=Evidence(), now=business_now(session))
wait_for_calls(UUID(sys.argv[1]))
"""


@pytest.fixture
def backup(world: World, committed: str, tmp_path: Path) -> Iterator[Backup]:
    """The installation has a whole memory of stops, and can be gone back to."""
    with a_backup(committed, tmp_path) as found:
        yield found


def test_a_refusal_whose_process_is_killed_before_redis_hears_of_it_is_remembered_all_the_same(
    world: World, backup: Backup
) -> None:
    (it,) = subscribers(world, 1)
    backup.make()
    died = subprocess.run(
        [sys.executable, "-c", REFUSE, str(it.contract_id)],
        cwd=ROOT,
        env={**os.environ, "KABINET_FAULTS": "stop.before_memory=kill"},
        check=False,
        timeout=60,
    )
    assert died.returncode == -9
    assert autopay_of(it).status == "withdrawn"
    assert remembered() == set()

    world.drain()

    assert remembered() == {("withdrawn", str(it.contract_id))}
    backup.go_back()
    assert autopay_of(it).status == "active"
    recall()
    assert autopay_of(it).status == "withdrawn"
