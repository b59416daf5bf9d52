"""Saved cards and accounts as a person tells them apart, and the contracts that rest on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session as AnySession

from kernel.db import ReadSession
from kernel.errors import NotFound
from payments.autopay.cards import card_of, tokens_of_card
from payments.autopay.models import STANDING, Autopay, PaymentMethod
from payments.autopay.own_shop import IN_OUR_SHOP
from payments.contracts.models import Contract
from portal.web.cabinet.method_titles import method_title


@dataclass(frozen=True, slots=True)
class Dependent:
    """A contract that is charged from a card; `charged` is false once the token it rests on charges nothing more."""

    id: UUID
    number: str
    title: str
    charged: bool = True


@dataclass(frozen=True, slots=True)
class Method:
    """A card, whatever the number of its tokens; `contracts` are charged from it, or were until it was unlinked.

    `id` is one of its tokens. `disabled_reason` is set when none of them works.
    """

    id: UUID
    customer_id: UUID
    kind: str
    last4: str | None
    expiry_year: int | None
    expiry_month: int | None
    disabled_reason: str | None
    unlinked_at: datetime | None
    contracts: tuple[Dependent, ...]

    @property
    def title(self) -> str:
        """«Карта •• 4477»."""
        return method_title(self.kind, self.last4)

    @property
    def charged(self) -> list[Dependent]:
        """The contracts that are still charged from it."""
        return [contract for contract in self.contracts if contract.charged]


def read_methods(session: ReadSession, customer_ids: Sequence[UUID]) -> list[Method]:
    """The cards that are still linked, the newest first."""
    tokens = session.scalars(
        select(PaymentMethod)
        .where(PaymentMethod.customer_id.in_(customer_ids), PaymentMethod.unlinked_at.is_(None))
        .order_by(PaymentMethod.id.desc())
    ).all()
    cards: dict[tuple[object, ...], list[PaymentMethod]] = {}
    for token in tokens:
        cards.setdefault(card_of(token.customer_id, token), []).append(token)
    resting = _contracts(session, [token.id for token in tokens], Autopay.status.in_(STANDING))
    return [_method(card, [it for token_id, it in resting if token_id in _ids(card)]) for card in cards.values()]


def read_method(session: AnySession, method_id: UUID, customer_ids: Sequence[UUID]) -> Method:
    """The card that this method is a token of. It is unlinked when all its tokens are, and then told as of this one.

    Raises:
        NotFound: no such method of these customers.
    """
    tokens = session.scalars(
        select(PaymentMethod)
        .where(PaymentMethod.id.in_(tokens_of_card(method_id)), PaymentMethod.customer_id.in_(customer_ids))
        .order_by(PaymentMethod.id.desc())
    ).all()
    if not tokens:
        raise NotFound
    linked = [token for token in tokens if token.unlinked_at is None]
    if linked:
        resting = _contracts(session, _ids(linked), Autopay.status.in_(STANDING))
        return _method(linked, [it for _, it in resting])
    asked = next(token for token in tokens if token.id == method_id)
    gone = [asked, *(token for token in tokens if token is not asked and token.unlinked_at == asked.unlinked_at)]
    lost = _contracts(session, _ids(gone), Autopay.changed_at >= asked.unlinked_at)
    return _method(gone, [it for _, it in lost])


def _contracts(
    session: AnySession, token_ids: Sequence[UUID], condition: ColumnElement[bool]
) -> list[tuple[UUID, Dependent]]:
    rows = session.execute(
        select(
            Autopay.method_id,
            Contract.id,
            Contract.number,
            Contract.title,
            and_(PaymentMethod.disabled_reason.is_(None), func.coalesce(IN_OUR_SHOP, False)).label("charged"),
        )
        .join(Contract, Contract.id == Autopay.contract_id)
        .join(PaymentMethod, PaymentMethod.id == Autopay.method_id)
        .where(Autopay.method_id.in_(token_ids), condition)
        .order_by(Contract.number)
    )
    return [(row.method_id, Dependent(*row[1:])) for row in rows]


def _ids(tokens: Sequence[PaymentMethod]) -> list[UUID]:
    return [token.id for token in tokens]


def _method(tokens: Sequence[PaymentMethod], contracts: Sequence[Dependent]) -> Method:
    first = tokens[0]
    works = any(token.disabled_reason is None for token in tokens)
    return Method(
        id=first.id,
        customer_id=first.customer_id,
        kind=first.kind,
        last4=first.last4,
        expiry_year=first.expiry_year,
        expiry_month=first.expiry_month,
        disabled_reason=None if works else first.disabled_reason,
        unlinked_at=first.unlinked_at,
        contracts=tuple(contracts),
    )
