"""In whatever order things happen and processes die: each invoice is collected once, and nothing is lost."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.crash.simulation.machine import Simulation
from tests.crash.simulation.scene import Scene
from tests.crash.simulation.till import TROUBLES

# Ten examples are so few that hypothesis does not begin to vary what it has tried: each is drawn afresh.
_EXAMPLES = 10
_BASE = settings(
    max_examples=_EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
settings.register_profile("simulation", _BASE, stateful_step_count=50)
settings.register_profile("simulation-soak", _BASE, stateful_step_count=100)
_SEEDS = range(1, 7)
# When these have not met every trouble, because an act more or less has shifted what is drawn, more are played.
_MORE_SEEDS = range(7, 15)
# At so many fault points somebody dies on the way, of the 27 that charging has.
_POINTS = 12
_SOAK_SEEDS = 100
# The seed of a soak that failed, to run it alone.
_SEED = "KABINET_TEST_SIMULATION_SEED"


def _run(scene: Scene, seeds: Iterable[int], profile: str) -> None:
    Simulation.scene = scene
    for number in seeds:
        try:
            run_state_machine_as_test(seed(number)(Simulation), settings=settings.get_profile(profile))
        except BaseException as error:
            error.add_note(f"seed {number} of the profile {profile}")
            raise


def _unmet(scene: Scene) -> list[str]:
    """What no run has met so far."""
    points = sum("." in point for point in scene.seen)
    few = [f"deaths at {points} points"] if points < _POINTS else []
    return sorted(set(TROUBLES) - set(scene.seen)) + few


@pytest.mark.timeout(900)  # of which all but the first 40 s are for the search of the shortest way to fail
def test_in_these_orders_of_events_each_invoice_is_collected_once_and_nothing_is_lost(scene: Scene) -> None:
    _run(scene, _SEEDS, "simulation")
    for number in _MORE_SEEDS:
        if not _unmet(scene):
            break
        _run(scene, [number], "simulation")
    assert _unmet(scene) == []


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_in_whatever_order_of_events_each_invoice_is_collected_once_and_nothing_is_lost(scene: Scene) -> None:
    first = int(os.environ.get(_SEED) or random.SystemRandom().randrange(1, 2**32))
    _run(scene, range(first, first + (1 if _SEED in os.environ else _SOAK_SEEDS)), "simulation-soak")
    print(dict(scene.seen))
