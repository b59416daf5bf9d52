"""Notifications: what is told, to whom, and when it is told again."""

from __future__ import annotations

import json
from collections.abc import Callable

from sandbox.faults import Fault, chance
from sandbox.moments import DAY, SECOND
from sandbox.targets import webhook_url
from sandbox.world import World
from sandbox.yookassa.records import Json, Record
from sandbox.yookassa.shops import Shop

RETRY_AFTER = tuple(seconds * SECOND for seconds in (10, 42, 84, 168, 672, 5376, 86016))
_DELAY_S, _SHUFFLE_S = 2.0, 3.0


def announce(world: World, shop: Shop, event: str, record: Record, view: Callable[[], Json]) -> None:
    """Queue a notification with the object as it looks at this moment; nothing is queued without a target."""
    url = shop.webhook_url or webhook_url(world.store)
    if url is None:
        return
    now = world.now()
    facts = {"event": event, "object_id": record.id, "payment_method_id": getattr(record, "method_id", None) or ""}
    fault = world.faults.strike("webhook", f"{record.idempotence_key}:{event}", facts)
    body = json.dumps({"type": "notification", "event": event, "object": view()}, ensure_ascii=False)
    copies = 2 if _is(fault, "webhook_duplicate") else 1
    for copy in range(copies):
        first_at = None if _is(fault, "webhook_lost") else now + _wait(fault, record.idempotence_key, copy)
        cursor = world.store.run(
            "INSERT INTO deliveries (url, event, object_id, body, fault, event_at, next_at, attempts, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
            url, event, record.id, body, fault and fault.kind, now, first_at, "lost" if first_at is None else "waiting",
        )  # fmt: skip
        if _is(fault, "webhook_before_answer") and cursor.lastrowid:
            world.before_answer.append(cursor.lastrowid)


def next_attempt(event_at: int, now: int) -> int | None:
    """When to try again after a failure: the first moment of the schedule still ahead, None after 24 hours."""
    ahead = (event_at + pause for pause in RETRY_AFTER if pause < DAY)
    return next((moment for moment in ahead if moment > now), None)


def _is(fault: Fault | None, kind: str) -> bool:
    return fault is not None and fault.kind == kind


def _wait(fault: Fault | None, key: str, copy: int) -> int:
    if fault is None or fault.kind not in {"webhook_delay", "webhook_shuffle", "webhook_duplicate"}:
        return 0
    if fault.kind == "webhook_delay":
        return round((_DELAY_S if fault.seconds is None else fault.seconds) * SECOND)
    if fault.kind == "webhook_duplicate":
        # Both at once, or, when seconds are given, each late by a time of its own.
        return round((fault.seconds or 0) * SECOND * chance(fault.seed, key, copy))
    longest = _SHUFFLE_S if fault.seconds is None else fault.seconds
    return round(longest * SECOND * (1 + chance(fault.seed, key, 0)) / 2)
