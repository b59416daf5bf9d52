"""The push itself: it ends when its process is to end."""

from __future__ import annotations

import time

import pytest

from tests.crm_sync.conftest import Portal, new_customer
from tests.support.processes import running

pytestmark = pytest.mark.committed
CUSTOMERS = 200
# What two threads may have in hand.
UNDER_WAY = 40


def test_a_worker_that_is_told_to_stop_begins_no_further_round(portal: Portal) -> None:
    portal.fail("slow", seconds=0.5, match={"method": "batch"})
    for number in range(CUSTOMERS):
        new_customer(f"Клиент {number}", f"c{number}@example.com")
    with running("scheduler"), running("worker") as worker:
        while not portal.items("contact"):
            time.sleep(0.1)
        worker.terminate()
        written = len(portal.items("contact"))
        assert worker.wait(60) == 0
        assert len(portal.items("contact")) <= written + UNDER_WAY < CUSTOMERS
