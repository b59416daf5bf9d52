"""The scheduler hints at work for the CRM, and never waits for whoever does it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import select, update

from crm_sync.models import CrmConnection
from crm_sync.sweeping import hint_push
from kernel.db import begin

pytestmark = pytest.mark.committed


@pytest.fixture
def sent(committed: str) -> list[str]:
    """The jobs that were hinted at so far."""
    return []


def hint(sent: list[str]) -> int:
    def send(job: str, _ids: Sequence[UUID | int]) -> None:
        sent.append(job)

    return hint_push(send)


def test_one_hint_is_enough_until_it_is_old_or_its_push_has_ended(sent: list[str]) -> None:
    assert [hint(sent), hint(sent), len(sent)] == [1, 0, 1]
    with begin() as session:
        session.execute(update(CrmConnection).values(hinted_until=None))
    assert [hint(sent), len(sent)] == [1, 2]


def test_the_scheduler_does_not_wait_for_a_push_that_holds_the_connections_row(sent: list[str]) -> None:
    hint(sent)
    with begin() as session:
        session.execute(update(CrmConnection).values(hinted_until=None))
    with begin() as push:
        push.execute(select(CrmConnection).with_for_update()).one()
        push.execute(update(CrmConnection).values(failures=1))
        assert [hint(sent), len(sent)] == [0, 1]
    assert [hint(sent), len(sent)] == [1, 2]
