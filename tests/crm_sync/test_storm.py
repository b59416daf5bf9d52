"""Thousands of changes, one call in ten spoilt, workers killed in the middle: one object each, with equal fields."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, update

from crm_sync.models import CrmConnection, SyncJob
from kernel.db import begin, read
from tests.crm_sync.conftest import Portal
from tests.crm_sync.storm import differences, linked, open_for_business
from tests.support.processes import running

pytestmark = pytest.mark.committed

# `make soak` brings four hundred.
CUSTOMERS = int(os.environ.get("KABINET_TEST_CRM_CUSTOMERS", "40"))
DEATHS = ("crm.after_claim", "crm.before_write", "crm.after_write", "crm.after_look", "crm.after_record")
SPOILT = (
    ("error_500_after", 0.05),
    ("drop_after", 0.05),
    ("error_500_before", 0.05),
    ("too_many_requests", 0.05),
    ("killed_mid_batch", 0.02),
)
_PATIENCE_S = 150.0


@pytest.mark.timeout(900)
def test_changes_under_attack_end_with_one_object_each_and_equal_fields(portal: Portal) -> None:
    for seed, (kind, rate) in enumerate(SPOILT):
        portal.fail(kind, rate=rate, seed=seed, match={"method": "batch"})
    began = time.monotonic()
    with running("scheduler"), _workers():
        company = open_for_business(CUSTOMERS)
        changes = company.change_everything(seed=7)
        _until_done(portal)
    took = time.monotonic() - began

    spoilt = sum(1 for entry in portal.calls() if entry["fault"])
    print(
        f"{changes} changes, {linked()} objects, {len(portal.calls('batch'))} requests, {spoilt} spoilt, {took:.0f} s"
    )
    assert differences(portal) == []
    assert spoilt > 5


@contextmanager
def _workers() -> Iterator[None]:
    """Workers that die at each point in turn, then one that lives."""
    over = threading.Event()

    def work() -> None:
        for point in DEATHS:
            with running("worker", faults=f"{point}=kill:3") as process:
                while process.poll() is None and not over.wait(0.2):
                    pass
            _end_leases()
        with running("worker"):
            over.wait()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _end_leases() -> None:
    # A dead worker's leases run out; the test does not wait for them.
    with begin() as session:
        session.execute(update(SyncJob).values(lease_until=None))
        session.execute(update(CrmConnection).values(hinted_until=None))


def _until_done(portal: Portal) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        time.sleep(1)
        with read() as session:
            left = session.execute(select(func.count()).select_from(SyncJob)).scalar_one()
        if not left and linked() >= CUSTOMERS * 3:
            return
        portal.world.jump("PT1M")
    with read() as session:
        stuck = [
            (job.kind, job.status, job.tries, job.looks, job.failure, job.error)
            for job in session.scalars(select(SyncJob))
        ]
    raise AssertionError(f"{linked()} linked, the queue never became empty: {stuck[:20]}")
