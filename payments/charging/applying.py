"""apply(): the only way in which the gateway's objects change our rows, whoever brings them.

It is monotonic and idempotent: an object that is not news changes nothing. Its locks are taken in the order autopay,
payment, method, invoice, installment, contract; who takes others is told in docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Text, or_, select

from kernel import outbox
from kernel.db import Session, among, given
from payments.autopay.models import Autopay
from payments.charging.declining import settle_declined
from payments.charging.models import CANCELED, PENDING, REJECTED, SUCCEEDED, WAITING_FOR_CAPTURE, Payment
from payments.charging.oddities import CONTRADICTED, NOT_CAPTURED, QUARANTINED, mark_odd
from payments.charging.pace import next_check
from payments.charging.succeeding import settle_succeeded
from payments.charging.twins import adopt_twin
from payments.events import PaymentChanged
from payments.gateway.port import GatewayPayment
from payments.history.noting import note_statuses
from payments.installation.models import Shop

_RANK = {
    "created": 0,
    "sending": 1,
    "unknown": 1,
    PENDING: 2,
    WAITING_FOR_CAPTURE: 3,
    SUCCEEDED: 4,
    CANCELED: 4,
    REJECTED: 4,
}


Known = Row[UUID, str | None, UUID, UUID | None, bool, str, bool]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the objects: payments that are ours, and objects that we refuse to believe are."""

    payment_ids: tuple[UUID, ...]
    quarantined: tuple[GatewayPayment, ...]


def apply(session: Session, objects: Sequence[GatewayPayment], *, source: str, now: datetime) -> Applied:
    """Bring our rows up to what the gateway says. `source`: answer, webhook, poller, reconcile or return.

    Objects that belong to none of our payments are left out of the result: foreign. An object of another shop, mode or
    currency is quarantined: its payment is marked, nothing else is applied.
    """
    known = _known(session, objects)
    found = _match(known, objects)
    _lock_autopays(session, known, found)
    locked = _lock_payments(session, [payment_id for payment_id, _ in found])
    named = [(locked[payment_id], item) for payment_id, item in found]
    quarantined = [item for payment, item in named if not _is_ours(known[payment.id], payment, item)]
    believed = [(_own_or_twin(session, payment, item), item) for payment, item in named if item not in quarantined]
    news = [(payment, item) for payment, item in believed if _is_news(payment, item)]
    for payment, _ in news:
        payment.oddity = None  # what was odd about its earlier state
    changes = [("payment", payment.id, payment.status, item.status) for payment, item in news]
    settle_succeeded(session, [pair for pair in news if pair[1].status == SUCCEEDED], now=now)
    settle_declined(session, [pair for pair in news if pair[1].status == CANCELED], now=now)
    waiting = [pair for pair in news if pair[1].status in (PENDING, WAITING_FOR_CAPTURE)]
    for payment, item in waiting:
        _keep_waiting(payment, item, now)
    note_statuses(session, changes, source=source)
    outbox.record(session, *(PaymentChanged(payment.id) for payment, _ in waiting))
    for payment, item in believed:
        if payment.status == REJECTED:
            _ask_on(payment, item, now)
    session.flush()  # callers read these rows again in the same transaction
    return Applied(tuple(payment.id for payment, _ in believed), tuple(quarantined))


_KNOWN = (
    select(
        Payment.id,
        Payment.gateway_id,
        Payment.contract_id,
        Payment.method_id,
        Payment.saves_method,
        Shop.account_id,
        Shop.test,
    )
    .join(Shop, Shop.id == Payment.shop_id)
    .where(or_(given(Payment.gateway_id, "gateway_ids", Text), given(Payment.id, "ids")))
)
_LOCK = (
    select(Payment)
    .where(given(Payment.id, "ids"))
    .order_by(Payment.id)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def _known(session: Session, objects: Sequence[GatewayPayment]) -> dict[UUID, Known]:
    named = {
        "gateway_ids": [item.gateway_id for item in objects],
        "ids": [item.payment_id for item in objects if item.payment_id],
    }
    return {row.id: row for row in session.execute(_KNOWN, named)}


def _match(known: Mapping[UUID, Known], objects: Sequence[GatewayPayment]) -> list[tuple[UUID, GatewayPayment]]:
    by_gateway_id = {row.gateway_id: row.id for row in known.values()}
    found: dict[tuple[UUID, str], GatewayPayment] = {}
    for item in objects:
        payment_id = by_gateway_id.get(item.gateway_id) or (item.payment_id if item.payment_id in known else None)
        if payment_id:
            # Of several objects for one payment the furthest counts.
            earlier = found.get((payment_id, item.gateway_id))
            if earlier is None or _RANK[item.status] >= _RANK[earlier.status]:
                found[payment_id, item.gateway_id] = item
    return sorted(((key[0], item) for key, item in found.items()), key=lambda pair: (pair[0], pair[1].gateway_id))


def _lock_autopays(session: Session, known: Mapping[UUID, Known], found: Sequence[tuple[UUID, GatewayPayment]]) -> None:
    # Only where the outcome may change the permission: a first success grants it, a hard refusal suspends it.
    came_in = [(known[payment_id], item.status) for payment_id, item in found]
    granting = [row.contract_id for row, status in came_in if status == SUCCEEDED and row.saves_method]
    refused = [row.method_id for row, status in came_in if status == CANCELED and row.method_id]
    if granting or refused:
        session.execute(
            select(Autopay.id)
            .where(or_(among(Autopay.contract_id, granting), among(Autopay.method_id, refused)))
            .order_by(Autopay.id)
            .with_for_update(key_share=True)
        ).all()


def _lock_payments(session: Session, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    return {payment.id: payment for payment in session.scalars(_LOCK, {"ids": ids})}


def _own_or_twin(session: Session, payment: Payment, item: GatewayPayment) -> Payment:
    if payment.gateway_id is None:
        # The first object of an intent takes its row; another one in the same batch is its twin.
        payment.gateway_id = item.gateway_id
    if payment.gateway_id == item.gateway_id:
        return payment
    return adopt_twin(session, payment, item)


def _is_ours(known: Known, payment: Payment, item: GatewayPayment) -> bool:
    wrong = [
        name
        for name, ours, theirs in (
            ("shop", known.account_id, item.account_id),
            ("mode", known.test, item.test),
            ("currency", payment.currency, item.currency),
        )
        if ours != theirs
    ]
    if wrong:
        mark_odd(payment, QUARANTINED, gateway_id=item.gateway_id, wrong=wrong)
    return not wrong


def _is_news(payment: Payment, item: GatewayPayment) -> bool:
    if _RANK[payment.status] == _RANK[SUCCEEDED]:
        if payment.status == SUCCEEDED and item.status == CANCELED:
            mark_odd(payment, CONTRADICTED, ours=payment.status, theirs=item.status)
        # We thought that it never happened, or were told so; money that did come in counts all the same.
        return payment.status != SUCCEEDED and item.status == SUCCEEDED
    return _RANK[item.status] > _RANK[payment.status]


def _ask_on(payment: Payment, item: GatewayPayment, now: datetime) -> None:
    # A second payment of one intent, or one that we took for never executed: money may still come of it.
    payment.checks = payment.checks if payment.next_check_at else 0
    payment.lease_until = None
    payment.next_check_at = None if item.status == CANCELED else next_check(now, checks=payment.checks)


def _keep_waiting(payment: Payment, item: GatewayPayment, now: datetime) -> None:
    if item.status == WAITING_FOR_CAPTURE:
        mark_odd(payment, NOT_CAPTURED)
    payment.status = item.status
    payment.gateway_id = item.gateway_id
    payment.confirmation_url = item.confirmation_url or payment.confirmation_url
    payment.lease_until = None
    payment.checks = 0
    payment.next_check_at = next_check(now, checks=0)
