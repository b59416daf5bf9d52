"""A memory of stops that is a copy itself is not believed; whoever has confirmed since is not held a second time."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import redis as redis_client

from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.confirming import confirm_autopay
from payments.autopay.consents import Evidence
from payments.autopay.stopping import withdraw
from payments.reconciliation.repairing import repair_all
from payments.reconciliation.running import reconcile
from payments.stops.keeping import keep_memory
from payments.stops.recalling import recall
from tests.payments.stops.conftest import charge_again, status_of, subscribers
from tests.support.business import Agreement
from tests.support.going_back import Backup
from tests.support.world import World

CUSTOMER = uuid.uuid4()


def test_a_memory_that_was_put_back_with_the_backup_is_not_believed_once_the_gateway_is_read(
    world: World, backup: Backup, redis: str
) -> None:
    refused, other = subscribers(world, 2)
    kept = _back_up_both(world, backup, redis, refused)
    subscribers(world, 1)  # somebody pays after the backup: the gateway knows that life went on
    _go_back_in_both(world, backup, redis, kept)

    first = recall()
    assert first is not None
    assert (first.whole, first.stopped, first.held) == (True, {}, 0), "nothing tells of the later life yet"
    reconcile()
    then = recall()

    assert then is not None
    assert (then.whole, then.held) == (False, 2)
    assert {status_of(it) for it in (refused, other)} == {("active", "paused")}


def test_what_was_taken_over_since_still_tells_that_the_memory_is_a_copy(
    world: World, backup: Backup, redis: str
) -> None:
    refused, other = subscribers(world, 2)
    kept = _back_up_both(world, backup, redis, refused)
    charge_again(world, [other])
    _go_back_in_both(world, backup, redis, kept)
    recall()
    reconcile()

    assert repair_all(by=None, note=lambda *_: None).done == 1
    then = recall()

    assert then is not None
    assert (then.whole, then.held) == (False, 2)


def test_who_confirmed_after_everybody_was_held_is_not_held_again(
    world: World, backup: Backup, empty_redis: Callable[[], None]
) -> None:
    it, other = subscribers(world, 2)
    backup.make()
    backup.go_back()
    empty_redis()
    first = recall()
    assert first is not None
    assert first.held == 2
    with begin() as session:
        confirm_autopay(session, it.contract_id, by=CUSTOMER, now=business_now(session))
    keep_memory()

    assert recall() is not None
    assert [status_of(them)[1] for them in (it, other)] == ["active", "paused"]


def _back_up_both(world: World, backup: Backup, redis: str, refusing: Agreement) -> dict[bytes, bytes]:
    """The database and its memory of stops, a moment before somebody refuses; what Redis held."""
    keep_memory()
    backup.make()
    kept = _copy_of(redis)
    world.play(advance="PT10M")
    with begin() as session:
        withdraw(session, refusing.contract_id, evidence=Evidence(), now=business_now(session))
    world.drain()
    return kept


def _go_back_in_both(world: World, backup: Backup, redis: str, kept: dict[bytes, bytes]) -> None:
    backup.go_back()
    world.product.follow()
    _put_back(redis, kept)


def _copy_of(redis: str) -> dict[bytes, bytes]:
    with redis_client.Redis.from_url(redis) as client:
        return {key: client.dump(key) for key in client.keys("kabinet:stops:*")}


def _put_back(redis: str, kept: dict[bytes, bytes]) -> None:
    with redis_client.Redis.from_url(redis) as client:
        client.flushdb()
        for key, value in kept.items():
            client.restore(key, 0, value)
