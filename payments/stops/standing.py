"""The stops that stand in PostgreSQL: of one contract or card, or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, literal, select, true, union_all

from kernel.db import ReadSession, Session
from payments.autopay.cards import tokens_of_card
from payments.autopay.models import Autopay, Consent, PaymentMethod
from payments.contracts.models import Contract
from payments.history.models import StatusHistory
from payments.stops.memory import CARD, ENDED, HELD, SUSPENDED, WITHDRAWN, Stop


def read_stops(session: Session | ReadSession, of: UUID | None = None) -> list[Stop]:
    """All stops; or those of a contract; or those of a method's card and of the contracts that it paid for.

    Of contracts only those whose customer ever agreed to automatic charges: the others cannot be charged anyhow.
    """
    tokens = () if of is None else session.scalars(tokens_of_card(of)).all()
    contracts = None if of is None else [of, *_charged(session, tokens)]
    agreed = select(Consent.contract_id).where(Consent.kind == "recurring", Consent.contract_id.is_not(None))
    suspended_at = (
        select(func.max(StatusHistory.at))
        .where(
            StatusHistory.object_kind == "contract",
            StatusHistory.object_id == Contract.id,
            StatusHistory.new == "suspended",
        )
        .scalar_subquery()
    )
    rows = session.execute(
        union_all(
            _stops(CARD, card_digest(), PaymentMethod.unlinked_at).where(
                PaymentMethod.unlinked_at.is_not(None), true() if of is None else PaymentMethod.id.in_(tokens)
            ),
            _stops(WITHDRAWN, Consent.contract_id, func.max(Consent.at))
            .where(Consent.kind == "recurring", Consent.action == "withdrawn", _mine(Consent.contract_id, contracts))
            .group_by(Consent.contract_id),
            _stops(ENDED, Contract.id, Contract.ended_at).where(
                Contract.status == "ended", Contract.id.in_(agreed), _mine(Contract.id, contracts)
            ),
            _stops(SUSPENDED, Contract.id, suspended_at).where(
                Contract.status == "suspended", Contract.id.in_(agreed), _mine(Contract.id, contracts)
            ),
            _stops(HELD, Autopay.contract_id, Autopay.held_at).where(
                Autopay.held_at.is_not(None), _mine(Autopay.contract_id, contracts)
            ),
        )
    )
    return [Stop(row.kind, row.subject, row.at) for row in rows]


def card_digest() -> ColumnElement[str]:
    """The subject of a card's stop."""
    return func.encode(func.sha256(func.convert_to(PaymentMethod.gateway_id, "UTF8")), "hex")


def _stops(kind: str, subject: Any, at: Any) -> Any:
    return select(literal(kind).label("kind"), cast(subject, String).label("subject"), at.label("at"))


def _charged(session: Session | ReadSession, method_ids: Sequence[UUID]) -> Sequence[UUID]:
    return session.scalars(select(Autopay.contract_id).where(Autopay.method_id.in_(method_ids))).all()


def _mine(contract_id: Any, contracts: Sequence[UUID] | None) -> ColumnElement[bool]:
    if contracts is None:
        return true()
    found: ColumnElement[bool] = contract_id.in_(contracts)
    return found
