"""The gateway's till, in memory: what lies in it is the truth with which our rows are compared.

It stands at the edge of our HTTP client and answers as YooKassa's API v3 does: one payment for a key within 24 hours,
lists by pages, a notification of each end. What goes wrong with a call is said beforehand, and holds for that call.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import httpcore
import httpx
import respx

from kernel import clock
from kernel.settings import get_settings
from tests.support.raw_payments import raw_payment

# Each of these hits the call before the till hears of it, so that nothing has happened; the late one arrives after all.
BEFORE = ("not_connected", "reset_before", "error_500", "too_many_requests", "bad_request")
LATE = "late"
# The till has done what was asked, and we are not told so.
AFTER = ("reset_after", "html_502", "processing_202", "cut_json")
TROUBLES = (*BEFORE, LATE, *AFTER)
# What a bank says to the charge of a saved card; None keeps it waiting.
ANSWERS: dict[str, tuple[str, str | None]] = {
    "yes": ("succeeded", None),
    "no_money": ("canceled", "insufficient_funds"),
    "dead_card": ("canceled", "card_expired"),
    "wait": ("pending", None),
}
_KEY_LIVES = timedelta(hours=24)
_PAGE_LIVES = timedelta(hours=1)
# Short, so that a list has pages.
_PAGE = 3
_FINAL = ("succeeded", "canceled")


class Till:
    """Payments by their ids, and whatever was ever asked. `overhear` is told of each body that we send."""

    def __init__(self, overhear: Callable[[dict[str, Any]], None]) -> None:
        self.payments: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, set[bytes]] = defaultdict(set)
        self.keys: dict[str, set[str]] = defaultdict(set)
        self.notifications: list[dict[str, Any]] = []
        self.on_the_way: list[tuple[str, bytes]] = []
        self.trouble: str | None = None
        self.bank = "yes"
        self._overhear = overhear
        self._by_key: dict[str, tuple[str, datetime]] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What comes back for one request, or the error that it meets on the way."""
        trouble, self.trouble = self.trouble, None
        if request.method == "POST":
            self._note(request)
        if trouble in BEFORE:
            return self._fail(trouble, request)
        if trouble == LATE:
            if request.method == "POST":
                self.on_the_way.append((request.headers["Idempotence-Key"], request.content))
            raise httpcore.ReadTimeout("late")
        done = self._do(request)
        return self._fail(trouble, request) if trouble else done

    def take_over(self, other: Till) -> None:
        """Hold what another till holds."""
        self.payments, self.bodies = deepcopy(other.payments), deepcopy(other.bodies)
        self.keys, self._by_key = deepcopy(other.keys), deepcopy(other._by_key)

    def let_arrive(self) -> None:
        """What was on its way past our patience arrives now."""
        late, self.on_the_way = self.on_the_way, []
        for key, body in late:
            self._create(key, json.loads(body))

    def waiting(self, *, hosted: bool) -> list[str]:
        """The ids of payments that nobody has decided: on the till's own page, or of saved cards."""
        return [
            key
            for key, item in self.payments.items()
            if item["status"] == "pending" and (item["confirmation"] is not None) == hosted
        ]

    def decide(self, gateway_id: str, bank: str, *, last4: str = "4444") -> None:
        """A waiting payment ends; a payer on the till's page uses the card that ends with these digits."""
        item = self.payments[gateway_id]
        if item["confirmation"] is not None:
            saved = item["asked"].get("save_payment_method", False)
            item["payment_method"] = _card(f"card-{gateway_id}", last4, saved=saved)
        self._end(item, *ANSWERS[bank])

    def expire(self) -> None:
        """Pages that nobody has paid on for an hour close."""
        for key in self.waiting(hosted=True):
            item = self.payments[key]
            if datetime.fromisoformat(item["created_at"]) + _PAGE_LIVES <= clock.now():
                self._end(item, "canceled", "expired_on_confirmation")

    def _note(self, request: httpx.Request) -> None:
        body = json.loads(request.content)
        key = request.headers["Idempotence-Key"]
        self.bodies[key].add(request.content)
        self.keys[body["metadata"]["payment_id"]].add(key)
        self._overhear(body)

    def _do(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return _json(self._create(request.headers["Idempotence-Key"], json.loads(request.content)))
        gateway_id = request.url.path.rpartition("/payments")[2].strip("/")
        if not gateway_id:
            return self._list(request.url.params)
        found = self.payments.get(gateway_id)
        return _json(_shown(found)) if found else _error(404, "not_found")

    def _create(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        known, at = self._by_key.get(key, (None, None))
        if known and at and clock.now() < at + _KEY_LIVES:
            return _shown(self.payments[known])
        gateway_id = f"gw-{len(self.payments) + 1}"
        self._by_key[key] = gateway_id, clock.now()
        token = body.get("payment_method_id")
        url = None if token else {"type": "redirect", "confirmation_url": f"https://till.example/{gateway_id}"}
        item = raw_payment(
            body["metadata"]["payment_id"],
            id=gateway_id,
            status="pending",
            amount=body["amount"],
            metadata=body["metadata"],
            created_at=clock.now().isoformat(timespec="milliseconds"),
        ) | {"confirmation": url, "payment_method": _card(token, "4444", saved=True) if token else None, "asked": body}
        self.payments[gateway_id] = item
        if token:
            self._end(item, *ANSWERS[self.bank])
        return _shown(item)

    def _end(self, item: dict[str, Any], status: str, reason: str | None) -> None:
        item["status"] = status
        item["cancellation_details"] = {"party": "yoo_money", "reason": reason} if reason else None
        if status in _FINAL:
            self.notifications.append(notification(f"payment.{status}", _shown(item)))

    def _list(self, query: httpx.QueryParams) -> httpx.Response:
        since, until = (datetime.fromisoformat(query[f"created_at.{end}"]) for end in ("gte", "lt"))
        within = [
            _shown(item)
            for item in reversed(self.payments.values())
            if since <= datetime.fromisoformat(item["created_at"]) < until
        ]
        start = int(query.get("cursor", "0"))
        page: dict[str, Any] = {"type": "list", "items": within[start : start + _PAGE]}
        return _json(page | ({"next_cursor": str(start + _PAGE)} if start + _PAGE < len(within) else {}))

    def _fail(self, trouble: str, request: httpx.Request) -> httpx.Response:
        if trouble == "bad_request" and request.headers.get("Idempotence-Key") in self._by_key:
            return self._do(request)  # a key that it knows gets its payment, whatever is wrong with the request
        if trouble in _RAISED:
            raise _RAISED[trouble](trouble)
        return _ANSWERED[trouble]()


_RAISED: dict[str, type[httpcore.NetworkError]] = {
    "not_connected": httpcore.ConnectError,
    "reset_before": httpcore.ReadError,
    "reset_after": httpcore.ReadError,
}
_ANSWERED: dict[str, Callable[[], httpx.Response]] = {
    "error_500": lambda: _error(500, "internal_server_error"),
    "too_many_requests": lambda: _error(429, "too_many_requests"),
    "bad_request": lambda: _error(400, "invalid_request"),
    "html_502": lambda: httpx.Response(502, html="<h1>Bad Gateway</h1>"),
    "processing_202": lambda: httpx.Response(202, json={"type": "processing", "retry_after": 1800}),
    "cut_json": lambda: httpx.Response(200, content=b'{"id": "gw-1", "status": "succ'),
}


@contextmanager
def answering(till: Till) -> Iterator[None]:
    """Whatever this process asks of the gateway goes to this till."""
    with respx.mock(base_url=get_settings().yookassa_api_url, assert_all_called=False) as router:
        router.route().mock(side_effect=till.answer)
        yield


def notification(event: str, item: dict[str, Any]) -> dict[str, Any]:
    """What the till, or somebody in its name, posts to us."""
    return {"type": "notification", "event": event, "object": item}


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    return deepcopy({key: value for key, value in item.items() if value is not None and key != "asked"})


def _card(token: str, last4: str, *, saved: bool) -> dict[str, Any]:
    card = {"last4": last4, "card_type": "MasterCard", "expiry_year": "2040", "expiry_month": "12"}
    return {"type": "bank_card", "id": token, "saved": saved, "title": f"Bank card *{last4}", "card": card}


def _json(body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=body)


def _error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"type": "error", "id": "req-1", "code": code, "description": code})
