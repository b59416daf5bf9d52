"""Stored notifications are worked off: the gateway is asked for the object, and the verdict is kept for staff."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import func, or_, select, update

from kernel import log
from kernel.clock import business_now
from kernel.db import Session, begin, read, repeating
from kernel.fault import fault
from kernel.relay import Send, send_in_parts
from kernel.settings import get_settings
from payments.charging.applying import apply
from payments.charging.models import FINAL, LOOK, GatewayExchange, Payment
from payments.charging.pace import HINT_LIFE, HINTED_AT_ONCE, PART, in_time, next_check
from payments.gateway.port import Gateway, GatewayError, GatewayPayment, NoSuchPayment, OutcomeUnknown
from payments.gateway.yookassa import YooKassa, payment_events
from payments.webhooks.models import TO_PROCESS, InboundWebhook

_log = log.get(__name__)
WEBHOOK = "webhook"
# Nothing is lost by giving up: our own payments are asked about until they end, whatever a notification says.
_GIVEN_UP_AFTER = timedelta(days=3)
_not_hinted = or_(InboundWebhook.hinted_until.is_(None), InboundWebhook.hinted_until < func.clock_timestamp())


def process(ids: list[str]) -> None:
    """Work off these notifications while the time of one message lasts; what is done already is passed over."""
    gateway = YooKassa.of(get_settings())
    for webhook_id in in_time(ids):
        try:
            process_one(gateway, webhook_id)
        except Exception as error:  # noqa: BLE001  one unreadable notification must not starve its neighbours
            _log.exception("webhook.broke", webhook_id=str(webhook_id))
            _try_later(webhook_id, OutcomeUnknown(type(error).__name__))


def process_one(gateway: Gateway, webhook_id: UUID) -> None:
    """Ask the gateway for the object of one notification and apply what it says, in a transaction of its own."""
    with read() as session:
        webhook = session.get(InboundWebhook, webhook_id)
        if webhook is None or webhook.status != "new":
            return None
        settled = _settled_payment(session, webhook)
    if webhook.event not in payment_events():
        return _close(webhook_id, "ignored", "событие не о платеже")
    if settled:
        return _close(webhook_id, "done", "уже учтено", payment_id=settled)
    started = time.monotonic()
    try:
        item = gateway.get_payment(webhook.object_id)
    except NoSuchPayment:
        return _close(webhook_id, "forged", "касса не знает такого платежа")
    except GatewayError as error:
        return _try_later(webhook_id, error)
    fault("webhook.after_answer")
    millis = int((time.monotonic() - started) * 1000)
    repeating(partial(_apply, webhook=webhook, item=item, millis=millis))
    fault("webhook.after_commit")
    return None


def hint_due_webhooks(send: Send) -> int:
    """Hint at notifications whose hint was lost or whose retry is due, as many as may wait in Redis at once."""
    with begin() as session:
        hinted = session.execute(select(func.count()).where(TO_PROCESS.due(), ~_not_hinted)).scalar_one()
        waiting = (
            select(InboundWebhook.id)
            .where(TO_PROCESS.due(), _not_hinted)
            .order_by(InboundWebhook.id)
            .limit(max(0, HINTED_AT_ONCE - hinted))
            .with_for_update(skip_locked=True)
        )
        ids = session.scalars(
            update(InboundWebhook)
            .where(InboundWebhook.id.in_(waiting.scalar_subquery()))
            .values(hinted_until=HINT_LIFE)
            .returning(InboundWebhook.id)
        ).all()
    send_in_parts(send, WEBHOOK, ids, PART)
    return len(ids)


def _settled_payment(session: Session, webhook: InboundWebhook) -> UUID | None:
    return session.execute(
        select(Payment.id).where(
            Payment.gateway_id == webhook.object_id,
            Payment.status.in_(FINAL),
            Payment.status == webhook.object_status,
        )
    ).scalar_one_or_none()


def _apply(session: Session, webhook: InboundWebhook, item: GatewayPayment, millis: int) -> None:
    applied = apply(session, [item], source="webhook", now=business_now(session))
    fault("webhook.after_apply")
    payment_id = next(iter(applied.payment_ids), None)
    if payment_id:
        session.add(
            GatewayExchange(
                payment_id=payment_id,
                verb=LOOK,
                outcome=item.status,
                http_status=200,
                answer=item.sanitised,
                millis=millis,
            )
        )
    status, verdict = _verdict(webhook, item, ours=payment_id is not None, quarantined=bool(applied.quarantined))
    _write_verdict(session, webhook.id, status, verdict, payment_id)
    fault("webhook.before_commit")


def _verdict(webhook: InboundWebhook, item: GatewayPayment, *, ours: bool, quarantined: bool) -> tuple[str, str]:
    if item.status in FINAL and webhook.object_status in FINAL and item.status != webhook.object_status:
        return "forged", f"касса говорит: {item.status}"
    if webhook.object_status in FINAL and item.status not in FINAL:
        return "forged", f"касса говорит: {item.status}"
    if quarantined:
        return "ignored", "платёж другого магазина, режима или валюты"
    return ("done", "учтено") if ours else ("ignored", "платёж не из кабинета")


def _close(webhook_id: UUID, status: str, verdict: str, *, payment_id: UUID | None = None) -> None:
    with begin() as session:
        _write_verdict(session, webhook_id, status, verdict, payment_id)


def _write_verdict(session: Session, webhook_id: UUID, status: str, verdict: str, payment_id: UUID | None) -> None:
    if status == "forged":
        _log.warning("webhook.forged", webhook_id=str(webhook_id))
    session.execute(
        update(InboundWebhook)
        .where(InboundWebhook.id == webhook_id)
        .values(status=status, verdict=verdict, payment_id=payment_id, processed_at=func.business_now())
    )


def _try_later(webhook_id: UUID, error: GatewayError) -> None:
    with begin() as session:
        webhook = session.get(InboundWebhook, webhook_id, with_for_update=True)
        if webhook is None or webhook.status != "new":
            return
        now: datetime = business_now(session)
        if webhook.created_at < now - _GIVEN_UP_AFTER:
            _write_verdict(session, webhook_id, "ignored", f"касса не ответила за три дня: {error.outcome}", None)
            return
        webhook.next_try_at = next_check(now, checks=webhook.tries)
        webhook.tries += 1
        webhook.hinted_until = None
        webhook.verdict = f"касса не ответила: {error.outcome}"
