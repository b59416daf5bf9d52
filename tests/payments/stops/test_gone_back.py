"""A database that was put back in its own place stands still: Redis knows that it had been further."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import redis as redis_client

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.consents import Evidence
from payments.autopay.stopping import withdraw
from payments.installation.models import Installation
from payments.stops.keeping import REASON, keep_memory, pause_if_gone_back
from portal.checks import check_start
from portal.demo.valkey import ValkeyServer
from tests.payments.stops.conftest import status_of, subscribers
from tests.support.going_back import Backup
from tests.support.processes import running
from tests.support.world import World

# Long enough for the worker to have looked, and given up, if it does not wait.
_TO_START_S = 6.0
_PATIENCE_S = 20.0


def _installation() -> Installation:
    with read() as session:
        return session.get_one(Installation, 1)


def test_it_pauses_and_brings_back_who_refused_since(world: World, backup: Backup) -> None:
    refused, other = subscribers(world, 2)
    backup.make()
    keep_memory()
    with begin() as session:
        withdraw(session, refused.contract_id, evidence=Evidence(), now=business_now(session))
    world.drain()
    place = _installation().fingerprint
    backup.put_back()
    world.product.follow()
    assert status_of(refused) == ("active", "active"), "nothing of it is known here"

    keep_memory()

    it = _installation()
    assert (it.charging_paused, it.pause_reason, it.fingerprint) == (True, REASON, place)
    assert it.unproven_since
    assert not it.is_unrecalled
    assert [status_of(them)[1] for them in (refused, other)] == ["withdrawn", "active"]


def test_it_pauses_though_the_stops_themselves_were_lost(world: World, backup: Backup, redis: str) -> None:
    backup.make()
    keep_memory()
    with redis_client.Redis.from_url(redis) as client:
        assert client.delete(f"kabinet:stops:{_installation().id}")
    backup.put_back()

    keep_memory()

    assert _installation().pause_reason == REASON


def test_each_process_looks_before_it_begins(world: World, backup: Backup) -> None:
    subscribers(world, 1)
    backup.make()
    keep_memory()
    backup.put_back()

    check_start()

    assert _installation().pause_reason == REASON


def test_it_is_told_once(world: World, backup: Backup) -> None:
    backup.make()
    keep_memory()
    backup.put_back()
    keep_memory()
    since = _installation().unproven_since

    assert not pause_if_gone_back()
    keep_memory()

    assert _installation().unproven_since == since


def test_a_database_that_lost_nothing_is_never_behind(world: World, empty_redis: Callable[[], None]) -> None:
    keep_memory()
    with ThreadPoolExecutor(4) as schedulers:
        list(schedulers.map(lambda _: keep_memory(), range(40)))
    empty_redis()
    keep_memory()
    keep_memory()

    assert not pause_if_gone_back()
    assert not _installation().charging_paused


def test_a_copy_that_nobody_has_let_go_on_does_not_count_on_in_the_place_of_its_original(
    world: World, backup: Backup
) -> None:
    backup.make()
    keep_memory()
    backup.go_back()
    keep_memory()
    keep_memory()
    assert _installation().charging_paused
    backup.forget()

    keep_memory()

    assert not _installation().charging_paused, "the original has lost nothing"


def test_a_worker_takes_no_hint_before_redis_has_answered(
    world: World, backup: Backup, own_valkey: ValkeyServer
) -> None:
    keep_memory()
    backup.make()
    keep_memory()
    backup.put_back()
    own_valkey.stop()
    with running("worker") as waiting, running("worker") as ended:
        time.sleep(_TO_START_S)
        assert not _installation().charging_paused, "nobody knows yet"
        ended.terminate()
        assert ended.wait(_PATIENCE_S) == 0
        assert waiting.poll() is None

        own_valkey.start()

        assert _until(lambda: _installation().pause_reason == REASON)


def _until(happened: Callable[[], bool]) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.1)
    return False
