"""A process is killed between any two steps of a notification: it is worked off, and its payment is booked once."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from kernel.db import begin, read
from payments.charging.models import Payment
from payments.webhooks.intake import take_in
from payments.webhooks.models import InboundWebhook
from payments.webhooks.processing import WEBHOOK
from portal.demo.processes import free_port
from tests.crash.killing import assert_paid_once, end_leases, kill_worker_at
from tests.support.business import make_agreement, pay_with_consent
from tests.support.processes import running
from tests.support.world import World

POINTS = ("webhook.after_answer", "webhook.after_apply", "webhook.before_commit", "webhook.after_commit")
_PATIENCE_S = 60.0


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_over_a_notification_works_it_off_once(world: World, point: str) -> None:
    payment_id, body = _paid_at_the_gateway()
    with begin() as session:
        take_in(session, body, ip="127.0.0.1")
    kill_worker_at(point, WEBHOOK, _stored().id)
    end_leases()
    world.drain()
    assert (_stored().status, _stored().copies) == ("done", 1)
    assert_paid_once(world, payment_id)


def test_a_notification_whose_receiver_was_killed_before_it_answered_is_counted_as_a_copy(world: World) -> None:
    payment_id, body = _paid_at_the_gateway()
    port = free_port()
    with running("serve", "--port", str(port), faults="webhook.after_intake=kill") as web:
        _wait_until_it_answers(port)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(f"http://127.0.0.1:{port}/webhooks/yookassa/hook-of-tests", json=body, timeout=30)
        assert web.wait(30) == -9
    assert (_stored().status, _stored().copies) == ("new", 1)
    with begin() as session:  # the gateway heard no answer and sends it again
        take_in(session, body, ip="127.0.0.1")
    world.drain()
    assert (_stored().status, _stored().copies) == ("done", 2)
    assert_paid_once(world, payment_id)


def _paid_at_the_gateway() -> tuple[UUID, dict[str, Any]]:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    with read() as session:
        named = {"id": session.get_one(Payment, payment_id).gateway_id, "status": "succeeded"}
    return payment_id, {"type": "notification", "event": "payment.succeeded", "object": named}


def _stored() -> InboundWebhook:
    with read() as session:
        return session.scalars(select(InboundWebhook)).one()


def _wait_until_it_answers(port: int) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).raise_for_status()
        except httpx.HTTPError:
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return
