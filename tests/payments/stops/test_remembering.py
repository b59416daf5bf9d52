"""Every way to stop reaches the memory before its answer; when Redis is away, its event brings it later."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import redis as redis_client

from kernel.clock import business_now
from kernel.db import Session, begin
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.holding import pause_autopay
from payments.autopay.models import PaymentMethod
from payments.autopay.stopping import unlink, wait_for_calls, withdraw
from payments.reconciliation.reading import method_digest
from tests.payments.stops.conftest import autopay_of, method_of, remembered, subscribers
from tests.support.business import Agreement, agree, make_agreement
from tests.support.world import World

EMPLOYEE = uuid.uuid4()


def unlink_card(session: Session, it: Agreement, method: PaymentMethod) -> None:
    unlink(session, method.id, customer_id=it.customer_id, evidence=Evidence(), now=business_now(session))


def withdraw_consent(session: Session, it: Agreement, _method: PaymentMethod) -> None:
    withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))


def end(session: Session, it: Agreement, _method: PaymentMethod) -> None:
    end_contract(session, it.contract_id, now=business_now(session), source="staff")


def suspend(session: Session, it: Agreement, _method: PaymentMethod) -> None:
    suspend_contract(session, it.contract_id, now=business_now(session), source="staff")


def hold(session: Session, it: Agreement, _method: PaymentMethod) -> None:
    pause_autopay(session, it.contract_id, by=EMPLOYEE, now=business_now(session))


WAYS = {"unlinked": unlink_card, "withdrawn": withdraw_consent, "ended": end, "suspended": suspend, "held": hold}


@pytest.fixture
def subscriber(world: World) -> Agreement:
    """Whose autopay runs."""
    return subscribers(world, 1)[0]


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_is_remembered_before_its_answer(world: World, subscriber: Agreement, way: str) -> None:
    method = method_of(subscriber)
    with begin() as session:
        WAYS[way](session, subscriber, method)

    wait_for_calls(method.id if way == "unlinked" else subscriber.contract_id)

    assert remembered() == _meant(way, subscriber, method)


@pytest.mark.parametrize("way", WAYS)
def test_a_stop_that_nobody_told_of_is_brought_by_its_event(world: World, subscriber: Agreement, way: str) -> None:
    method = method_of(subscriber)
    with begin() as session:
        WAYS[way](session, subscriber, method)
    assert remembered() == set()

    world.drain()

    assert remembered() == _meant(way, subscriber, method)


def test_a_stop_does_not_fail_for_redis_and_reaches_it_when_it_is_back(
    world: World, subscriber: Agreement, redis_goes: Callable[[], None], redis_returns: Callable[[], None]
) -> None:
    with begin() as session:
        withdraw(session, subscriber.contract_id, evidence=Evidence(), now=business_now(session))
    redis_goes()
    assert wait_for_calls(subscriber.contract_id) == []
    assert autopay_of(subscriber).status == "withdrawn"
    world.drain()

    redis_returns()
    assert remembered() == set()
    world.play(advance="PT10M")

    assert remembered() == {("withdrawn", str(subscriber.contract_id))}


def test_a_refusal_before_the_first_payment_is_remembered_too(world: World) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
        agree(session, it, now=business_now(session))
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    world.drain()

    assert remembered() == {("withdrawn", str(it.contract_id))}


def test_a_purchase_that_nobody_agreed_to_repeat_is_nothing_to_remember(world: World) -> None:
    with begin() as session:
        it = make_agreement(session)
        end_contract(session, it.contract_id, now=business_now(session), source="staff")
    wait_for_calls(it.contract_id)

    assert remembered() == set()


def test_no_name_and_no_token_goes_to_redis(world: World, subscriber: Agreement, redis: str) -> None:
    method = method_of(subscriber)
    with begin() as session:
        unlink_card(session, subscriber, method)
    wait_for_calls(method.id)

    with redis_client.Redis.from_url(redis, decode_responses=True) as client:
        kept = " ".join(
            member for key in client.keys("kabinet:stops:*") for member, _score in client.zscan_iter(str(key))
        )
    assert method_digest(method.gateway_id) in kept
    for secret in (method.gateway_id, str(method.last4), "0@example.com", "Ковалёва"):
        assert secret not in kept.replace(method_digest(method.gateway_id), "").replace(str(subscriber.contract_id), "")


def _meant(way: str, it: Agreement, method: PaymentMethod) -> set[tuple[str, str]]:
    contract = str(it.contract_id)
    if way == "unlinked":
        return {("card", method_digest(method.gateway_id)), ("withdrawn", contract)}
    return {(way, contract)}
