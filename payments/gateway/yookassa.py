"""The YooKassa adapter (API v3): stored bytes out, our dataclasses or a typed outcome in.

The official SDK stays out of the money path: no timeout, random keys, errors after money has moved (docs/adr/0009).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import httpcore

from kernel.settings import Settings
from payments.gateway.parsing import own_id, parse_payment, parse_refund
from payments.gateway.port import (
    BrokenList,
    CredentialsRefused,
    GatewayError,
    GatewayPayment,
    GatewayRefund,
    NoSuchPayment,
    OutcomeUnknown,
    Page,
    Rejected,
)
from payments.gateway.transport import Answer, Deadlines, call

T = TypeVar("T")
_PAGE = 100
# A million payments within the days that are searched; a list that is longer does not end.
MOST_PAGES = 10_000
_LONGEST_NAME = 80
# A page that did not come is asked for again after so many seconds, but not beyond the patience: a list is only read.
_PAUSES_S, _PATIENCE_S = (0.2, 0.5, 1.0), 30.0
_KINDS: dict[int, type[GatewayError]] = {
    HTTPStatus.UNAUTHORIZED: CredentialsRefused,
    HTTPStatus.NOT_FOUND: NoSuchPayment,
}
# These say nothing about an earlier send with the same key (design.md §3.3).
_NEVER_FINAL = frozenset({403, 408, 425, 429})
_DUPLICATED_KEY = "Idempotence-Key"


@lru_cache(maxsize=1)
def payment_events() -> frozenset[str]:
    """The events of a notification that are about a payment (API v3, section Webhooks), as the SDK names them."""
    # It brings 9 MB, which no process needs before it works on a notification: most never do.
    from yookassa.domain.notification import WebhookNotificationEventType as Event

    return frozenset({Event.PAYMENT_SUCCEEDED, Event.PAYMENT_CANCELED, Event.PAYMENT_WAITING_FOR_CAPTURE})


class YooKassa:
    """One shop at YooKassa; safe to share between threads, each of which has its own connection."""

    def __init__(self, *, api_url: str, shop_id: str, secret_key: str, deadlines: Deadlines | None = None) -> None:
        self._api_url = api_url
        # Read once: to take an address apart costs as much as the rest of a request.
        self._payments_url = httpcore.URL(f"{api_url}/payments")
        self._deadlines = deadlines or Deadlines()
        credentials = base64.b64encode(f"{shop_id}:{secret_key}".encode()).decode()
        self._headers: dict[bytes | str, bytes | str] = {
            "Host": urlsplit(api_url).netloc,
            "Authorization": f"Basic {credentials}",
            "Accept-Encoding": "identity",
        }

    @classmethod
    def of(cls, settings: Settings, deadlines: Deadlines | None = None) -> YooKassa:
        """The shop that the settings name."""
        return cls(
            api_url=settings.yookassa_api_url,
            shop_id=settings.yookassa_shop_id,
            secret_key=settings.yookassa_secret_key,
            deadlines=deadlines,
        )

    def create_payment(self, body: str, key: UUID) -> GatewayPayment:
        """POST /payments with exactly these bytes under this key.

        Raises:
            Rejected: a definite 4xx.
            OutcomeUnknown: everything that is neither an object nor a definite 4xx.
        """
        content = body.encode()
        headers = {
            **self._headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Idempotence-Key": str(key),
        }
        request = httpcore.Request("POST", self._payments_url, headers=headers, content=content)
        return parse_payment(_object(call(request, self._deadlines)))

    def get_payment(self, gateway_id: str) -> GatewayPayment:
        """GET /payments/{id}.

        Raises:
            NoSuchPayment: 404.
            OutcomeUnknown: no readable answer.
        """
        return parse_payment(self._get(f"payments/{quote(gateway_id, safe='')}"))

    def find_payments(
        self, payment_ids: Collection[UUID], since: datetime, until: datetime
    ) -> Iterator[tuple[UUID, GatewayPayment | OutcomeUnknown]]:
        """GET /payments page by page; created_at is filtered half-open.

        The shop may take payments past this product: what does not name ours is not read, so that it need not be
        readable. An object that names ours and is not readable comes as its error.

        Raises:
            OutcomeUnknown: a page is not readable; the list does not end.
        """
        wanted = frozenset(payment_ids)
        cursor: str | None = None
        cursors: set[str] = set()
        while len(cursors) < MOST_PAGES:
            page = self._page_patiently(since, until, cursor)
            for item in page.items:
                if (named := own_id(item)) in wanted:
                    yield named, _parsed(item)
            cursor = page.next_cursor
            if cursor is None:
                return
            if cursor in cursors:
                break
            cursors.add(cursor)
        raise OutcomeUnknown("list without end")

    def _page_patiently(self, since: datetime, until: datetime, cursor: str | None) -> Page[Any]:
        # Of a hundred pages one always fails where one call in ten does, and then nothing is ever proven absent.
        patient_until = time.monotonic() + _PATIENCE_S
        for pause_s in _PAUSES_S:
            try:
                return self._page("payments", since, until, cursor)
            except CredentialsRefused:
                raise
            except OutcomeUnknown:
                if time.monotonic() + pause_s > patient_until:
                    raise
            time.sleep(pause_s)
        return self._page("payments", since, until, cursor)

    def payments_page(self, since: datetime, until: datetime, cursor: str | None) -> Page[GatewayPayment]:
        """GET /payments, one page.

        Raises:
            BrokenList: a row cannot be read.
            OutcomeUnknown: the page cannot.
        """
        page = self._page("payments", since, until, cursor)
        return Page(_each(page.items, parse_payment), page.next_cursor)

    def refunds_page(self, since: datetime, until: datetime, cursor: str | None) -> Page[GatewayRefund]:
        """GET /refunds, one page.

        Raises:
            BrokenList: a row cannot be read.
            OutcomeUnknown: the page cannot.
        """
        page = self._page("refunds", since, until, cursor)
        return Page(_each(page.items, parse_refund), page.next_cursor)

    def _page(self, what: str, since: datetime, until: datetime, cursor: str | None) -> Page[Any]:
        query = {"limit": str(_PAGE), "created_at.gte": _stamp(since), "created_at.lt": _stamp(until)}
        if cursor:
            query["cursor"] = cursor
        page = self._get(f"{what}?{urlencode(query)}")
        items = page.get("items")
        if not isinstance(items, list):
            raise OutcomeUnknown("list without items")
        return Page(tuple(items), str(page["next_cursor"]) if page.get("next_cursor") else None)

    def _get(self, target: str) -> dict[str, Any]:
        request = httpcore.Request("GET", f"{self._api_url}/{target}", headers=self._headers)
        return _object(call(request, self._deadlines))


def _parsed(item: Any) -> GatewayPayment | OutcomeUnknown:
    try:
        return parse_payment(item)
    except OutcomeUnknown as error:
        return error


def _each(rows: tuple[Any, ...], parse: Callable[[Any], T]) -> tuple[T, ...]:
    parsed = []
    for row in rows:
        try:
            parsed.append(parse(row))
        except OutcomeUnknown as error:
            named = row.get("id") if isinstance(row, dict) else None
            raise BrokenList(f"{str(named or row)[:_LONGEST_NAME]}: {error}") from error
    return tuple(parsed)


def _object(answer: Answer) -> dict[str, Any]:
    if answer.status == HTTPStatus.OK and answer.body.get("type") not in ("error", "processing"):
        return answer.body
    raise _error(answer)


def _error(answer: Answer) -> GatewayError:
    key_clash = answer.body.get("parameter") == _DUPLICATED_KEY
    definite = (
        HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        and answer.status not in _NEVER_FINAL
        and not key_clash
    )
    kind = _KINDS.get(answer.status) or (Rejected if definite else OutcomeUnknown)
    text = f"{answer.body.get('code', '')}: {answer.body.get('description', '')}"
    return kind(text, http_status=answer.status, request_id=str(answer.body.get("id") or "") or None)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
