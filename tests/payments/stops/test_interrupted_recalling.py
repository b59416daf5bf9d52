"""Whoever dies while stops are brought back is followed by somebody who goes on, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.fault import InjectedFault
from payments.stops.keeping import keep_memory
from payments.stops.recalling import recall
from tests.payments.stops.conftest import consents_of, is_unrecalled, status_of, subscribers, take_back
from tests.support.faults import faulty
from tests.support.going_back import Backup
from tests.support.world import World


def test_whoever_is_interrupted_goes_on_where_it_broke(world: World, backup: Backup) -> None:
    agreements = subscribers(world, 3)
    backup.make()
    for it in agreements:
        take_back(it)
    backup.go_back()
    with faulty("recall.before_stop=raise:2"), pytest.raises(InjectedFault):
        recall()
    assert [status_of(it)[1] for it in agreements].count("withdrawn") == 1
    assert is_unrecalled()

    keep_memory()

    assert {status_of(it)[1] for it in agreements} == {"withdrawn"}
    assert not is_unrecalled()


def test_whoever_is_interrupted_before_it_is_noted_as_done_makes_no_stop_twice(world: World, backup: Backup) -> None:
    it = subscribers(world, 1)[0]
    backup.make()
    take_back(it)
    backup.go_back()
    with faulty("recall.before_done=raise"), pytest.raises(InjectedFault):
        recall()
    consents = consents_of(it)
    assert status_of(it)[1] == "withdrawn"
    assert is_unrecalled()

    keep_memory()

    assert not is_unrecalled()
    assert consents_of(it) == consents


def test_whoever_is_interrupted_while_autopays_are_held_holds_each_once(
    world: World, backup: Backup, empty_redis: Callable[[], None]
) -> None:
    agreements = subscribers(world, 2)
    backup.make()
    backup.go_back()
    empty_redis()
    world.product.follow()
    with faulty("recall.after_hold=raise"), pytest.raises(InjectedFault):
        recall()
    assert is_unrecalled()

    found = recall()

    assert found is not None
    assert (found.whole, found.held) == (False, 0)
    assert {status_of(it) for it in agreements} == {("active", "paused")}
    assert not is_unrecalled()
    world.drain()
    asked = [letter for letter in world.letters() if letter["subject"].startswith("Оставить автоплатёж")]
    assert len(asked) == 2
