"""Identifiers: what is made later comes later, and none comes twice."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122

from kernel.ids import uuid7


def test_ids_of_one_process_rise_within_a_millisecond_too() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_threads_get_no_id_twice() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [made for many in threads.map(lambda _: [uuid7() for _ in range(2_000)], range(8)) for made in many]
    assert len(set(made)) == len(made)


def test_an_id_is_a_uuid_of_version_7_that_begins_with_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after + 1
