"""Events: what the portal tells its outgoing webhook. They name an item and say nothing of it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from sandbox.bitrix24.kinds import Kind
from sandbox.faults import Fault, chance
from sandbox.moments import SECOND, real_now
from sandbox.world import World

_DELAY_S, _SHUFFLE_S = 2.0, 3.0
# Only applications hear of these; an outgoing webhook cannot ask for them.
_NOT_FOR_WEBHOOKS = frozenset({"ONCRMDEALMOVETOCATEGORY"})


def tell(world: World, kind: Kind, what: str, item_id: int) -> None:
    """Queue the events of a change of an item."""
    code = f"ONCRM{kind.event}{what}"
    fields = {"ID": str(item_id)}
    codes = [code]
    if kind.is_dynamic:
        fields["ENTITY_TYPE_ID"] = str(kind.entity_type_id)
        codes.append(f"{code}_{kind.entity_type_id}")
    queue(world, codes, f"{kind.name}:{item_id}", fields)


def queue(world: World, codes: list[str], object_id: str, fields: dict[str, str]) -> None:
    """Queue what the outgoing webhook asked for; nothing without a target."""
    row = world.store.one("SELECT value FROM targets WHERE name = 'bitrix24_url'")
    if row is None:
        return
    for code in codes:
        for handler_id, pattern in enumerate(world.portal.settings.events, 1):
            if code not in _NOT_FOR_WEBHOOKS and fnmatchcase(code, pattern):
                _keep(world, row["value"], code, object_id, handler_id, fields)
                world.work.set()
                break


def _keep(world: World, url: str, code: str, object_id: str, handler_id: int, fields: dict[str, str]) -> None:
    fault = world.faults.strike("crm_event", f"{code}:{object_id}", {"event": code, "object_id": object_id})
    kind = fault.kind if fault else None
    due_at = None if kind == "lost" else world.now() + _late(fault, object_id)
    for copy in range(2 if kind == "duplicate" else 1):
        world.store.run(
            "INSERT INTO crm_events (url, event, object_id, handler_id, fields, fault, due_at, real_due_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            url, code, object_id, handler_id, json.dumps(fields), kind, due_at,
            real_now() + _pause(world, f"{code}:{object_id}:{copy}"), "lost" if due_at is None else "waiting",
        )  # fmt: skip


def _pause(world: World, key: str) -> int:
    """How long the queue holds an event, in real milliseconds: the same for the same event in every run."""
    settings = world.portal.settings
    spread = max(0.0, settings.pause_most_s - settings.pause_least_s)
    return round((settings.pause_least_s + spread * chance(0, key, 0)) * SECOND)


def _late(fault: Fault | None, object_id: str) -> int:
    if fault is None or fault.kind not in {"delay", "shuffle"}:
        return 0
    if fault.kind == "delay":
        return round((_DELAY_S if fault.seconds is None else fault.seconds) * SECOND)
    longest = _SHUFFLE_S if fault.seconds is None else fault.seconds
    return round(longest * SECOND * (1 + chance(fault.seed, object_id, 0)) / 2)
