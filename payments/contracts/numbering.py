"""Numbers of contracts: unique in the whole installation, so the next one of a counter may be in use already."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from kernel.db import Session
from payments.contracts.models import Contract
from payments.installation.numbering import document_number, take_numbers

_LOCK = 0x636F6E7472616374  # "contract"
_LOOK_AHEAD = 1000


def give_numbers(session: Session, wanted: Sequence[tuple[UUID, str | None]], year: int) -> list[str]:
    """The number of each new contract, in order; `wanted` names its legal entity and the number it brings, if any.

    The others get the next numbers that no contract has: an imported contract may carry one of this form, and another
    legal entity counts from one too. A number that is passed over is in use, so the sequence keeps no gap.
    """
    given = {number for _entity_id, number in wanted if number is not None}
    free = {}
    for entity_id, count in sorted(Counter(entity_id for entity_id, number in wanted if number is None).items()):
        numbers = _take_free(session, entity_id, year, count, given)
        given.update(numbers)
        free[entity_id] = iter(numbers)
    return [next(free[entity_id]) if number is None else number for entity_id, number in wanted]


def supplement_number(session: Session, base: Contract) -> str:
    """«2026-0012/1»: the next free number behind that of a contract, for what supplements it.

    The caller holds the customer's row, so that two supplements of one contract take turns.
    """
    stem = f"{base.number}/"
    taken = set(session.scalars(select(Contract.number).where(Contract.number.startswith(stem, autoescape=True))))
    return next(number for n in itertools.count(1) if (number := f"{stem}{n}") not in taken)


def _take_free(session: Session, entity_id: UUID, year: int, count: int, given: set[str]) -> list[str]:
    # Counters are locked one by one, but two entities may want the same number at the same time.
    session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    first = _take(session, entity_id, year, 0).start
    free: list[int] = []
    end = first
    while len(free) < count:
        window = range(end, end + max(count, min(end - first, _LOOK_AHEAD)))
        names = {document_number(year, n): n for n in window}
        used = given.union(session.scalars(select(Contract.number).where(Contract.number.in_(names))))
        free += [n for name, n in names.items() if name not in used]
        end = window.stop
    _take(session, entity_id, year, free[count - 1] - first + 1)
    return [document_number(year, n) for n in free[:count]]


def _take(session: Session, entity_id: UUID, year: int, count: int) -> range:
    return take_numbers(session, legal_entity_id=entity_id, kind="contract", year=year, count=count)
