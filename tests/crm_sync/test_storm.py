"""Thousands of changes, one call in five spoilt, workers killed in the middle: one object each, with equal fields."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from crm_sync.models import SyncJob
from kernel.db import read
from tests.crm_sync.comparing import counted, differences, left_to_do
from tests.crm_sync.conftest import Portal
from tests.crm_sync.held import TYPES
from tests.crm_sync.storm import change_everything, open_for_business, shorten_leases, undecided
from tests.support.processes import running
from tests.support.web import WEB

# Most of its minutes it waits for leases of the dead to run out.
pytestmark = [pytest.mark.committed, pytest.mark.soak]

# `make soak` brings four hundred.
CUSTOMERS = int(os.environ.get("KABINET_TEST_CRM_CUSTOMERS", "40"))
DEATHS = ("crm.after_claim", "crm.before_write", "crm.after_write", "crm.after_look", "crm.after_record")
# Each strikes a share of all requests by chance, and for certain some that create objects of the kind named here.
SPOILT = (
    ("error_500_after", 0.05, "contact"),
    ("drop_after", 0.05, "deal"),
    ("error_500_before", 0.05, "invoice"),
    ("too_many_requests", 0.05, "payment"),
    ("killed_mid_batch", 0.02, "contact"),
)
LEAST = max(1, CUSTOMERS // 80)
_LOST = ("error_500_after", "drop_after", "killed_mid_batch")
_PATIENCE_S = 240.0 + 2 * CUSTOMERS


@pytest.mark.timeout(1800)
def test_changes_under_attack_end_with_one_object_each_and_equal_fields(portal: Portal) -> None:
    for seed, (kind, rate, created) in enumerate(SPOILT):
        portal.fail(kind, times=LEAST, match={"method": "crm.item.add", "entity_type": created})
        portal.fail(kind, rate=rate, seed=seed, match={"method": "batch"})
    shorten_leases()
    began = time.monotonic()
    with running("scheduler"), _workers() as ends:
        clients = open_for_business(CUSTOMERS)
        changes = change_everything(clients, seed=7)
        _until_done(portal, ends)
    took = time.monotonic() - began

    lost = _creations_with_the_answer_lost(portal)
    struck = _struck(portal)
    print(f"\n{changes} changes of {CUSTOMERS} customers in {took:.0f} s: {counted()}, {len(portal.timeline())} lines")
    print(f"{len(portal.calls('batch'))} requests, {sum(struck.values())} spoilt: {dict(struck)}")
    print(f"created with the answer lost: {dict(lost)}; workers killed at: {ends}")
    wrong = differences(portal.held)
    assert not wrong, "\n".join(wrong)
    assert {"contact", "company", "deal", "invoice", "payment"} == {kind for kind in TYPES if portal.items(kind)}
    assert {line["form"] for line in portal.timeline()} == {"comment", "note"}
    assert all(struck[kind] >= LEAST for kind, _, _ in SPOILT)
    assert lost["crm.item.add"] >= LEAST
    assert ends == dict.fromkeys(DEATHS, -signal.SIGKILL)


@contextmanager
def _workers() -> Iterator[dict[str, int]]:
    """Workers that die at each point in turn, then one that lives; how each of the dead ended."""
    over = threading.Event()
    ends: dict[str, int] = {}

    def work() -> None:
        for point in DEATHS:
            with running("worker", faults=f"{point}=kill:2") as process:
                while (ended := process.poll()) is None and not over.wait(0.2):
                    pass
                if ended is not None:
                    ends[point] = ended
        with running("worker"):
            over.wait()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield ends
    finally:
        over.set()
        thread.join()


def _until_done(portal: Portal, ends: dict[str, int]) -> None:
    """Pauses of the business clock pass ten times as fast; leases run out by themselves."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        time.sleep(1)
        payments, others = undecided(), left_to_do()
        if not payments and not others and len(ends) == len(DEATHS):
            return
        # A payment page that stands open after a decline closes in an hour.
        portal.world.jump("PT10M" if payments and not others else "PT10S")
    with read() as session:
        stuck = [
            (job.kind, job.status, job.tries, job.looks, job.failure, job.error)
            for job in session.scalars(select(SyncJob))
        ]
    raise AssertionError(f"{counted()} linked, deaths {ends}, the queue never became empty: {stuck[:20]}")


def _creations_with_the_answer_lost(portal: Portal) -> Counter[str]:
    calls = (call for call in portal.calls() if call["method"] == "BATCH" and call["fault"] in _LOST)
    return Counter(call["path"] for call in calls if call["path"].endswith(".add") and call["status"] == 200)


def _struck(portal: Portal) -> Counter[str]:
    answer = WEB.get(f"{portal.url}/control/faults").raise_for_status()
    struck: Counter[str] = Counter()
    for rule in answer.json()["items"]:
        struck[rule["kind"]] += rule["fired"]
    return struck
