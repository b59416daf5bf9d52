"""Which remembered stops a restored database does not know, and how each is made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, String, Uuid, any_, exists, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from kernel.db import ReadSession, Session
from payments.autopay.barrier import RECALL
from payments.autopay.consents import Evidence
from payments.autopay.ending import end_contract, suspend_contract
from payments.autopay.holding import pause_autopay
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.autopay.stopping import unlink, withdraw
from payments.contracts.models import Contract
from payments.history.models import StatusHistory
from payments.stops.memory import CARD, ENDED, HELD, SUSPENDED, WITHDRAWN, Stop
from payments.stops.standing import card_digest


@dataclass(frozen=True, slots=True)
class Undone:
    """A stop that the backup does not have: of a contract, or of a card with its method here and its owner."""

    kind: str
    id: UUID
    customer_id: UUID


def undone_stops(session: ReadSession, kind: str, stops: Sequence[Stop]) -> list[Undone]:
    """Those of the stops of this kind that are unknown here. What people decided here after a stop stays as it is."""
    at = {it.subject: it.at for it in stops if it.kind == kind}
    return list(_WAYS[kind].look(session, at)) if at else []


def stop_again(session: Session, it: Undone, *, now: datetime) -> None:
    """Make the stop by its own verb. Its customer, who has been told of it once, gets no second letter."""
    _WAYS[it.kind].stop(session, it, now)


def _cards(session: ReadSession, at: dict[str, datetime]) -> Iterator[Undone]:
    # A card is unlinked for good: one that is linked here is not yet unlinked here.
    rows = session.execute(
        select(PaymentMethod.id, PaymentMethod.customer_id).where(
            PaymentMethod.unlinked_at.is_(None), card_digest() == any_(literal(list(at), ARRAY(String)))
        )
    )
    return (Undone(CARD, row.id, row.customer_id) for row in rows)


def _consents(session: ReadSession, at: dict[str, datetime]) -> Iterator[Undone]:
    newest = (
        select(func.max(Consent.id))
        .where(Consent.kind == "recurring", _among(Consent.contract_id, at))
        .group_by(Consent.contract_id)
    )
    rows = session.execute(
        select(Consent.contract_id, Consent.customer_id, Consent.at).where(
            Consent.id.in_(newest), Consent.action == "given"
        )
    )
    for row in rows:
        if row.at <= at[str(row.contract_id)]:
            yield Undone(WITHDRAWN, row.contract_id, row.customer_id)


def _running(session: ReadSession, at: dict[str, datetime]) -> Iterator[Undone]:
    rows = session.execute(
        select(Contract.id, Contract.customer_id).where(Contract.status != "ended", _among(Contract.id, at))
    )
    return (Undone(ENDED, row.id, row.customer_id) for row in rows)


def _active(session: ReadSession, at: dict[str, datetime]) -> Iterator[Undone]:
    rows = session.execute(
        select(Contract.id, Contract.customer_id).where(Contract.status == "active", _among(Contract.id, at))
    ).all()
    for row in rows:
        if not _is_decided_since(session, row.id, at):
            yield Undone(SUSPENDED, row.id, row.customer_id)


def _unheld(session: ReadSession, at: dict[str, datetime]) -> Iterator[Undone]:
    rows = session.execute(
        select(Autopay.contract_id, Autopay.customer_id).where(
            Autopay.held_at.is_(None), Autopay.status.in_(("active", "paused")), _among(Autopay.contract_id, at)
        )
    ).all()
    for row in rows:
        if not _is_decided_since(session, row.contract_id, at):
            yield Undone(HELD, row.contract_id, row.customer_id)


def _unlink(session: Session, it: Undone, now: datetime) -> None:
    unlink(session, it.id, customer_id=it.customer_id, evidence=Evidence(), now=now, source=RECALL)


def _withdraw(session: Session, it: Undone, now: datetime) -> None:
    withdraw(session, it.id, evidence=Evidence(), now=now, source=RECALL)


def _end(session: Session, it: Undone, now: datetime) -> None:
    end_contract(session, it.id, now=now, source=RECALL)


def _suspend(session: Session, it: Undone, now: datetime) -> None:
    suspend_contract(session, it.id, now=now, source=RECALL)


def _hold(session: Session, it: Undone, now: datetime) -> None:
    pause_autopay(session, it.id, by=None, now=now)


@dataclass(frozen=True, slots=True)
class _Way:
    look: Callable[[ReadSession, dict[str, datetime]], Iterator[Undone]]
    stop: Callable[[Session, Undone, datetime], None]


# In this order: what ends for good first, so that nothing is suspended or held that is over.
_WAYS = {
    CARD: _Way(_cards, _unlink),
    WITHDRAWN: _Way(_consents, _withdraw),
    ENDED: _Way(_running, _end),
    SUSPENDED: _Way(_active, _suspend),
    HELD: _Way(_unheld, _hold),
}
KINDS = tuple(_WAYS)


def _among(
    contract_id: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None], at: dict[str, datetime]
) -> ColumnElement[bool]:
    return contract_id == any_(literal([UUID(subject) for subject in at], ARRAY(Uuid)))


def _is_decided_since(session: ReadSession, contract_id: UUID, at: dict[str, datetime]) -> bool:
    """Whether an employee has let the contract or its autopay go on after that stop."""
    autopay = select(Autopay.id).where(Autopay.contract_id == contract_id).scalar_subquery()
    return session.execute(
        select(
            exists().where(
                or_(StatusHistory.object_id == contract_id, StatusHistory.object_id == autopay),
                StatusHistory.at > at[str(contract_id)],
                StatusHistory.source.startswith("staff:"),
            )
        )
    ).scalar_one()
