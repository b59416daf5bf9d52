"""A worker that is told to end gives no further permit: what has left ends, the rest is for others."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from sqlalchemy import func, select

from kernel.db import begin, read
from payments.charging.charging import CHARGE
from payments.charging.models import Payment
from portal.wiring import Wiring
from tests.support.business import make_agreement, pay_with_consent
from tests.support.charging import make_due
from tests.support.processes import running
from tests.support.world import World

_PATIENCE_S = 60.0


@pytest.mark.timeout(180)
def test_a_worker_that_ends_sends_nothing_that_had_not_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_GATEWAY_CONCURRENCY", "1")
    with begin() as session:
        agreements = [make_agreement(session, email=f"c{number}@example.com", draft=True) for number in range(3)]
    for it in agreements:
        pay_with_consent(it)
    world.play(advance="PT20M")
    world.jump("P1D")
    with begin() as session:
        ids = [due.payment_id for due in make_due(session, agreements)]
    world.fail(system="yookassa", match={"method": "POST"}, kind="slow", seconds=3)

    Wiring().jobs.send(CHARGE, ids)
    with running("worker") as process:
        _wait_until_sending()
        process.terminate()
        assert process.wait(_PATIENCE_S) == 0

    with read() as session:
        statuses = Counter(session.scalars(select(Payment.status).where(Payment.id.in_(ids))))
    assert statuses == {"succeeded": 1, "created": 2}


def _wait_until_sending() -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        with read() as session:
            if session.execute(select(func.count()).where(Payment.status == "sending")).scalar_one():
                return
        assert time.monotonic() < until
        time.sleep(0.05)
