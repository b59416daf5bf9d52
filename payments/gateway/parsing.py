"""YooKassa's JSON, read tolerantly: unknown fields, methods and reasons pass, and an odd one is as good as none.

Only without an essential (id, status, amount, currency, account, mode), or in a status that nobody has heard of, the
outcome is unknown: money that has moved must not stay unbooked because of what the gateway writes beside it.

Shapes: API v3, object Payment. Nothing here trusts the SDK's strict models, which raise after money has moved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from kernel import log
from kernel.money import BadAmount, Money
from payments.gateway.port import CONTRACT, INVOICE, GatewayMethod, GatewayPayment, GatewayRefund, OutcomeUnknown

T = TypeVar("T")
_log = log.get(__name__)
_ODD = (AttributeError, KeyError, OverflowError, TypeError, ValueError, BadAmount)
# «2026-0147», «2026-0012/1»: how invoices and contracts are numbered, both alike. «договору № 2026-0147»: which is meant.
_NUMBER = re.compile(
    r"(?:(?P<contract>договор\w*|contract)|(?P<invoice>сч[её]т\w*(?: на оплату)?|invoice))?\W{0,4}"
    r"(?<![\w/-])(?P<number>\d{4}-\d{4,9}(?:/\d{1,4})?)(?![\w/-])",
    re.IGNORECASE,
)
_STATUSES = ("pending", "waiting_for_capture", "succeeded", "canceled")
_REFUND_STATUSES = ("pending", "succeeded", "canceled")
_LONGEST = 255
_LONGEST_URL = 4000
_YEARS = range(2000, 2100)
_MONTHS = range(1, 13)
_KEPT = (
    "id",
    "status",
    "paid",
    "amount",
    "income_amount",
    "created_at",
    "captured_at",
    "expires_at",
    "cancellation_details",
    "test",
    "refunded_amount",
)


def parse_payment(raw: dict[str, Any]) -> GatewayPayment:
    """One Payment object.

    Raises:
        OutcomeUnknown: an essential field is missing or makes no sense.
    """
    try:
        return _payment(raw)
    except _ODD as error:
        raise OutcomeUnknown(f"unreadable payment: {type(error).__name__} {error}") from error


def _payment(raw: dict[str, Any]) -> GatewayPayment:
    if raw["status"] not in _STATUSES:
        raise ValueError("status")
    amount = Money.parse(str(raw["amount"]["value"]), str(raw["amount"]["currency"]))
    return GatewayPayment(
        gateway_id=_text(raw["id"]),
        status=raw["status"],
        kopecks=amount.kopecks,
        currency=amount.currency,
        account_id=str(raw["recipient"]["account_id"]),
        test=bool(raw["test"]),
        payment_id=own_id(raw),
        income_kopecks=_if_sound(raw, "income_amount", lambda it: Money.parse(str(it["value"])).kopecks),
        confirmation_url=_if_sound(raw, "confirmation", lambda it: _if_sound(it, "confirmation_url", _url)),
        method=_if_sound(raw, "payment_method", _method),
        party=_if_sound(raw, "cancellation_details", lambda it: _if_sound(it, "party", _text)),
        reason=_if_sound(raw, "cancellation_details", lambda it: _if_sound(it, "reason", _text)),
        invoice_id=_id_in_metadata(raw, "invoice_id"),
        contract_id=_id_in_metadata(raw, "contract_id"),
        numbers=_if_sound(raw, "description", _numbers) or (),
        refunded_kopecks=_if_sound(raw, "refunded_amount", lambda it: Money.parse(str(it["value"])).kopecks) or 0,
        created_at=_if_sound(raw, "created_at", _instant),
        captured_at=_if_sound(raw, "captured_at", _instant),
        sanitised=_sanitised(raw),
    )


def _sanitised(raw: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key in _KEPT if (value := raw.get(key)) is not None}
    try:
        return _storable(kept)
    except _ODD:  # an odd field is left out, and only that
        return {key: value for key in kept if (value := _if_sound(raw, key, _storable)) is not None}


def own_id(raw: object) -> UUID | None:
    """Which payment of ours this object names in its metadata, if any; it need not be readable otherwise."""
    return _id_in_metadata(raw, "payment_id")


def parse_refund(raw: dict[str, Any]) -> GatewayRefund:
    """One Refund object.

    Raises:
        OutcomeUnknown: a field is missing or makes no sense.
    """
    try:
        if raw["status"] not in _REFUND_STATUSES:
            raise ValueError("status")
        amount = Money.parse(str(raw["amount"]["value"]), str(raw["amount"]["currency"]))
        return GatewayRefund(
            gateway_id=_text(raw["id"]),
            payment_gateway_id=_text(raw["payment_id"]),
            status=raw["status"],
            kopecks=amount.kopecks,
            currency=amount.currency,
            created_at=_instant(raw["created_at"]),
        )
    except _ODD as error:
        raise OutcomeUnknown(f"unreadable refund: {type(error).__name__} {error}") from error


def _id_in_metadata(raw: object, name: str) -> UUID | None:
    metadata = raw.get("metadata") if isinstance(raw, dict) else None
    text = metadata.get(name) if isinstance(metadata, dict) else None
    try:
        return UUID(text) if text else None
    except (ValueError, AttributeError, TypeError):
        return None


def _if_sound(raw: dict[str, Any], field: str, read: Callable[[Any], T]) -> T | None:
    value = raw.get(field)
    if value is None:
        return None
    try:
        return read(value)
    except _ODD as error:
        _log.warning("gateway.schema_drift", field=field, error=type(error).__name__)
        return None


def _method(raw: dict[str, Any]) -> GatewayMethod:
    card = _if_sound(raw, "card", dict) or {}
    last4 = _if_sound(card, "last4", _text)
    kind = _if_sound(raw, "type", _text)
    return GatewayMethod(
        gateway_id=_text(raw["id"]),
        kind=kind or "unknown",
        saved=raw.get("saved") is True,
        title=_if_sound(raw, "title", _text) or (f"Bank card *{last4}" if last4 else kind or ""),
        last4=last4,
        card_type=_if_sound(card, "card_type", _text),
        expiry_year=_if_sound(card, "expiry_year", lambda it: _number(it, _YEARS)),
        expiry_month=_if_sound(card, "expiry_month", lambda it: _number(it, _MONTHS)),
    )


def _numbers(description: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_with_its_word(it) for it in _NUMBER.finditer(description)))


def _with_its_word(found: re.Match[str]) -> str:
    word = CONTRACT if found["contract"] else INVOICE if found["invoice"] else ""
    return f"{word} {found['number']}".strip()


def _text(value: object, longest: int = _LONGEST) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or "\0" in value:
        raise ValueError("text")
    value.encode()  # a lone surrogate is no UTF-8
    return value


def _url(value: object) -> str:
    return _text(value, _LONGEST_URL)


def _storable(value: T) -> T:
    # PostgreSQL takes no zero character and JSON knows no NaN; a lone surrogate is no UTF-8 (UnicodeEncodeError).
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    text.encode()
    if "\\u0000" in text:
        raise ValueError("zero character")
    return value


def _instant(value: object) -> datetime:
    at = datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError("an instant without its zone")
    return at.astimezone(UTC)


def _number(value: object, within: range) -> int:
    number = int(str(value))
    if number not in within:
        raise ValueError("out of range")
    return number
