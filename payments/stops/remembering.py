"""Each stop reaches the memory twice: at once, before its answer, and for certain, by its event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.db import ReadSession, Session, read
from kernel.fault import fault
from kernel.inbox import Handler
from payments.autopay.models import Autopay
from payments.events import AutopayStopped, ConsentWithdrawn, ContractStatusChanged, MethodUnlinked
from payments.installation.models import Installation
from payments.stops.memory import Memory, MemoryAway, Stop
from payments.stops.standing import read_stops

_log = log.get(__name__)


def remember(contract_or_method_id: UUID) -> None:
    """After a stop's commit and before its answer. A stop never fails for Redis: its event brings it when that is back."""
    fault("stop.before_memory")
    with read() as session:
        found = _memory_and_stops(session, contract_or_method_id)
    # Redis is asked with no transaction open: it may hang.
    try:
        _add(found)
    except MemoryAway:
        _log.warning("stops.redis_away", of=str(contract_or_method_id))


def _memory_and_stops(session: Session | ReadSession, *ids: UUID) -> tuple[Memory, list[Stop]] | None:
    installation_id = session.execute(select(Installation.id)).scalar_one_or_none()
    stops = [stop for key in dict.fromkeys(ids) for stop in read_stops(session, key)]
    return (Memory(installation_id), stops) if installation_id and stops else None


def _add(found: tuple[Memory, list[Stop]] | None) -> None:
    if found:
        memory, stops = found
        memory.add(stops)


def _autopays_stopped(session: Session, events: Sequence[AutopayStopped], _now: datetime) -> None:
    ids = [session.get_one(Autopay, event.autopay_id).contract_id for event in events]
    _add(_memory_and_stops(session, *ids))


def _methods_unlinked(session: Session, events: Sequence[MethodUnlinked], _now: datetime) -> None:
    _add(_memory_and_stops(session, *(event.method_id for event in events)))


def _contracts_told(
    session: Session, events: Sequence[ConsentWithdrawn | ContractStatusChanged], _now: datetime
) -> None:
    _add(_memory_and_stops(session, *(event.contract_id for event in events)))


# They raise while Redis is away, and are tried again. To say a stop once more changes nothing, so it needs no job.
HANDLERS = (
    Handler("stops.autopay_stopped", AutopayStopped, _autopays_stopped),
    Handler("stops.method_unlinked", MethodUnlinked, _methods_unlinked),
    Handler("stops.consent_withdrawn", ConsentWithdrawn, _contracts_told),
    Handler("stops.contract_changed", ContractStatusChanged, _contracts_told),
)
