"""Saved cards and accounts, and the contracts that rest on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session as AnySession

from kernel.db import ReadSession
from kernel.errors import NotFound
from payments.autopay.models import STANDING, Autopay, PaymentMethod
from payments.contracts.models import Contract
from portal.web.cabinet.method_titles import method_title


@dataclass(frozen=True, slots=True)
class Dependent:
    """A contract that is charged from a method."""

    id: UUID
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Method:
    """A saved method; `contracts` are charged from it, or were until it was unlinked."""

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


def read_methods(session: ReadSession, customer_ids: Sequence[UUID]) -> list[Method]:
    """The methods that are still linked, the newest first."""
    methods = session.scalars(
        select(PaymentMethod)
        .where(PaymentMethod.customer_id.in_(customer_ids), PaymentMethod.unlinked_at.is_(None))
        .order_by(PaymentMethod.id.desc())
    ).all()
    rows = session.execute(
        select(Autopay.method_id, Contract.id, Contract.number, Contract.title)
        .join(Contract, Contract.id == Autopay.contract_id)
        .where(Autopay.method_id.in_([method.id for method in methods]), Autopay.status.in_(STANDING))
        .order_by(Contract.number)
    ).all()
    return [
        _method(method, tuple(Dependent(*row[1:]) for row in rows if row.method_id == method.id)) for method in methods
    ]


def read_method(session: AnySession, method_id: UUID, customer_ids: Sequence[UUID]) -> Method:
    """One method, linked or not.

    Raises:
        NotFound: no such method of these customers.
    """
    method = session.scalars(
        select(PaymentMethod).where(PaymentMethod.id == method_id, PaymentMethod.customer_id.in_(customer_ids))
    ).one_or_none()
    if method is None:
        raise NotFound
    rests_on_it = (
        Autopay.status.in_(STANDING) if method.unlinked_at is None else Autopay.changed_at >= method.unlinked_at
    )
    rows = session.execute(
        select(Contract.id, Contract.number, Contract.title)
        .join(Autopay, Autopay.contract_id == Contract.id)
        .where(Autopay.method_id == method_id, rests_on_it)
        .order_by(Contract.number)
    )
    return _method(method, tuple(Dependent(*row) for row in rows))


def _method(method: PaymentMethod, contracts: tuple[Dependent, ...]) -> Method:
    return Method(
        id=method.id,
        customer_id=method.customer_id,
        kind=method.kind,
        last4=method.last4,
        expiry_year=method.expiry_year,
        expiry_month=method.expiry_month,
        disabled_reason=method.disabled_reason,
        unlinked_at=method.unlinked_at,
        contracts=contracts,
    )
