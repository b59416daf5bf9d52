"""Thousands of changes, one call in ten spoilt, workers killed in the middle: one object each, with equal fields."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from crm_sync.models import SyncJob
from kernel.db import read
from tests.crm_sync.comparing import differences, linked
from tests.crm_sync.conftest import TYPES, Portal
from tests.crm_sync.storm import change_everything, open_for_business, shorten_leases, still_to_be_told
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
_PATIENCE_S = 240.0 + 2 * CUSTOMERS


@pytest.mark.timeout(1800)
def test_changes_under_attack_end_with_one_object_each_and_equal_fields(portal: Portal) -> None:
    for seed, (kind, rate) in enumerate(SPOILT):
        portal.fail(kind, rate=rate, seed=seed, match={"method": "batch"})
    shorten_leases()
    began = time.monotonic()
    with running("scheduler"), _workers() as died:
        clients = open_for_business(CUSTOMERS)
        changes = change_everything(clients, seed=7)
        _until_done(portal, died)
    took = time.monotonic() - began

    spoilt = sum(1 for entry in portal.calls() if entry["fault"])
    print(
        f"{changes} changes, {linked()} objects, {len(portal.timeline())} lines, {len(portal.calls('batch'))} requests,"
        f" {spoilt} spoilt, {took:.0f} s"
    )
    assert differences(portal) == []
    assert {"contact", "company", "deal", "invoice", "payment"} == {kind for kind in TYPES if portal.items(kind)}
    assert {line["form"] for line in portal.timeline()} == {"comment", "note"}
    assert spoilt > 5
    assert died == list(DEATHS)


@contextmanager
def _workers() -> Iterator[list[str]]:
    """Workers that die at each point in turn, then one that lives; the points at which they died."""
    over, died = threading.Event(), list[str]()

    def work() -> None:
        for point in DEATHS:
            with running("worker", faults=f"{point}=kill:2") as process:
                while process.poll() is None and not over.wait(0.2):
                    pass
                died.extend([point] if process.poll() == -9 else [])
        with running("worker"):
            over.wait()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield died
    finally:
        over.set()
        thread.join()


def _until_done(portal: Portal, died: list[str]) -> None:
    """Pauses of the business clock pass ten times as fast; leases run out by themselves."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        time.sleep(1)
        left = still_to_be_told()
        if not any(left) and len(died) == len(DEATHS):
            return
        payments, *others = left
        # A payment page that stands open after a decline closes in an hour.
        portal.world.jump("PT10M" if payments and not any(others) else "PT10S")
    with read() as session:
        stuck = [
            (job.kind, job.status, job.tries, job.looks, job.failure, job.error)
            for job in session.scalars(select(SyncJob))
        ]
    raise AssertionError(f"{linked()} linked, {still_to_be_told()} left, the queue never became empty: {stuck[:20]}")
