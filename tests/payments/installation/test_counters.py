"""Numbers of documents have no gaps and no doubles, whoever takes them at the same time and whatever is rolled back."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from kernel.db import begin
from payments.installation.numbering import take_numbers
from tests.support.business import open_company

YEAR = 2026
_SEED = 7


class ChangedItsMind(Exception):
    """A transaction that is rolled back after it has taken its numbers."""


def test_many_at_once_leave_neither_gap_nor_double(committed: str) -> None:
    with begin() as session:
        entity_id = open_company(session)[0].id
    draw = random.Random(_SEED)
    orders = [(draw.randint(1, 5), draw.random() < 0.3) for _ in range(200)]
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda order: _take(entity_id, order[0], undone=order[1]), orders))
    numbers = sorted(number for part in taken for number in part)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == sum(count for count, undone in orders if not undone)


def test_each_year_kind_and_legal_entity_counts_for_itself(committed: str) -> None:
    with begin() as session:
        entity_id = open_company(session)[0].id
        assert take_numbers(session, legal_entity_id=entity_id, kind="invoice", year=YEAR, count=2) == range(1, 3)
        assert take_numbers(session, legal_entity_id=entity_id, kind="contract", year=YEAR, count=1) == range(1, 2)
        assert take_numbers(session, legal_entity_id=entity_id, kind="invoice", year=YEAR + 1, count=1) == range(1, 2)
        assert take_numbers(session, legal_entity_id=entity_id, kind="invoice", year=YEAR, count=1) == range(3, 4)


def _take(entity_id: UUID, count: int, *, undone: bool) -> range:
    try:
        with begin() as session:
            numbers = take_numbers(session, legal_entity_id=entity_id, kind="invoice", year=YEAR, count=count)
            if undone:
                raise ChangedItsMind
    except ChangedItsMind:
        return range(0)
    return numbers
