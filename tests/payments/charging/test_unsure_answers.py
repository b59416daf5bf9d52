"""401, 403 and 429 say nothing about an attempt: it stays, and goes on when they are over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.charging import sending
from payments.charging.charging import charge
from payments.charging.checking import check
from payments.charging.models import GatewayExchange, Payment
from payments.charging.sending import sender
from payments.installation.models import Installation
from payments.installation.pausing import resume_charging
from tests.support.charging import DueCharge, ask_now, due_charges, one_due_charge
from tests.support.world import World


@pytest.fixture
def wrong_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    get_settings.cache_clear()


def _use_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    sending.dispose(10)
    monkeypatch.setenv("KABINET_YOOKASSA_SECRET_KEY", key)
    get_settings.cache_clear()


def _charge(due: DueCharge) -> Payment:
    charge([str(due.payment_id)])
    return _afterwards(due)


def _ask(due: DueCharge) -> Payment:
    ask_now(due.payment_id)
    check([str(due.payment_id)])
    return _afterwards(due)


def _afterwards(due: DueCharge) -> Payment:
    assert sender().wait_idle(30)
    with read() as session:
        return session.get_one(Payment, due.payment_id)


def _pause() -> tuple[bool, str | None]:
    with read() as session:
        installation = session.scalars(select(Installation)).one()
        return installation.charging_paused, installation.pause_reason


def _answers(due: DueCharge) -> list[int | None]:
    with read() as session:
        return list(
            session.scalars(
                select(GatewayExchange.http_status)
                .where(GatewayExchange.payment_id == due.payment_id)
                .order_by(GatewayExchange.id)
            ).all()
        )


def test_a_refused_key_pauses_all_charging_and_ends_no_attempt(world: World, wrong_key: pytest.MonkeyPatch) -> None:
    due = one_due_charge(world)
    _use_key(wrong_key, "test_other")
    assert _charge(due).status == "unknown"
    with read() as session:
        installation = session.scalars(select(Installation)).one()
        assert (installation.charging_paused, installation.pause_reason) == (True, "credentials_refused")
    _use_key(wrong_key, "test_sandbox")
    assert _ask(due).sends == 1  # paused: nothing is repeated
    with begin() as session:
        resume_charging(session, now=business_now(session), by=due.contract_id)
    assert _ask(due).status == "succeeded"
    assert _answers(due)[0] == 401


def test_a_shop_without_the_right_to_charge_keeps_its_attempts(world: World) -> None:
    due = one_due_charge(world)
    world.product.control("shops", {"account_id": "100500", "autopayments": False})
    assert _charge(due).status == "unknown"
    assert _ask(due).status == "unknown"
    world.product.control("shops", {"account_id": "100500", "autopayments": True})
    assert _ask(due).status == "succeeded"
    assert _answers(due) == [403, 403, 200]


def test_a_shop_that_is_not_allowed_to_charge_stops_charging_after_five_payments_were_refused(world: World) -> None:
    first, *others = due_charges(world, 5)
    last = others.pop()
    world.product.control("shops", {"account_id": "100500", "autopayments": False})
    for due in (first, *others):
        _charge(due)
    for _ in range(5):
        _ask(first)
    assert _pause() == (False, None)
    assert _charge(last).status == "unknown"
    assert _pause() == (True, "charging_forbidden")

    world.product.control("shops", {"account_id": "100500", "autopayments": True})
    with begin() as session:
        resume_charging(session, now=business_now(session), by=first.contract_id)
    assert _ask(first).status == "succeeded"
    assert _pause() == (False, None)


def test_too_many_requests_delay_an_attempt_and_end_none(world: World) -> None:
    due = one_due_charge(world)
    world.fail(system="yookassa", match={"method": "POST"}, kind="too_many_requests", times=2)
    assert _charge(due).status == "unknown"
    assert _ask(due).status == "unknown"
    assert _ask(due).status == "succeeded"
    assert _answers(due) == [429, 429, 200]
