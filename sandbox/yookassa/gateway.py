"""Which request does what: routes, keys and answers of the API, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.world import World
from sandbox.yookassa import bindings, capturing, idempotency, listing, refunds, shops
from sandbox.yookassa.calls import Call
from sandbox.yookassa.creating import create_payment
from sandbox.yookassa.errors import ApiError, not_found
from sandbox.yookassa.records import Json, Method, Payment, Record, Refund
from sandbox.yookassa.views import binding_json, payment_json, refund_json


@dataclass
class Answer:
    """What goes back: `outcome` says in a word for the journal what came of the call."""

    status: int
    body: Json
    object_id: str | None = None
    outcome: str | None = None


Maker = Callable[[World, Call], Record]
Finder = Callable[[World, Call, str], Record]

_MAKERS: dict[str, Maker] = {
    "payments": create_payment,
    "refunds": refunds.create_refund,
    "payment_methods": bindings.create_binding,
}
_FINDERS: dict[str, Finder] = {
    "payments": capturing.find_own,
    "refunds": refunds.find_refund,
    "payment_methods": bindings.find_binding,
}
_CHANGES: dict[str, Finder] = {"capture": capturing.capture, "cancel": capturing.cancel}
_LISTS: dict[str, Callable[[World, Call], tuple[list[Any], str | None]]] = {
    "payments": lambda world, call: listing.list_payments(world.store, call),
    "refunds": lambda world, call: listing.list_refunds(world.store, call),
}


def answer(world: World, call: Call) -> Answer:
    """Carry a call out. Every error is an answer, and an error has done nothing."""
    try:
        call.shop_found = shops.authenticate(world.store, call.headers.get("authorization"))
        return _route(world, call)
    except ApiError as error:
        return Answer(error.status, error.body(), outcome=error.description)


def find_any(world: World, object_id: str) -> Record | None:
    """The object of that id, of whatever kind."""
    store = world.store
    return Payment.find(store, object_id) or Refund.find(store, object_id) or Method.find(store, object_id)


def _route(world: World, call: Call) -> Answer:
    match call.path.strip("/").split("/"):
        case ["payments" | "refunds" | "payment_methods" as kind]:
            return _collection(world, call, kind)
        case ["payments" | "refunds" | "payment_methods" as kind, object_id]:
            _allow(call, "GET")
            return _shown(world, call, _FINDERS[kind](world, call, object_id))
        case ["payments", payment_id, "capture" | "cancel" as change]:
            _allow(call, "POST")
            return _once(world, call, lambda world, call: _CHANGES[change](world, call, payment_id))
        case _:
            raise not_found("Resource is not found")


def _collection(world: World, call: Call, kind: str) -> Answer:
    if call.method == "GET" and kind in _LISTS:
        records, cursor = _LISTS[kind](world, call)
        page: Json = {"type": "list", "items": [_view(world, call, record) for record in records]}
        return Answer(200, page | ({"next_cursor": cursor} if cursor else {}), outcome=f"{len(records)}")
    _allow(call, "POST", *(["GET"] if kind in _LISTS else []))
    return _once(world, call, _MAKERS[kind])


def _once(world: World, call: Call, make: Maker) -> Answer:
    """Make it under its key, or show what the key made before."""
    call.checked_key()
    call.parse_body()
    now = world.now()
    object_id = idempotency.earlier(world.store, call, now)
    if object_id is None:
        record: Record | None = make(world, call)
        if record is not None:
            idempotency.remember(world.store, call, record.id, now)
    else:
        record = find_any(world, object_id)
    if record is None:
        raise LookupError(f"the object {object_id} of a remembered key is gone")
    return _shown(world, call, record)


def _shown(world: World, call: Call, record: Record) -> Answer:
    reason = record.details.get("cancellation_details", {}).get("reason")
    outcome = f"{record.status}: {reason}" if record.status == "canceled" and reason else record.status
    return Answer(200, _view(world, call, record), record.id, outcome)


def _view(world: World, call: Call, record: Record) -> Json:
    if isinstance(record, Payment):
        return payment_json(world.store, call.shop, record)
    if isinstance(record, Refund):
        return refund_json(record)
    if isinstance(record, Method):
        return binding_json(call.shop, record)
    raise TypeError(f"no view of {type(record).__name__}")


def _allow(call: Call, *methods: str) -> None:
    if call.method not in methods:
        raise ApiError(405, "method_not_allowed", f"Method {call.method} is not allowed here. Use {', '.join(methods)}")
