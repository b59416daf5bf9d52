"""Repairs: the gateway is asked for its object anew, and that is applied, or taken over as a payment of an invoice.

Each is done once, however often and by whomever it is begun: the difference's row is locked, a gateway payment has one
row of ours, and its money one posting. Killed between any two lines, it is done wholly or not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.clock import business_now
from kernel.db import ReadSession, Session, read, repeating
from kernel.errors import NotFound, Refused
from kernel.fault import fault
from kernel.ids import uuid7
from kernel.settings import get_settings
from payments.autopay.models import Autopay
from payments.charging.applying import apply
from payments.charging.models import LOOK, REJECTED, SUCCEEDED, GatewayExchange, Payment
from payments.gateway.port import GatewayError, GatewayPayment
from payments.gateway.transport import Deadlines
from payments.gateway.yookassa import YooKassa
from payments.history.noting import note_status
from payments.installation.models import Shop
from payments.reconciliation.models import FOREIGN, MISSING_HERE, REPAIRED, SEEN_TO, Difference, SeenPayment
from payments.reconciliation.placing import Place, find_place, invoice_of_number
from payments.reconciliation.reading import payment_row
from payments.reconciliation.storing import keep_one

_log = log.get(__name__)
# A person waits at most this long.
_DEADLINES = Deadlines(connect=3, read=8, total=10)
Note = Callable[[Session, Difference], None]


@dataclass(frozen=True, slots=True)
class Repairs:
    """How many were repaired, and what stood in the way of the others, by the gateway's id."""

    done: int
    refused: dict[str, str]


def repair(difference_id: UUID, *, by: UUID | None, note: Note, number: str | None = None) -> bool:
    """Repair one difference; False when that was done already. `by` is the employee, None for a command.

    `number` names the invoice that a payment is taken over for, where it is not plain or is to be another. `note` is
    called in the transaction that repairs.

    Raises:
        NotFound: no such difference.
        Refused: no button can repair it, or not any more; no invoice has this number; the gateway did not show its object.
    """
    with read() as session:
        difference = session.get(Difference, difference_id)
        if difference is None:
            raise NotFound
        is_ours_to_ask = is_of_this_shop(session, difference.shop_id)
    if difference.resolved_at:
        return False
    if difference.repair is None and not (number and _may_be_taken_over(difference)):
        raise Refused("Кнопкой это не исправить")
    if not is_ours_to_ask:
        raise Refused("Это платёж прежнего магазина: ЮKassa не покажет его с ключом нынешнего. Разберите его сами")
    started = time.monotonic()
    try:
        item = YooKassa.of(get_settings(), _DEADLINES).get_payment(difference.gateway_id)
    except GatewayError as error:
        _log.warning("repair.gateway_silent", gateway_id=difference.gateway_id, outcome=error.outcome)
        raise Refused(
            "ЮKassa не показала этот платёж, и ничего не изменено. Попробуйте ещё раз через минуту"
        ) from error
    fault("repair.after_answer")
    millis = int((time.monotonic() - started) * 1000)
    work = partial(_repair, difference_id=difference_id, item=item, millis=millis, by=by, note=note, number=number)
    done = repeating(work)
    fault("repair.after_commit")
    return done


def repair_all(*, by: UUID | None, note: Note, seconds: float | None = None) -> Repairs:
    """Repair whatever a button can in the settings' shop, the oldest money first, for at most so many seconds."""
    until = time.monotonic() + (seconds if seconds is not None else float("inf"))
    with read() as session:
        rows = session.execute(
            select(Difference.id, Difference.gateway_id)
            .join(Shop, Shop.id == Difference.shop_id)
            .where(
                Difference.resolved_at.is_(None),
                Difference.repair.is_not(None),
                Shop.account_id == get_settings().yookassa_shop_id,
            )
            .order_by(Difference.happened_at, Difference.id)
        ).all()
    done, refused = 0, {}
    for row in rows:
        if time.monotonic() > until:
            break
        try:
            done += repair(row.id, by=by, note=note)
        except Refused as error:
            refused[row.gateway_id] = str(error)
    return Repairs(done, refused)


def see_to(session: Session, difference_id: UUID, *, by: UUID, now: datetime) -> Difference | None:
    """A person has done what no button can: it is closed while its facts stay the same. None when it is closed already.

    Raises:
        NotFound: no such difference.
        Refused: it is no matter of opinion.
    """
    difference = _lock(session, difference_id)
    if difference.resolved_at:
        return None
    if not is_matter_of_opinion(session, difference):
        raise Refused("Это исправляется кнопкой")
    _close(session, difference, SEEN_TO, by, now)
    return difference


def is_matter_of_opinion(session: Session | ReadSession, difference: Difference) -> bool:
    """Whether a person may say what became of it: no button can, or its proposal rests on a number that was named.

    Nor can one in a shop that is not the settings' any more: the gateway shows its payments to nobody.
    """
    no_button_must = difference.repair is None or difference.kind == FOREIGN
    return no_button_must or not is_of_this_shop(session, difference.shop_id)


def is_of_this_shop(session: Session | ReadSession, shop_id: UUID) -> bool:
    """Whether the settings' key can ask about this shop."""
    return session.get_one(Shop, shop_id).account_id == get_settings().yookassa_shop_id


def _repair(
    session: Session,
    difference_id: UUID,
    item: GatewayPayment,
    millis: int,
    by: UUID | None,
    note: Note,
    number: str | None,
) -> bool:
    difference = _lock(session, difference_id)
    if difference.resolved_at:
        return False
    now = business_now(session)
    if _may_be_taken_over(difference):
        _take_over(session, difference, item, number, now)
    fault("repair.after_import")
    payment = _applied(session, difference, item, now)
    fault("repair.after_apply")
    session.add(
        GatewayExchange(
            payment_id=payment.id, verb=LOOK, outcome=item.status, http_status=200, answer=item.sanitised, millis=millis
        )
    )
    keep_one(session, difference.shop_id, payment_row(item))
    difference.payment_id, difference.invoice_id = payment.id, payment.invoice_id
    _close(session, difference, REPAIRED, by, now)
    note(session, difference)
    fault("repair.before_commit")
    return True


def _lock(session: Session, difference_id: UUID) -> Difference:
    found = session.get(Difference, difference_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _may_be_taken_over(difference: Difference) -> bool:
    # A second payment of one intent has its row made by apply().
    return difference.kind in (MISSING_HERE, FOREIGN) and difference.payment_id is None


def _take_over(
    session: Session, difference: Difference, item: GatewayPayment, number: str | None, now: datetime
) -> None:
    if _payment_of(session, item):
        return
    if item.status != SUCCEEDED:
        raise Refused("Этот платёж больше не числится прошедшим. Сверьте ещё раз")
    place = _place(session, difference, number)
    invoice = place.invoice(session, now=now)
    # Before anything else of it, as apply() does: a stop of this contract's autopay goes first or waits.
    session.execute(
        select(Autopay.id).where(Autopay.contract_id == invoice.contract_id).with_for_update(key_share=True)
    ).all()
    named = item.payment_id if item.payment_id and not session.get(Payment, item.payment_id) else None
    session.add(
        Payment(
            id=named or uuid7(),
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            contract_id=invoice.contract_id,
            shop_id=difference.shop_id,
            initiator="gateway",
            kopecks=item.kopecks,
            status=REJECTED,
            body="",
            gateway_id=item.gateway_id,
            created_at=min(item.created_at or now, now),
        )
    )
    session.flush()  # apply() finds it by id
    _log.warning("payment.imported", gateway_id=item.gateway_id, invoice_id=str(invoice.id))


def _place(session: Session, difference: Difference, number: str | None) -> Place:
    if number:
        chosen = invoice_of_number(session, difference.shop_id, number)
        if chosen is None:
            raise Refused("Счёта с таким номером нет")
        return Place(chosen)
    seen = session.get(SeenPayment, difference.gateway_id)
    place = find_place(session, seen) if seen else None
    if place is None:
        raise Refused("Теперь не ясно, за что этот платёж: назовите счёт")
    return place


def _payment_of(session: Session, item: GatewayPayment) -> Payment | None:
    return session.scalars(select(Payment).where(Payment.gateway_id == item.gateway_id)).one_or_none()


def _applied(session: Session, difference: Difference, item: GatewayPayment, now: datetime) -> Payment:
    # Whatever it names: by the gateway's id it is this payment.
    known = _payment_of(session, item)
    named = replace(item, payment_id=known.id) if known else item
    # Money that was found came on its own day, not on that of the button.
    came_at = item.captured_at or item.created_at or now
    at = min(came_at, now) if known and known.initiator == "gateway" else now
    applied = apply(session, [named], source="reconcile", now=at)
    payment = _payment_of(session, item)
    if payment is None or applied.quarantined or payment.status != item.status:
        _log.error("repair.not_believed", gateway_id=item.gateway_id, kind=difference.kind, theirs=item.status)
        raise Refused(
            "ЮKassa показала платёж, который не может быть нашим: другой магазин, режим, валюта или состояние"
        )
    return payment


def _close(session: Session, difference: Difference, resolution: str, by: UUID | None, now: datetime) -> None:
    difference.resolved_at, difference.resolution = now, resolution
    session.flush()
    source = f"staff:{by}" if by else "system"
    note_status(session, "difference", difference.id, old=difference.kind, new=resolution, source=source)
