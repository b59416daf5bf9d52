"""The gateway's lists of one window, read to their end or not at all. No transaction is open meanwhile.

A list is believed as a whole or refused as a whole: a row that cannot be, a cursor that leads in a circle, a break in
the middle are errors that name what was wrong.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from kernel import log
from payments.gateway.port import (
    BrokenList,
    CredentialsRefused,
    Gateway,
    GatewayError,
    GatewayPayment,
    GatewayRefund,
    NoSuchPayment,
    OutcomeUnknown,
    Page,
)
from payments.gateway.yookassa import MOST_PAGES
from payments.installation.models import Shop

Answer = TypeVar("Answer")
T = TypeVar("T", GatewayPayment, GatewayRefund)
Row = dict[str, Any]
PageOf = Callable[[datetime, datetime, str | None], Page[T]]
CURRENCY = "RUB"
# A page that did not come is asked for again after so many seconds; 429 and an outage of a minute pass by.
PAUSES_S = (1.0, 3.0, 10.0, 30.0)
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    """What the gateway created in [since, until)."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Lists:
    """Rows of `gateway_payments` and `gateway_refunds`, without their shop and the instant of reading.

    `others` are payments from outside the window of which a refund in it tells.
    """

    payments: Sequence[Row]
    refunds: Sequence[Row]
    others: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one shop. `beat` is called before each question: it says that the reading goes on, or raises to end it."""

    gateway: Gateway
    account_id: str
    test: bool
    beat: Callable[[], None]
    pauses_s: Sequence[float] = PAUSES_S

    @classmethod
    def of(cls, gateway: Gateway, shop: Shop, beat: Callable[[], None], pauses_s: Sequence[float]) -> Reader:
        """A reader of this shop."""
        return cls(gateway, shop.account_id, shop.test, beat, pauses_s)

    def read(self, window: Window) -> Lists:
        """Both lists of the window.

        Raises:
            BrokenList: a row that cannot be, or a list that does not end; the text names it.
            GatewayError: a page did not come, however often it was asked for.
        """
        payments = [payment_row(item) for item in self._all("payments", self.gateway.payments_page, window)]
        refunds = [_refund_row(item) for item in self._all("refunds", self.gateway.refunds_page, window)]
        known = {row["gateway_id"] for row in payments}
        elsewhere = dict.fromkeys(row["payment_gateway_id"] for row in refunds)
        others = [self._one(key) for key in elsewhere if key not in known]
        return Lists(payments, refunds, [row for row in others if row])

    def _all(self, what: str, page_of: PageOf[T], window: Window) -> Iterator[T]:
        seen: set[str] = set()
        cursor: str | None = None
        for number in range(1, MOST_PAGES + 1):
            page = self._ask(what, partial(page_of, window.since, window.until, cursor))
            for place, item in enumerate(page.items, start=1):
                self._check(f"{what}, страница {number}, строка {place}, {item.gateway_id}", item, window)
            fresh = [item for item in page.items if item.gateway_id not in seen]
            yield from fresh
            if page.next_cursor is None:
                return
            if not fresh:
                raise BrokenList(f"{what}, страница {number}: список ходит по кругу")
            seen.update(item.gateway_id for item in fresh)
            cursor = page.next_cursor
        raise BrokenList(f"{what}: список не кончается")

    def _one(self, gateway_id: str) -> Row | None:
        try:
            item = self._ask(gateway_id, partial(self.gateway.get_payment, gateway_id))
        except NoSuchPayment:
            return None  # older than the years that the gateway keeps
        self._check(f"payments, {gateway_id}", item, None)
        return payment_row(item)

    def _ask(self, what: str, question: Callable[[], Answer]) -> Answer:
        for pause in (*self.pauses_s, None):
            self.beat()
            try:
                return question()
            except (CredentialsRefused, NoSuchPayment, BrokenList):
                raise
            except GatewayError as error:
                if pause is None or not _may_pass(error):
                    raise
                _log.warning("reconciliation.asks_again", what=what, outcome=error.outcome, http=error.http_status)
                time.sleep(pause)
        raise AssertionError

    def _check(self, where: str, item: GatewayPayment | GatewayRefund, window: Window | None) -> None:
        wrong = _impossible(item) or (isinstance(item, GatewayPayment) and self._not_ours(item))
        if not wrong and window and item.created_at and not window.since <= item.created_at < window.until:
            wrong = f"создан {item.created_at.isoformat()}, а спрашивали с {window.since.isoformat()}"
        if wrong:
            raise BrokenList(f"{where}: {wrong}")

    def _not_ours(self, item: GatewayPayment) -> str:
        if item.account_id != self.account_id:
            return f"магазин {item.account_id}, а спрашивали {self.account_id}"
        return "тестовый платёж в рабочем магазине или наоборот" if item.test != self.test else ""


def payment_row(item: GatewayPayment) -> Row:
    """A payment as `gateway_payments` keeps it: nothing of who paid, of the card its digest."""
    saved = item.method.gateway_id if item.method and item.method.saved else None
    return {
        "gateway_id": item.gateway_id,
        "status": item.status,
        "kopecks": item.kopecks,
        "currency": item.currency,
        "refunded_kopecks": item.refunded_kopecks,
        "created_at": item.created_at,
        "captured_at": item.captured_at,
        "payment_id": item.payment_id,
        "invoice_id": item.invoice_id,
        "contract_id": item.contract_id,
        "numbers": list(item.numbers),
        "method_digest": method_digest(saved) if saved else None,
    }


def method_digest(gateway_method_id: str) -> str:
    """What stands for a saved method in the view: SHA-256 of its id, hex."""
    return hashlib.sha256(gateway_method_id.encode()).hexdigest()


def _refund_row(item: GatewayRefund) -> Row:
    return {
        "gateway_id": item.gateway_id,
        "payment_gateway_id": item.payment_gateway_id,
        "status": item.status,
        "kopecks": item.kopecks,
        "currency": item.currency,
        "created_at": item.created_at,
    }


def _may_pass(error: GatewayError) -> bool:
    # What is neither a failure nor «too often» will be the same a moment later: 400, 403.
    return isinstance(error, OutcomeUnknown) and error.http_status != HTTPStatus.FORBIDDEN


def _impossible(item: GatewayPayment | GatewayRefund) -> str:
    if item.kopecks < 0:
        return f"сумма {item.kopecks} копеек"
    if item.currency != CURRENCY:
        return f"валюта {item.currency}"
    if item.created_at is None:
        return "нет времени создания"
    if isinstance(item, GatewayPayment) and not 0 <= item.refunded_kopecks <= item.kopecks:
        return f"возвращено {item.refunded_kopecks} копеек из {item.kopecks}"
    return ""
