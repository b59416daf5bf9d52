"""The shop's list tells what became of a payment that has no id there and may not be sent again.

A list is long: each thread that read it for a payment of its own kept the others from their answers. So one thread of a
process reads it, once for everybody who waits; the others leave their payments with it and go on.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from kernel import log
from kernel.clock import business_now
from kernel.db import read, repeating
from kernel.fault import fault
from kernel.settings import get_settings
from payments.charging.models import LOOK, TO_CHECK, Payment
from payments.charging.putting_off import apart
from payments.charging.recording import Outcome, give_up_unfound, record
from payments.gateway.port import Gateway, GatewayError, GatewayPayment, OutcomeUnknown

_log = log.get(__name__)
# A database clock that is off must not hide a payment from its own search: a day to either side costs a few pages.
_CLOCK_SLACK = timedelta(days=1)
_LONGEST_WINDOW = timedelta(days=4)
_turn = threading.Lock()
_lock = threading.Lock()
_waiting: set[UUID] = set()


@dataclass(frozen=True, slots=True)
class _Window:
    """When some payments were sent, with the slack, and who they are."""

    since: datetime
    until: datetime
    ids: tuple[UUID, ...]


def look_up(gateway: Gateway, ids: Collection[UUID]) -> None:
    """Have these found in the list, or given up when it proves that they never were: here and now, or by who reads it.

    What a process has not read when it dies stays due, and is hinted at again.
    """
    with _lock:
        _waiting.update(ids)
    # Whoever added some while the reader was about to leave is seen by one of the two.
    while _waiting and _turn.acquire(blocking=False):
        try:
            with _lock:
                taken = frozenset(_waiting)
                _waiting.clear()
            _look_up_now(gateway, taken)
        finally:
            _turn.release()


def _look_up_now(gateway: Gateway, ids: Collection[UUID]) -> None:
    # The instant is taken before the list is read: what appears later is not proven absent.
    with read() as session:
        listed_at = business_now(session)
        sent = session.execute(
            select(Payment.id, Payment.first_sent_at, Payment.permit_at)
            .where(
                Payment.id.in_(ids), TO_CHECK.due(), Payment.gateway_id.is_(None), Payment.first_sent_at.is_not(None)
            )
            .order_by(Payment.first_sent_at)
        ).all()
    windows = [_Window(row.first_sent_at - _CLOCK_SLACK, row.permit_at + _CLOCK_SLACK, (row.id,)) for row in sent]
    for window in _merged(windows):
        found = _read_list(gateway, window)
        fault("list.after_answer")
        for payment_id in window.ids:
            with apart(payment_id):
                _settle(payment_id, found[payment_id], listed_at)


def _merged(windows: Sequence[_Window]) -> Iterator[_Window]:
    # Those that touch are read as one, but few days at a time: a page that never comes keeps whoever is in its window
    # from ever being proven absent.
    last: _Window | None = None
    for window in windows:
        if last and window.since <= last.until and window.until - last.since <= _LONGEST_WINDOW:
            last = _Window(last.since, max(last.until, window.until), last.ids + window.ids)
            continue
        if last:
            yield last
        last = window
    if last:
        yield last


def _read_list(gateway: Gateway, window: _Window) -> dict[UUID, list[GatewayPayment | GatewayError]]:
    found: dict[UUID, list[GatewayPayment | GatewayError]] = {payment_id: [] for payment_id in window.ids}
    broken: GatewayError
    try:
        for payment_id, item in gateway.find_payments(window.ids, window.since, window.until):
            found[payment_id].append(item)
    except GatewayError as error:
        broken = error
    except Exception as error:  # noqa: BLE001  whatever broke here, nothing is proven absent
        _log.exception("list.broke")
        broken = OutcomeUnknown(type(error).__name__)
    else:
        return found
    # What was read before it broke off is true all the same.
    return {payment_id: items or [broken] for payment_id, items in found.items()}


def _settle(payment_id: UUID, found: Sequence[GatewayPayment | GatewayError], listed_at: datetime) -> None:
    account_id = get_settings().yookassa_shop_id
    if found:
        outcomes = [Outcome(payment_id, LOOK, item, 0) for item in found]
        repeating(partial(record, outcomes=outcomes, source="list"))
    elif repeating(partial(give_up_unfound, payment_id=payment_id, listed_at=listed_at, account_id=account_id)):
        _log.info("payment.never_was", payment_id=str(payment_id))
    fault("list.after_commit")
