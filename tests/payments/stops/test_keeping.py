"""The memory is whole, or it says that it is not: emptied, half filled, restarted, or filled by a restored database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_client
from sqlalchemy import update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.consents import Evidence
from payments.autopay.stopping import withdraw
from payments.installation.models import Installation
from payments.stops.keeping import keep_memory
from payments.stops.memory import Marker, Memory, MemoryAway, Stop, server
from portal.demo.valkey import ValkeyServer
from tests.payments.stops.conftest import remembered, subscribers
from tests.support.world import World

NOON = datetime(2027, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def memory(world: World) -> Memory:
    """The memory of this installation."""
    return Memory(_installation().id)


def _installation() -> Installation:
    with read() as session:
        return session.get_one(Installation, 1)


def _marker(memory: Memory) -> Marker:
    found = memory.marker()
    assert found is not None
    return found


def test_the_newest_instant_of_a_stop_counts_in_whatever_order_it_is_told(memory: Memory) -> None:
    later = NOON + timedelta(microseconds=1)
    memory.add([Stop("held", "a", later), Stop("ended", "b", NOON)])
    memory.add([Stop("held", "a", NOON)])

    assert sorted(memory.all(), key=lambda it: it.subject) == [Stop("held", "a", later), Stop("ended", "b", NOON)]


def test_thousands_are_remembered(memory: Memory) -> None:
    memory.add([Stop("ended", str(n), NOON) for n in range(2500)])

    assert len({it.subject for it in memory.all()}) == 2500


def test_a_new_memory_is_filled_from_the_database_and_named_in_it(world: World, memory: Memory) -> None:
    it = subscribers(world, 1)[0]
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    assert memory.marker() is None

    keep_memory()

    assert remembered() == {("withdrawn", str(it.contract_id))}
    assert _marker(memory).name == _installation().stops_memory
    assert _marker(memory).run == server().run


def test_an_emptied_memory_is_filled_again_under_its_name(
    world: World, memory: Memory, empty_redis: Callable[[], None]
) -> None:
    it = subscribers(world, 1)[0]
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    keep_memory()
    name = _installation().stops_memory
    empty_redis()

    assert keep_memory(), "Redis lost what it held"

    assert remembered() == {("withdrawn", str(it.contract_id))}
    assert _marker(memory).name == _installation().stops_memory == name
    assert not keep_memory()


def test_stops_that_were_lost_without_their_marker_are_filled_in_again(
    world: World, memory: Memory, redis: str
) -> None:
    it = subscribers(world, 1)[0]
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    keep_memory()
    with redis_client.Redis.from_url(redis) as client:
        assert client.delete(f"kabinet:stops:{_installation().id}")
    assert not _marker(memory).anchored

    assert keep_memory()

    assert _marker(memory).anchored

    assert remembered() == {("withdrawn", str(it.contract_id))}


def test_what_is_whole_is_seen_again_and_not_filled_again(memory: Memory) -> None:
    keep_memory()
    before = _marker(memory)
    keep_memory()
    after = _marker(memory)

    assert (after.name, after.filling) == (before.name, before.filling)
    assert before.seen_at is not None
    assert after.seen_at is not None
    assert after.seen_at > before.seen_at


def test_a_memory_that_is_emptied_while_it_is_filled_is_not_whole(
    memory: Memory, empty_redis: Callable[[], None]
) -> None:
    memory.begin("name", "filling")
    empty_redis()
    memory.add([Stop("ended", "a", NOON)])

    assert not memory.vouch("filling", server(), now=NOON, times=1)
    assert memory.marker() is None


def test_of_two_who_fill_it_only_the_last_may_call_it_whole(memory: Memory) -> None:
    memory.begin("name", "first")
    memory.begin("name", "second")

    assert not memory.vouch("first", server(), now=NOON, times=1)
    assert _marker(memory).seen_at is None
    assert memory.vouch("second", server(), now=NOON, times=2)
    assert _marker(memory).seen_at == NOON


def test_whoever_fills_it_from_a_restored_database_gives_it_a_new_name(
    memory: Memory, empty_redis: Callable[[], None]
) -> None:
    keep_memory()
    name = _installation().stops_memory
    with begin() as session:
        session.execute(update(Installation).values(recalled_at=business_now(session)))
    empty_redis()

    keep_memory()

    assert _installation().stops_memory not in (name, None)
    assert _installation().recalled_at is None
    assert _marker(memory).name == _installation().stops_memory


def test_a_redis_that_was_restarted_is_another_one_and_is_filled_again(world: World, own_valkey: ValkeyServer) -> None:
    memory = Memory(_installation().id)
    keep_memory()
    before = _marker(memory)
    assert before.logged
    own_valkey.start()

    assert _marker(memory).run != server().run
    keep_memory()

    assert _marker(memory).run == server().run
    assert _marker(memory).filling != before.filling
    assert _marker(memory).name == before.name


def test_while_redis_is_away_nothing_is_known_and_nothing_breaks(
    memory: Memory, redis_goes: Callable[[], None]
) -> None:
    redis_goes()

    for ask in (keep_memory, memory.all, memory.marker, server):
        with pytest.raises(MemoryAway, match="Redis не отвечает"):
            ask()
    assert _installation().stops_memory is None


def test_before_the_first_start_nothing_is_remembered(committed: str, redis: str) -> None:
    keep_memory()

    with redis_client.Redis.from_url(redis) as client:
        assert client.keys("kabinet:stops:*") == []
