"""Who is served next: nobody's doubt, lease or pause keeps the others waiting."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from crm_sync import pushing, recording
from crm_sync.claiming import claim, renew
from crm_sync.models import SyncJob
from crm_sync.port import Found, Rejected
from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.consents import Evidence
from payments.autopay.stopping import withdraw
from tests.crm_sync.conftest import Portal, jobs, new_customer
from tests.crm_sync.test_mirror import pay
from tests.support.business import make_agreement

pytestmark = pytest.mark.committed
LANES = 20


def test_customers_in_doubt_do_not_keep_the_others_waiting(portal: Portal) -> None:
    with begin() as session:
        for number in range(LANES):
            make_agreement(session, email=f"doubt{number}@example.com", draft=True)
    portal.relay()
    # An answer is lost: the contacts are looked for in a minute, while their deals are due.
    with begin() as session:
        later = business_now(session) + timedelta(minutes=1)
        doubt = update(SyncJob).where(SyncJob.kind == "contact").values(status="uncertain", next_try_at=later)
        session.execute(doubt)
    new_customer("Павел", "pavel@example.com")
    portal.sync()
    assert [item["name"] for item in portal.items("contact")] == ["Павел"]


def test_what_another_worker_holds_does_not_keep_the_probe_from_leaving(portal: Portal) -> None:
    with begin() as session:
        make_agreement(session, draft=True)
    portal.relay()
    with begin() as session:
        assert [job.kind for job in claim(session, 1)] == ["contact"]
    new_customer("Павел", "pavel@example.com")
    portal.relay()
    with begin() as session:
        (job,) = claim(session, 1)
        assert session.scalars(select(SyncJob.lease_until).where(SyncJob.id == job.id)).one() == job.lease
    assert {held for _, held in jobs() if held == job.local_id}


def test_a_blocked_method_stops_all_that_need_it_and_nothing_else(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay(portal, it)
    portal.fail("operation_time_limit", match={"method": "crm.item.*"})
    for number in range(30):
        new_customer(f"Клиент {number}", f"c{number}@example.com")
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    portal.sync()
    asked = len(portal.calls("batch"))
    portal.sync()
    assert len(portal.calls("batch")) == asked, "not each of thirty has to hear it"
    assert portal.items("contact") == [portal.one("contact")]

    portal.world.mend()
    portal.settle(minutes=3)
    assert (len(portal.items("contact")), jobs()) == (31, {})


def test_a_worker_frozen_past_its_lease_records_nothing(portal: Portal) -> None:
    new_customer()
    portal.relay()
    with begin() as session:
        taken = claim(session, LANES)
    (step,) = pushing._plan(taken)
    with begin() as session:
        session.execute(update(SyncJob).values(lease_until=func.clock_timestamp()))
        (other,) = claim(session, LANES)
    with begin() as session:
        recording.record_writes(session, [(step, Rejected("поздно"))], business_now(session))
        assert recording.settle_looks(session, [(step, Found())], business_now(session)) == []
    (job,) = jobs().values()
    assert (job.status, job.lease_until) == ("waiting", other.lease)


def test_a_call_may_leave_in_the_first_half_of_its_lease(portal: Portal) -> None:
    new_customer()
    portal.relay()
    with begin() as session:
        taken = claim(session, LANES)
        renewed = renew(session, taken)
        (kept,) = renewed.jobs.values()
        assert kept.lease > taken[0].lease
        assert renewed.not_after - time.monotonic() == pytest.approx(90, abs=5)
        assert renew(session, taken).jobs == {}, "of the lease before nothing is left"
