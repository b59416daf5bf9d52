"""What came of the writes of a round is recorded together, and one that went wrong takes no other with it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_sync import pushing
from crm_sync.claiming import claim
from crm_sync.models import CrmLink
from crm_sync.recording import record_writes
from kernel.clock import business_now
from kernel.db import begin, read
from tests.crm_sync.conftest import Portal, jobs, new_customer

pytestmark = pytest.mark.committed


def test_one_that_is_said_to_be_an_object_of_another_is_parked_and_the_rest_is_linked(portal: Portal) -> None:
    customers = [new_customer(f"Клиент {number}", f"c{number}@example.com") for number in range(3)]
    portal.relay()
    with begin() as session:
        taken = claim(session, 20)
    steps = sorted(pushing._plan(taken), key=lambda step: customers.index(step.job.local_id))
    with begin() as session:
        record_writes(session, list(zip(steps, (17, 18, 17), strict=True)), business_now(session))

    with read() as session:
        links = {link.local_id: link.remote_id for link in session.scalars(select(CrmLink))}
    assert links == {customers[0]: 17, customers[1]: 18}
    (job,) = jobs().values()
    assert (job.local_id, job.status, job.failure) == (customers[2], "parked", "rejected")
