"""How fast the product has to get over what a long crash run does to it."""

from __future__ import annotations

from dataclasses import replace

from tests.crash.harness.figures import Figures, Spread
from tests.crash.harness.goals import judge

GOOD = Figures(
    linked_lived=Spread(80, 60, 300, 900),
    linked_waited=Spread(80, 60, 300, 20 * 3600),
    unlinked_waited=Spread(14, 7200, 26 * 3600, 26 * 3600),
    after_kill=Spread(34, 2, 27, 30),
    after_empty_redis=Spread(119, 2, 5, 60),
    after_cut=Spread(0, 0, 0, 0),
    charges=273,
    charging_s=36,
)


def _broken(figures: Figures) -> dict[str, list[str]]:
    return {verdict.name: verdict.wrong for verdict in judge(figures) if not verdict.passed}


def test_what_is_exactly_at_its_goal_meets_it() -> None:
    assert _broken(GOOD) == {}


def test_the_95th_of_a_hundred_unknown_outcomes_has_five_minutes_and_the_last_one_has_more() -> None:
    assert _broken(replace(GOOD, linked_lived=Spread(80, 60, 301, 900))) == {"settled": ["p95 is 301.0 s, not 300 s"]}


def test_each_unknown_outcome_has_twenty_hours_or_twenty_six_without_a_card() -> None:
    late = Spread(80, 60, 300, 26 * 3600 + 1)

    assert _broken(replace(GOOD, linked_waited=late)) == {"linked": ["max is 93601.0 s, not 72000 s"]}
    assert _broken(replace(GOOD, unlinked_waited=late)) == {"unlinked": ["max is 93601.0 s, not 93600 s"]}


def test_the_work_of_the_dead_has_thirty_seconds_and_an_emptied_redis_a_minute() -> None:
    late = Spread(34, 2, 27, 60.5)

    assert _broken(replace(GOOD, after_kill=late)) == {"orphans": ["max is 60.5 s, not 30 s"]}
    assert _broken(replace(GOOD, after_empty_redis=late)) == {"emptied": ["max is 60.5 s, not 60 s"]}


def test_a_goal_for_which_nothing_was_measured_is_not_met() -> None:
    assert _broken(replace(GOOD, after_kill=Spread.of([]))) == {"orphans": []}
