"""What was stopped after a backup is stopped again when it is restored; what nobody remembers waits for its customer."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
import redis as redis_client
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.confirming import confirm_autopay
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, resume_contract, suspend_contract
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.models import Autopay, Consent
from payments.autopay.stopping import unlink, wait_for_calls, withdraw
from payments.charging.checking import check
from payments.contracts.models import Installment
from payments.history.models import StatusHistory
from payments.installation.models import Installation
from payments.reconciliation.running import reconcile
from payments.stops.keeping import keep_memory
from payments.stops.memory import MemoryAway
from payments.stops.recalling import recall
from tests.payments.stops.conftest import (
    autopay_of,
    consents_of,
    is_unrecalled,
    method_of,
    status_of,
    subscribers,
    take_back,
)
from tests.support.business import Agreement, make_agreement, pay_with_consent
from tests.support.charging import ask_now
from tests.support.going_back import Backup
from tests.support.world import World

EMPLOYEE = uuid.uuid4()


def sources_of(it: Agreement) -> set[str]:
    """On whose word the contract and its autopay changed."""
    with read() as session:
        ids = [it.contract_id, autopay_of(it).id]
        return set(session.scalars(select(StatusHistory.source).where(StatusHistory.object_id.in_(ids))))


def test_each_stop_of_after_the_backup_is_made_again(world: World, backup: Backup) -> None:
    unlinked, withdrawn, ended, suspended, held, untouched = everybody = subscribers(world, 6)
    backup.make()
    method = method_of(unlinked)
    with begin() as session:
        now = business_now(session)
        unlink(session, method.id, customer_id=unlinked.customer_id, evidence=Evidence(), now=now)
        withdraw(session, withdrawn.contract_id, evidence=Evidence(), now=now)
        end_contract(session, ended.contract_id, now=now, source="staff")
        suspend_contract(session, suspended.contract_id, now=now, source="staff")
        pause_autopay(session, held.contract_id, by=EMPLOYEE, now=now)
    world.drain()
    backup.go_back()
    assert {status_of(it) for it in everybody} == {("active", "active")}

    found = recall()

    assert found is not None
    assert found.whole
    assert found.seen_at is not None
    assert found.stopped == {"card": 1, "withdrawn": 1, "ended": 1, "suspended": 1, "held": 1}
    assert status_of(unlinked) == ("active", "withdrawn")
    assert method_of(unlinked).unlinked_at is not None
    assert status_of(withdrawn) == ("active", "withdrawn")
    assert status_of(ended) == ("ended", "ended")
    assert status_of(suspended) == ("suspended", "paused")
    assert status_of(held) == ("active", "paused")
    assert autopay_of(held).held_at is not None
    assert status_of(untouched) == ("active", "active")
    assert all("recall" in sources_of(it) for it in everybody[:-1])
    assert "recall" not in sources_of(untouched)
    with read() as session:
        newest = select(Consent.text).where(Consent.contract_id == withdrawn.contract_id).order_by(Consent.id.desc())
        assert "после копии" in (session.scalars(newest.limit(1)).one())


def test_nobody_is_told_a_second_time_of_what_they_did(world: World, backup: Backup) -> None:
    agreements = subscribers(world, 2)
    backup.make()
    method = method_of(agreements[0])
    with begin() as session:
        now = business_now(session)
        unlink(session, method.id, customer_id=agreements[0].customer_id, evidence=Evidence(), now=now)
        withdraw(session, agreements[1].contract_id, evidence=Evidence(), now=now)
    world.drain()
    told = len(world.letters())
    backup.go_back()
    recall()
    world.product.follow()

    world.drain()

    assert len(world.letters()) == told


def test_brought_back_twice_it_is_stopped_once(world: World, backup: Backup) -> None:
    it = subscribers(world, 1)[0]
    backup.make()
    take_back(it)
    backup.go_back()
    recall()
    consents = consents_of(it)

    again = recall()

    assert again is not None
    assert again.stopped == {}
    assert consents_of(it) == consents


def test_what_was_decided_before_the_backup_stays_as_it_was(world: World, backup: Backup) -> None:
    again, resumed, unheld = everybody = subscribers(world, 3)
    take_back(again)
    with begin() as session:
        now = business_now(session)
        suspend_contract(session, resumed.contract_id, now=now, source=f"staff:{EMPLOYEE}")
        pause_autopay(session, unheld.contract_id, by=EMPLOYEE, now=now)
    world.drain()
    world.jump("PT1H")
    _agree_again(world, again)
    with begin() as session:
        now = business_now(session)
        resume_contract(session, resumed.contract_id, now=now, source=f"staff:{EMPLOYEE}")
        resume_autopay(session, unheld.contract_id, by=EMPLOYEE, now=now)
    backup.make()
    backup.go_back()

    found = recall()

    assert found is not None
    assert (found.whole, found.stopped) == (True, {})
    assert {status_of(it) for it in everybody} == {("active", "active")}


def test_a_consent_given_after_the_restore_stays_given(world: World, backup: Backup) -> None:
    it = subscribers(world, 1)[0]
    backup.make()
    take_back(it)
    backup.go_back()
    recall()
    world.product.follow()
    world.jump("PT1H")
    reconcile()
    _agree_again(world, it)

    recall()

    assert status_of(it) == ("active", "active")


def test_a_card_that_is_found_only_after_the_restore_is_unlinked_before_charging_goes_on(
    world: World, backup: Backup
) -> None:
    """The first payment was on the gateway's page in the backup; then its card was saved, replaced and taken away."""
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    backup.make()
    world.play(advance="PT20M")
    first = method_of(it)
    with begin() as session:
        session.get_one(Autopay, autopay_of(it).id).status = "suspended"  # so no contract is charged from it any more
    with begin() as session:
        now = business_now(session)
        unlink(session, first.id, customer_id=it.customer_id, evidence=Evidence(), now=now)
    wait_for_calls(first.id)
    backup.go_back()
    world.product.follow()
    ask_now(payment_id)
    check([str(payment_id)])
    recall()

    assert method_of(it).gateway_id == first.gateway_id
    assert method_of(it).unlinked_at is not None
    assert autopay_of(it).status == "withdrawn"


def test_a_redis_that_forgot_holds_what_ran_and_asks_each_customer(
    world: World, backup: Backup, empty_redis: Callable[[], None]
) -> None:
    running, suspended, withdrawn = subscribers(world, 3)
    take_back(withdrawn)
    with begin() as session:
        suspend_contract(session, suspended.contract_id, now=business_now(session), source="staff")
    world.drain()
    backup.make()
    backup.go_back()
    empty_redis()
    world.product.follow()

    found = recall()

    assert found is not None
    assert (found.whole, found.held) == (False, 2)
    assert status_of(running) == ("active", "paused")
    assert [autopay_of(it).unconfirmed_since is None for it in (running, suspended, withdrawn)] == [False, False, True]
    world.drain()
    asked = [letter for letter in world.letters() if letter["subject"].startswith("Оставить автоплатёж")]
    assert len(asked) == 2
    assert {letter["to"][0] if isinstance(letter["to"], list) else letter["to"] for letter in asked} == {
        "0@example.com",
        "1@example.com",
    }
    assert "не знаем, не отказались ли вы" in asked[0]["text"]


def test_what_rests_with_its_contract_needs_its_customers_word_too(
    world: World, backup: Backup, empty_redis: Callable[[], None]
) -> None:
    it = subscribers(world, 1)[0]
    with begin() as session:
        suspend_contract(session, it.contract_id, now=business_now(session), source="staff")
    backup.make()
    backup.go_back()
    empty_redis()
    recall()

    with begin() as session:
        resume_contract(session, it.contract_id, now=business_now(session), source="staff")
    assert status_of(it) == ("active", "paused")
    with begin() as session:
        assert confirm_autopay(session, it.contract_id, by=EMPLOYEE, now=business_now(session))
    assert status_of(it) == ("active", "active")


def test_an_autopay_that_comes_from_a_payment_of_before_the_backup_waits_as_well(
    world: World, backup: Backup, empty_redis: Callable[[], None]
) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    payment_id = pay_with_consent(it)
    backup.make()
    backup.go_back()
    empty_redis()
    world.product.follow()
    recall()

    ask_now(payment_id)
    check([str(payment_id)])

    assert status_of(it) == ("active", "paused")
    assert autopay_of(it).unconfirmed_since is not None


def test_a_redis_that_does_not_log_and_was_restarted_has_forgotten(world: World, backup: Backup, redis: str) -> None:
    it = subscribers(world, 1)[0]
    backup.make()
    take_back(it)
    backup.go_back()
    _as_if_restarted_without_a_log(redis)

    found = recall()

    assert found is not None
    assert (found.whole, found.held) == (False, 1)


def test_a_backup_of_before_the_memory_has_nobody_who_remembers(world: World, backup: Backup) -> None:
    subscribers(world, 1)
    with begin() as session:
        session.get_one(Installation, 1).stops_memory = None
    backup.make()
    backup.go_back()

    found = recall()

    assert found is not None
    assert (found.whole, found.held) == (False, 1)


def test_a_memory_that_lost_its_stops_and_kept_its_marker_is_not_believed(
    world: World, backup: Backup, redis: str
) -> None:
    it = subscribers(world, 1)[0]
    backup.make()
    take_back(it)
    backup.go_back()
    with read() as session:
        installation_id = session.execute(select(Installation.id)).scalar_one()
    with redis_client.Redis.from_url(redis) as client:
        assert client.delete(f"kabinet:stops:{installation_id}")

    found = recall()

    assert found is not None
    assert (found.whole, found.held) == (False, 1)


def test_while_redis_is_away_nothing_is_decided(
    world: World, backup: Backup, redis_goes: Callable[[], None], redis_returns: Callable[[], None]
) -> None:
    it = subscribers(world, 1)[0]
    backup.make()
    take_back(it)
    backup.go_back()
    redis_goes()

    for ask in (recall, keep_memory):
        with pytest.raises(MemoryAway):
            ask()
    assert status_of(it)[1] == "active"
    assert is_unrecalled()

    redis_returns()
    keep_memory()
    assert status_of(it)[1] == "withdrawn"
    assert not is_unrecalled()


def test_the_same_backup_can_be_gone_back_to_twice(world: World, backup: Backup) -> None:
    first, second = subscribers(world, 2)
    backup.make()
    take_back(first)
    backup.go_back()
    keep_memory()
    take_back(second)
    backup.forget()
    backup.go_back()

    found = recall()

    assert found is not None
    assert (found.whole, found.stopped) == (True, {"withdrawn": 2})


def test_where_nothing_was_restored_nothing_is_brought_back(world: World) -> None:
    assert recall() is None


def _agree_again(world: World, it: Agreement) -> None:
    pay_with_consent(Agreement(it.customer_id, it.contract_id, _next_line(it)))
    world.play(advance="PT20M")


def _next_line(it: Agreement) -> uuid.UUID:
    with read() as session:
        planned = select(Installment.id).where(
            Installment.contract_id == it.contract_id, Installment.status == "planned"
        )
        return session.scalars(planned).one()


def _as_if_restarted_without_a_log(redis: str) -> None:
    with redis_client.Redis.from_url(redis) as client:
        (marker,) = client.keys("kabinet:stops:*:marker")
        client.hset(marker, mapping={"run": "another", "logged": 0})
