"""Lists: newest first, half-open date filters, an opaque cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from sandbox.database import Store
from sandbox.moments import parse_iso
from sandbox.yookassa.calls import Call
from sandbox.yookassa.errors import invalid
from sandbox.yookassa.records import Payment, Refund

_LIMIT, _MOST = 10, 100
_SIGNS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}
_PAYMENT_STATUSES = ("pending", "waiting_for_capture", "succeeded", "canceled")
_REFUND_STATUSES = ("pending", "succeeded", "canceled")

Conditions = list[tuple[str, object]]
AnyRecord = TypeVar("AnyRecord", Payment, Refund)


def list_payments(store: Store, call: Call) -> tuple[list[Payment], str | None]:
    """A page of the shop's payments and the cursor of the next one.

    Raises:
        ApiError: 400, a wrong filter.
    """
    by_method = "(SELECT type FROM methods WHERE methods.id = payments.method_id) = ?"
    conditions, limit = _read(call, ("created_at", "captured_at"), _PAYMENT_STATUSES, {"payment_method": by_method})
    return _page(Payment.where(store, *_query(call, conditions, limit)), limit)


def list_refunds(store: Store, call: Call) -> tuple[list[Refund], str | None]:
    """A page of the shop's refunds and the cursor of the next one.

    Raises:
        ApiError: 400, a wrong filter.
    """
    conditions, limit = _read(call, ("created_at",), _REFUND_STATUSES, {"payment_id": "payment_id = ?"})
    return _page(Refund.where(store, *_query(call, conditions, limit)), limit)


def _read(call: Call, dates: Sequence[str], statuses: Sequence[str], plain: dict[str, str]) -> tuple[Conditions, int]:
    conditions: Conditions = []
    limit = _LIMIT
    for name, value in call.query:
        column, _, sign = name.partition(".")
        if column in dates and sign in _SIGNS:
            conditions.append((f"{column} {_SIGNS[sign]} ?", _moment(name, value)))
        elif name == "status":
            if value not in statuses:
                raise invalid("Status is illegal", "status")
            conditions.append(("status = ?", value))
        elif name in plain:
            conditions.append((plain[name], value))
        elif name == "limit":
            limit = _checked_limit(value)
        elif name == "cursor":
            conditions += _after(value)
    return conditions, limit


def _query(call: Call, conditions: Conditions, limit: int) -> tuple[str, list[object]]:
    where = " AND ".join(["shop_id = ?", *(condition for condition, _ in conditions)])
    values = [call.shop.account_id, *(value for _, value in conditions), limit + 1]
    return f"{where} ORDER BY created_at DESC, seq DESC LIMIT ?", values


def _page(rows: list[AnyRecord], limit: int) -> tuple[list[AnyRecord], str | None]:
    page = rows[:limit]
    if len(rows) <= limit:
        return page, None
    last = page[-1]
    return page, base64.urlsafe_b64encode(f"{last.created_at}:{last.seq}".encode()).decode().rstrip("=")


def _after(cursor: str) -> Conditions:
    try:
        created_at, _, seq = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        last = (int(created_at), int(seq))
    except (ValueError, binascii.Error):
        raise invalid("Cursor is illegal", "cursor") from None
    return [("created_at <= ?", last[0]), (f"(created_at, seq) < ({last[0]}, ?)", last[1])]


def _checked_limit(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= _MOST):
        raise invalid(f"Limit must be between 1 and {_MOST}", "limit")
    return int(value)


def _moment(name: str, value: str) -> int:
    try:
        return parse_iso(value.replace(" ", "+"))
    except ValueError:
        raise invalid("Date is illegal", name) from None
