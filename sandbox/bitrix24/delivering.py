"""Sending events: each once. What the handler does not take with a 2xx in time is lost."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox import journal
from sandbox.bitrix24.endpoint import PREFIX
from sandbox.moments import SECOND, real_now
from sandbox.world import World

MEMBER_ID = "a3f8c1d0e5b74f2c9d6a0b1e2f3c4d5e"
_AT_ONCE = 16
_SLOW_S, _LONGEST_PENALTY_S = 1.0, 5.0


class Messenger:
    """Takes due events from the queue, sixteen at a time. A slow handler waits longer for the next ones."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client = httpx.AsyncClient(timeout=world.answer_timeout, trust_env=False, follow_redirects=False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: set[int] = set()
        self._penalty_s = 0.0
        self._not_before = 0.0

    def send_due(self) -> None:
        """Start whatever is due."""
        free = _AT_ONCE - len(self._tasks)
        if free <= 0 or time.monotonic() < self._not_before:
            return
        for row in _sendable(self._world, _AT_ONCE + free):
            if row["id"] not in self._under_way and len(self._tasks) < _AT_ONCE:
                self._under_way.add(row["id"])
                task = asyncio.create_task(self._carry(row))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what was under way goes out again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def _carry(self, row: sqlite3.Row) -> None:
        at, real_at, began = self._world.now(), real_now(), time.monotonic()
        body = _body(self._world, row)
        try:
            status = await self._post(row["url"], body)
            self._record(row, body, status, at, real_at)
        finally:
            self._under_way.discard(row["id"])
            self._weigh(time.monotonic() - began)
            self._world.work.set()

    async def _post(self, url: str, body: str) -> int | None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Bitrix24 Webhook Engine"}
        try:
            response = await self._client.post(url, content=body.encode(), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        return response.status_code

    def _record(self, row: sqlite3.Row, body: str, status: int | None, at: int, real_at: int) -> None:
        state = "delivered" if status is not None and httpx.codes.is_success(status) else "lost"
        entry = journal.Entry(
            at, real_at, "crm_event", "POST", row["url"], request=body, status=status, fault=row["fault"],
            object_id=row["object_id"], outcome=f"{row['event']}: {state}",
        )  # fmt: skip
        store = self._world.store
        with store.transaction():
            known = store.run("UPDATE crm_events SET due_at = NULL, state = ? WHERE id = ?", state, row["id"]).rowcount
            if known:  # a reset may have come between
                journal.write(store, entry)

    def _weigh(self, seconds: float) -> None:
        if seconds < _SLOW_S:
            self._penalty_s = 0.0
            return
        self._penalty_s = min(_LONGEST_PENALTY_S, self._penalty_s * 2 or _SLOW_S)
        self._not_before = time.monotonic() + self._penalty_s


def due_events(world: World, limit: int = 200) -> list[sqlite3.Row]:
    """Events whose time has come, those included that the queue still holds or that are under way."""
    return world.store.all(
        "SELECT * FROM crm_events WHERE due_at <= ? ORDER BY due_at, id LIMIT ?", [world.now(), limit]
    )


def next_event(world: World) -> int | None:
    """The instant of the nearest event that a fault holds back."""
    row = world.store.one("SELECT min(due_at) AS due FROM crm_events WHERE due_at > ?", world.now())
    return None if row is None else row["due"]


def _sendable(world: World, limit: int) -> list[sqlite3.Row]:
    return world.store.all(
        "SELECT * FROM crm_events WHERE due_at IS NOT NULL AND due_at <= ? AND real_due_at <= ?"
        " ORDER BY real_due_at, id LIMIT ?",
        [world.now(), real_now(), limit],
    )


def _body(world: World, row: sqlite3.Row) -> str:
    """The form that the handler gets."""
    token = world.store.one("SELECT value FROM targets WHERE name = 'application_token'")
    base = (world.public_url or "http://portal.example").rstrip("/")
    fields: dict[str, Any] = json.loads(row["fields"])
    form = {
        "event": row["event"],
        "event_handler_id": str(row["handler_id"]),
        **{f"data[FIELDS][{name}]": value for name, value in fields.items()},
        "ts": str(real_now() // SECOND),
        "auth[domain]": base.partition("://")[2],
        "auth[client_endpoint]": f"{base}{PREFIX}/",
        "auth[server_endpoint]": "https://oauth.bitrix.example/rest/",
        "auth[member_id]": MEMBER_ID,
        "auth[application_token]": token["value"] if token else "",
    }
    return urlencode(form)
