"""Our books beside the gateway's view, both ways: what differs, and which of it a button can repair.

What is under way is no difference: a payment younger than the grace period, money that the gateway took a moment ago,
and whatever of ours was decided after the reading had begun. But a payment that names us and is unknown here is never
under way, however young: ours are committed before they leave. Nor is one that never left according to us. Only a
database that was restored has such.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from kernel.db import Session
from payments.charging.models import CANCELED, LIVE, PENDING, REJECTED, SUCCEEDED, WAITING_FOR_CAPTURE, Payment
from payments.installation.models import Installation
from payments.invoicing.models import Invoice
from payments.reconciliation.models import (
    APPLY,
    DONE,
    FOREIGN,
    IMPORT,
    MISSING_HERE,
    MISSING_THERE,
    OTHER_STATUS,
    OTHER_SUM,
    REFUND,
    RUNNING,
    SECOND_SUCCESS,
    Reconciliation,
    SeenPayment,
    SeenRefund,
)
from payments.reconciliation.placing import find_place

GRACE = timedelta(minutes=15)
# A hosted page lives an hour at the gateway; only then is it canceled, and the object does not say when.
_PAGE_LIFE = timedelta(hours=1)
_WITH_MONEY = (SUCCEEDED, WAITING_FOR_CAPTURE)
_theirs, _ours = SeenPayment, Payment
_names_us = and_(_theirs.payment_id.is_not(None), _theirs.invoice_id.is_not(None))


@dataclass(frozen=True, slots=True)
class Found:
    """One difference as it is now; the fields are those of `Difference`."""

    kind: str
    gateway_id: str
    payment_id: UUID | None
    invoice_id: UUID | None
    our_status: str | None
    our_kopecks: int | None
    their_status: str | None
    their_kopecks: int | None
    happened_at: datetime
    repair: str | None

    @property
    def key(self) -> tuple[str, str]:
        """What it is about: the same difference found again has the same."""
        return self.kind, self.gateway_id


def find_differences(session: Session, shop_id: UUID, read_at: datetime) -> list[Found]:
    """Every difference between our books and the view of this shop, which was read at `read_at`."""
    questions = (
        _other_statuses(shop_id, read_at, _ours.gateway_id == _theirs.gateway_id),
        # Theirs names ours, whose gateway id we never heard.
        _other_statuses(shop_id, read_at, and_(_ours.gateway_id.is_(None), _ours.id == _theirs.payment_id)),
        _other_sums(shop_id),
        _missing_there(shop_id, read_at),
        _second_successes(shop_id),
        _refunds(shop_id),
    )
    found = [Found(*row) for question in questions for row in session.execute(question)]
    return [*found, *_unknown_here(session, shop_id, read_at)]


def _row(kind: ColumnElement[Any], repair: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return select(
        kind,
        _theirs.gateway_id,
        _ours.id,
        _ours.invoice_id,
        _ours.status,
        _ours.kopecks,
        _theirs.status,
        _theirs.kopecks,
        _theirs.created_at,
        repair,
    )


def _is_old(read_at: datetime) -> ColumnElement[bool]:
    canceled = (_theirs.status == CANCELED, _theirs.created_at + _PAGE_LIFE)
    return case(canceled, else_=func.coalesce(_theirs.captured_at, _theirs.created_at)) <= read_at - GRACE


def _other_statuses(shop_id: UUID, read_at: datetime, is_its_own: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    ahead = and_(_ours.status.in_(LIVE), ~and_(_ours.status == WAITING_FOR_CAPTURE, _theirs.status == PENDING))
    by_button = case((or_(_theirs.status == SUCCEEDED, ahead), APPLY), else_=null())
    return (
        _row(literal(OTHER_STATUS), by_button)
        .join(_ours, is_its_own)
        .where(
            _theirs.shop_id == shop_id,
            _theirs.status != _ours.status,
            ~and_(_ours.status == REJECTED, _theirs.status == CANCELED),
            or_(_is_old(read_at), _ours.sends == 0),
            or_(_ours.decided_at.is_(None), _ours.decided_at < read_at),
        )
    )


def _other_sums(shop_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        _row(literal(OTHER_SUM), null())
        .join(_ours, _ours.gateway_id == _theirs.gateway_id)
        .where(_theirs.shop_id == shop_id, _theirs.status == _ours.status, _theirs.kopecks != _ours.kopecks)
    )


def _missing_there(shop_id: UUID, read_at: datetime) -> Select[*tuple[Any, ...]]:
    begun_at = func.coalesce(_ours.first_sent_at, _ours.created_at)
    covered_since = (
        select(func.min(Reconciliation.since_at))
        .where(Reconciliation.shop_id == shop_id, Reconciliation.status.in_((DONE, RUNNING)))
        .scalar_subquery()
    )
    return select(
        literal(MISSING_THERE),
        _ours.gateway_id,
        _ours.id,
        _ours.invoice_id,
        _ours.status,
        _ours.kopecks,
        null(),
        null(),
        begun_at,
        null(),
    ).where(
        _ours.shop_id == shop_id,
        _ours.gateway_id.is_not(None),
        _ours.status.in_((PENDING, *_WITH_MONEY)),
        begun_at > covered_since + _PAGE_LIFE,
        func.coalesce(_ours.permit_at, _ours.created_at) <= read_at - GRACE,
        ~exists().where(_theirs.gateway_id == _ours.gateway_id),
    )


def _second_successes(shop_id: UUID) -> Select[*tuple[Any, ...]]:
    # The invoice that a payment counts towards here: one that was taken over may be named otherwise there, or not at all.
    invoice_id = func.coalesce(_ours.invoice_id, _theirs.invoice_id)
    succeeded = (_theirs.shop_id == shop_id, _theirs.status == SUCCEEDED)
    several = (
        select(invoice_id.label("id"))
        .select_from(_theirs)
        .outerjoin(_ours, _ours.gateway_id == _theirs.gateway_id)
        .where(*succeeded)
        .group_by(invoice_id)
        .having(func.count() > 1)
        .subquery()
    )
    newest = func.array_agg(aggregate_order_by(_theirs.gateway_id, _theirs.created_at.desc()))[1]
    # A payment that is too old to be read again shows its refund in the list of refunds alone.
    given_back = (
        select(func.coalesce(func.sum(SeenRefund.kopecks), 0))
        .where(SeenRefund.payment_gateway_id == _theirs.gateway_id, SeenRefund.status == SUCCEEDED)
        .correlate(_theirs)
        .scalar_subquery()
    )
    came = func.sum(_theirs.kopecks - func.greatest(_theirs.refunded_kopecks, given_back))
    twice = (
        select(
            newest.label("gateway_id"),
            Invoice.id.label("invoice_id"),
            Invoice.kopecks,
            came.label("came"),
            func.max(_theirs.created_at).label("at"),
        )
        .select_from(_theirs)
        .outerjoin(_ours, _ours.gateway_id == _theirs.gateway_id)
        .join(several, several.c.id == invoice_id)
        .join(Invoice, Invoice.id == several.c.id)
        .where(*succeeded)
        .group_by(Invoice.id)
        .having(came > Invoice.kopecks)
        .subquery()
    )
    payment = select(_ours.id).where(_ours.gateway_id == twice.c.gateway_id).scalar_subquery()
    return select(
        literal(SECOND_SUCCESS),
        twice.c.gateway_id,
        payment,
        twice.c.invoice_id,
        null(),
        twice.c.kopecks,
        literal(SUCCEEDED),
        twice.c.came,
        twice.c.at,
        null(),
    )


def _refunds(shop_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            literal(REFUND),
            SeenRefund.gateway_id,
            _ours.id,
            _ours.invoice_id,
            null(),
            null(),
            SeenRefund.status,
            SeenRefund.kopecks,
            SeenRefund.created_at,
            null(),
        )
        .join(_ours, _ours.gateway_id == SeenRefund.payment_gateway_id)
        .where(SeenRefund.shop_id == shop_id, SeenRefund.status == SUCCEEDED)
    )


def _unknown_here(session: Session, shop_id: UUID, read_at: datetime) -> list[Found]:
    # What the shop took before, without us, paid the bills of a former system.
    begun_at = select(Installation.created_at).scalar_subquery()
    seen = session.scalars(
        select(_theirs)
        .where(
            _theirs.shop_id == shop_id,
            _theirs.status.in_(_WITH_MONEY),
            or_(and_(_is_old(read_at), _theirs.created_at >= begun_at), _names_us),
            ~exists().where(_ours.gateway_id == _theirs.gateway_id),
            ~exists().where(_ours.id == _theirs.payment_id, _ours.gateway_id.is_(None)),
        )
        .order_by(_theirs.created_at)
    ).all()
    twins = set(session.scalars(select(_ours.id).where(_ours.id.in_([it.payment_id for it in seen if it.payment_id]))))
    return [_unknown(session, item, is_twin=item.payment_id in twins) for item in seen]


def _unknown(session: Session, item: SeenPayment, *, is_twin: bool) -> Found:
    place = None if is_twin else find_place(session, item)
    by_button = APPLY if is_twin else IMPORT if place and item.status == SUCCEEDED else None
    return Found(
        MISSING_HERE if item.names_us else FOREIGN,
        item.gateway_id,
        item.payment_id if is_twin else None,
        place.invoice_id if place else None,
        None,
        None,
        item.status,
        item.kopecks,
        item.created_at,
        by_button,
    )
