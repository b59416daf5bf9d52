"""What is written into the outbox leaves it, whatever stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kernel import outbox
from kernel.broker import RedisAway
from kernel.db import begin
from kernel.inbox import Handlers
from kernel.outbox import Hint
from kernel.relay import relay_once
from tests.support.world import World


def _relay() -> tuple[int, list[tuple[str, list[UUID | int]]]]:
    """How many rows the relay dispatched in one batch, and what it sent."""
    sent: list[tuple[str, list[UUID | int]]] = []
    return relay_once(Handlers([]), lambda job, ids: sent.append((job, list(ids)))), sent


def test_a_hint_at_no_rows_keeps_no_other_hint_from_leaving(world: World) -> None:
    _relay()
    with begin() as session:
        outbox.hint(session, Hint("charge", ()), Hint("charge", (7,)))

    assert _relay() == (1, [("charge", [7])])


def test_hints_at_single_rows_go_to_redis_some_together_and_larger_ones_as_they_are(world: World) -> None:
    _relay()
    with begin() as session:
        outbox.hint(session, *(Hint("mail", (key,)) for key in range(7)), Hint("charge", tuple(range(30))))

    assert _relay()[1] == [("charge", list(range(30))), ("mail", [0, 1, 2, 3, 4]), ("mail", [5, 6])]


def test_a_redis_that_is_away_is_asked_once_and_the_rest_is_left_to_the_sweeps(world: World) -> None:
    asked: list[str] = []

    def send(job: str, _ids: Sequence[UUID | int]) -> None:
        asked.append(job)
        raise RedisAway

    with begin() as session:
        outbox.hint(session, Hint("charge", (1, 2)), Hint("charge", (3, 4)), Hint("mail", (5,)))

    assert relay_once(Handlers([]), send) >= 3
    assert len(asked) == 1
