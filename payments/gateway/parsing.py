"""YooKassa's JSON, read tolerantly: unknown fields, methods and reasons pass.

A missing essential, or a status that nobody has heard of, is an unknown outcome.

Shapes: API v3, object Payment. Nothing here trusts the SDK's strict models, which raise after money has moved.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from kernel.money import BadAmount, Money
from payments.gateway.port import GatewayMethod, GatewayPayment, OutcomeUnknown

_STATUSES = ("pending", "waiting_for_capture", "succeeded", "canceled")
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
    except (AttributeError, KeyError, TypeError, ValueError, BadAmount) as error:
        raise OutcomeUnknown(f"unreadable payment: {type(error).__name__} {error}") from error


def _payment(raw: dict[str, Any]) -> GatewayPayment:
    if raw["status"] not in _STATUSES:
        raise ValueError("status")
    amount = Money.parse(str(raw["amount"]["value"]), str(raw["amount"]["currency"]))
    details = raw.get("cancellation_details") or {}
    income = (raw.get("income_amount") or {}).get("value")
    return GatewayPayment(
        gateway_id=str(raw["id"]),
        status=raw["status"],
        kopecks=amount.kopecks,
        currency=amount.currency,
        account_id=str((raw.get("recipient") or {})["account_id"]),
        test=bool(raw["test"]),
        created_at=datetime.fromisoformat(raw["created_at"]),
        payment_id=own_id(raw),
        income_kopecks=Money.parse(str(income)).kopecks if income is not None else None,
        confirmation_url=(raw.get("confirmation") or {}).get("confirmation_url"),
        method=_method(raw.get("payment_method")),
        party=details.get("party"),
        reason=details.get("reason"),
        sanitised={key: raw[key] for key in _KEPT if key in raw},
    )


def own_id(raw: object) -> UUID | None:
    """Which payment of ours this object names in its metadata, if any; it need not be readable otherwise."""
    metadata = raw.get("metadata") if isinstance(raw, dict) else None
    text = metadata.get("payment_id") if isinstance(metadata, dict) else None
    try:
        return UUID(text) if text else None
    except (ValueError, AttributeError, TypeError):
        return None


def _method(raw: dict[str, Any] | None) -> GatewayMethod | None:
    if not raw:
        return None
    card = raw.get("card") or {}
    last4 = card.get("last4")
    return GatewayMethod(
        gateway_id=str(raw["id"]),
        kind=str(raw.get("type", "unknown")),
        saved=raw.get("saved") is True,
        title=str(raw.get("title") or (f"Bank card *{last4}" if last4 else raw.get("type", ""))),
        last4=str(last4) if last4 else None,
        card_type=card.get("card_type"),
        expiry_year=_number(card.get("expiry_year")),
        expiry_month=_number(card.get("expiry_month")),
    )


def _number(value: object) -> int | None:
    text = str(value or "")
    return int(text) if text.isdigit() else None
