"""How long an outcome was unknown, by the two clocks of a crash run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from tests.crash.harness.figures import Spread, lived, outran_its_key, rehinted, waited
from tests.crash.harness.nemesis import Jump, Orphan

NOON = datetime(2027, 4, 1, 12, tzinfo=UTC)
PAYMENT = uuid4()
HOUR = 3600.0


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def jump(at: float, seconds: float, awaited: float | None = None) -> Jump:
    return Jump(after(at), seconds, {} if awaited is None else {PAYMENT: after(awaited)})


def test_without_jumps_both_clocks_tell_the_same() -> None:
    assert lived(NOON, after(90), []) == 90
    assert waited(PAYMENT, NOON, after(90), []) == 90


def test_a_jump_is_lived_as_a_minute() -> None:
    assert lived(NOON, after(2 * HOUR + 30), [jump(10, 2 * HOUR)]) == 90


def test_a_jump_before_the_doubt_or_after_it_changes_neither_clock() -> None:
    elsewhere = [jump(-3 * HOUR, 2 * HOUR, awaited=-3 * HOUR), jump(200, 2 * HOUR, awaited=200)]

    assert lived(NOON, after(90), elsewhere) == 90
    assert waited(PAYMENT, NOON, after(90), elsewhere) == 90


def test_a_jump_counts_up_to_the_instant_that_the_payment_waited_for() -> None:
    assert waited(PAYMENT, NOON, after(2 * HOUR + 30), [jump(10, 2 * HOUR, awaited=60)]) == 60 + 20


def test_a_jump_over_a_payment_that_was_due_already_does_not_count() -> None:
    assert waited(PAYMENT, NOON, after(2 * HOUR + 30), [jump(10, 2 * HOUR, awaited=5)]) == 30


def test_a_jump_to_before_the_awaited_instant_counts_in_full() -> None:
    day = 24 * HOUR
    strides = [jump(2 * HOUR * place, 2 * HOUR, awaited=day) for place in range(14)]

    assert waited(PAYMENT, NOON, after(28 * HOUR), strides) == day
    assert lived(NOON, after(28 * HOUR), strides) == 14 * 60


def test_a_jump_while_a_payment_waits_for_no_instant_counts_in_full() -> None:
    assert waited(PAYMENT, NOON, after(2 * HOUR + 30), [jump(10, 2 * HOUR)]) == 2 * HOUR + 30


def test_a_jump_over_the_end_of_a_key_leaves_only_the_list_to_look_in() -> None:
    strides = [jump(18 * HOUR, 2 * HOUR, awaited=18 * HOUR + 30), jump(20 * HOUR + 20, 2 * HOUR)]

    assert outran_its_key(PAYMENT, after(10), strides) is False, "ten seconds of the key were left after the first"
    assert outran_its_key(PAYMENT, after(-10), strides) is True
    assert outran_its_key(uuid4(), after(-10), strides) is False
    assert outran_its_key(PAYMENT, None, strides) is False


def test_whoever_waited_beyond_the_end_of_the_key_had_chosen_so() -> None:
    beyond = [jump(18 * HOUR, 4 * HOUR, awaited=20 * HOUR + 1)]

    assert outran_its_key(PAYMENT, NOON, beyond) is False


def test_a_spread_tells_the_middle_the_95th_of_a_hundred_and_the_greatest_and_whose_these_were() -> None:
    spread = Spread.of([(float(value), UUID(int=value)) for value in range(100, 0, -1)])

    assert (spread.count, spread.median, spread.p95, spread.most) == (100, 51, 96, 100)
    assert spread.slowest.startswith(f"{UUID(int=100)} 100.0, {UUID(int=99)} 99.0, ")
    assert len(spread.slowest.split(", ")) == 5
    assert Spread.of([]) == Spread(0, 0, 0, 0)


def test_a_charge_runs_again_after_an_emptied_redis_when_it_is_called_for() -> None:
    assert rehinted([(100, [PAYMENT])], {PAYMENT: [107, 300]}, []) == [(7, PAYMENT)]


def test_one_that_was_called_for_before_waits_for_something_else() -> None:
    assert rehinted([(100, [PAYMENT])], {PAYMENT: [90, 107]}, []) == []


def test_one_whose_worker_died_before_the_call_ran_again_when_that_took_it_up() -> None:
    orphan = Orphan(PAYMENT, taken_at=165, died_at=166, lease_until=315)

    assert rehinted([(100, [PAYMENT])], {PAYMENT: [320]}, [orphan]) == [(65, PAYMENT)]
