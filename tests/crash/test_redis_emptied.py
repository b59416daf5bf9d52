"""Redis is emptied in the middle of a run: every due charge still happens, each once."""

from __future__ import annotations

import time
from collections import Counter

import pytest
import redis as redis_client
from sqlalchemy import select, text

from kernel.db import begin, read
from payments.autopay.models import PaymentMethod
from payments.charging.models import Payment
from tests.support.business import make_agreement, pay_with_consent
from tests.support.charging import make_due, next_day
from tests.support.processes import running
from tests.support.world import World

CUSTOMERS = 12
_SETTLED_S = 90.0


def _statuses() -> Counter[str]:
    with read() as session:
        return Counter(session.scalars(select(Payment.status).where(Payment.initiator == "schedule")).all())


@pytest.mark.timeout(240)
def test_all_due_charges_happen_once_though_redis_lost_every_hint(world: World, redis: str) -> None:
    agreements = []
    for number in range(CUSTOMERS):
        with begin() as session:
            agreements.append(make_agreement(session, email=f"redis{number}@example.com", draft=True))
        pay_with_consent(agreements[-1])
    world.play(advance="PT20M")
    next_day()
    with begin() as session:
        assert len(session.scalars(select(PaymentMethod.id)).all()) == CUSTOMERS
        make_due(session, agreements)
        # The relay has sent the hints, and Redis has forgotten them.
        session.execute(text("UPDATE outbox_messages SET dispatched_at = business_now() WHERE topic = 'hint'"))
    _empty(redis)
    with running("worker"), running("scheduler"):
        until = time.monotonic() + _SETTLED_S
        while _statuses() != {"succeeded": CUSTOMERS} and time.monotonic() < until:
            time.sleep(0.5)
    assert _statuses() == {"succeeded": CUSTOMERS}
    keys = Counter(
        entry["key"]
        for entry in world.journal(system="yookassa")
        if entry["method"] == "POST" and entry["payment_method_id"]
    )
    assert len(keys) == CUSTOMERS


def _empty(url: str) -> None:
    with redis_client.Redis.from_url(url) as client:
        client.flushdb()
