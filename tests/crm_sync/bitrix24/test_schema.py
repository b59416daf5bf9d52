"""What the portal calls our funnels is read rarely, however much it refuses."""

from __future__ import annotations

import pytest

from kernel.db import begin
from tests.crm_sync.conftest import Portal, jobs
from tests.support.business import make_agreement
from tests.support.web import WEB

pytestmark = pytest.mark.committed


def test_a_stage_that_is_gone_is_not_asked_for_in_every_round(portal: Portal) -> None:
    WEB.post(f"{portal.url}/control/crm/stages", json={"delete": "C1:NEW"}).raise_for_status()
    for number in range(50):
        with begin() as session:
            make_agreement(session, email=f"c{number}@example.com", draft=True)
    portal.sync()
    assert {(job.kind, job.status) for job in jobs().values()} == {("deal", "parked")}
    assert len(portal.calls("crm.type.list")) == 2
