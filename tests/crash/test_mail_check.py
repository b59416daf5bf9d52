"""How often a letter may arrive in a crash run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.crash.harness.check_outside import blows_to_senders, too_often
from tests.crash.harness.oracle import Arrival, Oracle
from tests.crash.harness.record import Happening, Record

DEATH = 105.0


def test_one_copy_is_as_it_should_be() -> None:
    assert too_often([Arrival(100, unanswered=False)], []) == ""


def test_a_second_copy_is_right_after_the_server_hung_up_on_the_first() -> None:
    assert too_often([Arrival(100, unanswered=True), Arrival(110, unanswered=False)], []) == ""


def test_a_second_copy_is_right_when_a_sender_died_between_the_two() -> None:
    assert too_often([Arrival(100, unanswered=False), Arrival(110, unanswered=False)], [DEATH]) == ""


def test_a_second_copy_is_wrong_when_nothing_had_befallen_the_first() -> None:
    both = [Arrival(100, unanswered=False), Arrival(104, unanswered=True)]
    assert too_often(both, [99.0, DEATH]) == "arrived again after 4.0 s, though nothing had befallen the first"


def test_a_third_copy_is_wrong_whatever_happened() -> None:
    copies = [Arrival(at, unanswered=True) for at in (100, 110, 120)]
    assert too_often(copies, [DEATH, 115.0]) == "arrived 3 times"


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
