"""How often a letter may arrive in a crash run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.crash.harness.check_outside import (
    answered_again,
    blows_to_senders,
    letters_in_hand,
    soonest_again,
    too_many_again,
    too_many_given_up,
    too_often,
)
from tests.crash.harness.oracle import Arrival, Oracle
from tests.crash.harness.plan import Plan
from tests.crash.harness.record import Happening, Record

DEATH = 105.0
SOONEST = soonest_again(Plan(300, 1))


def test_one_copy_is_as_it_should_be() -> None:
    assert too_often([Arrival(100, unanswered=False)], [], soonest_s=SOONEST) == ""


def test_a_second_copy_is_right_after_the_server_hung_up_on_the_first() -> None:
    both = [Arrival(100, unanswered=True), Arrival(110, unanswered=False)]
    assert too_often(both, [], soonest_s=SOONEST) == ""


def test_a_second_copy_is_right_when_a_sender_died_within_the_lease_of_the_first_and_that_has_ended() -> None:
    both = [Arrival(100, unanswered=False), Arrival(219.5, unanswered=False)]
    assert too_often(both, [DEATH], soonest_s=SOONEST) == ""


def test_a_second_copy_is_wrong_when_nothing_had_befallen_the_first() -> None:
    both = [Arrival(100, unanswered=False), Arrival(104, unanswered=True)]
    assert too_often(both, [99.0, DEATH], soonest_s=0) == (
        "arrived again after 4.0 s, though nothing had befallen the first"
    )


def test_a_second_copy_is_wrong_when_a_sender_died_only_after_the_lease_of_the_first() -> None:
    both = [Arrival(100, unanswered=False), Arrival(400, unanswered=False)]
    assert too_often(both, [99.0, 221.0], soonest_s=SOONEST) == (
        "arrived again after 300.0 s, though nothing had befallen the first"
    )


def test_a_second_copy_is_wrong_while_the_first_is_in_its_sender_s_hands_whoever_died() -> None:
    both = [Arrival(100, unanswered=False), Arrival(110, unanswered=False)]
    assert too_often(both, [DEATH], soonest_s=SOONEST) == (
        "arrived again after 10.0 s, while the first was in its sender's hands"
    )
    assert too_often(both, [DEATH], soonest_s=0) == ""


def test_a_third_copy_is_wrong_whatever_happened() -> None:
    copies = [Arrival(at, unanswered=True) for at in (100, 110, 120)]
    assert too_often(copies, [DEATH, 115.0], soonest_s=0) == "arrived 3 times"


def test_a_copy_may_come_soon_only_where_leases_are_cut_short_or_a_cable_is_pulled() -> None:
    assert SOONEST == 60
    assert soonest_again(Plan(300, 1, short_leases=True)) == 0
    assert soonest_again(Plan(300, 1, hosts=3)) == 0


def test_one_letter_in_a_thousand_may_be_given_up_and_two_of_a_few() -> None:
    assert too_many_given_up(2, 80) == []
    assert too_many_given_up(3, 80) == ["3 letters were given up over two doubts, 2 of 80 may be"]
    assert too_many_given_up(11, 11_030) == []
    assert too_many_given_up(12, 11_030) == ["12 letters were given up over two doubts, 11 of 11030 may be"]


def test_only_a_copy_that_follows_an_answer_counts_as_come_again() -> None:
    answered, hung_up = Arrival(100, unanswered=False), Arrival(100, unanswered=True)
    later = Arrival(230, unanswered=False)
    assert answered_again({"a": [answered, later], "b": [hung_up, later], "c": [answered], "d": [answered, later]}) == 2


def test_no_more_letters_come_again_after_an_answer_than_their_senders_had_in_hand() -> None:
    assert too_many_again(640, 640) == []
    assert too_many_again(641, 640) == ["641 letters came again after an answer, 640 were in hand at the blows"]


def test_only_what_can_lose_an_answer_counts_as_a_blow_to_a_sender() -> None:
    record = Record(lambda _line: None)
    record.happenings += [
        Happening(1, "kill", "worker", "worker-a"),
        Happening(2, "died", "worker-a", "code -9"),
        Happening(3, "died", "web", "code -9"),
        Happening(4, "kill", "redis"),
        Happening(5, "kill", "postgres"),
        Happening(6, "kill", "clock", "60 s"),
        Happening(7, "cable", "cut"),
        Happening(8, "kill", "pause", "worker-b"),
    ]
    assert blows_to_senders(record) == [1, 2, 5, 7, 8]
    assert letters_in_hand(record) == (1 + 2 + 1 + 1) * 4, "the kill of the worker and its death are one"


def test_the_copies_are_those_that_the_mail_server_took_in(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "sandbox.sqlite")) as outside, outside:
        outside.execute("CREATE TABLE journal (n INTEGER PRIMARY KEY, real_at, system, key, fault)")
        outside.executemany(
            "INSERT INTO journal (real_at, system, key, fault) VALUES (?, ?, ?, ?)",
            [
                (1000, "mail", "<a@house>", "drop_after_data"),
                (1500, "mail", None, "reject_4xx"),
                (2000, "yookassa", "key", None),
                (2500, "mail", "<a@house>", None),
                (3000, "mail", "<b@house>", None),
            ],
        )

    assert Oracle(tmp_path / "sandbox.sqlite").letters == {
        "<a@house>": [Arrival(1.0, unanswered=True), Arrival(2.5, unanswered=False)],
        "<b@house>": [Arrival(3.0, unanswered=False)],
    }
