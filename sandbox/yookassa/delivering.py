"""Sending notifications: each until its answer is 200 or its schedule has ended."""

from __future__ import annotations

import asyncio
import sqlite3

import httpx

from sandbox import journal
from sandbox.moments import real_now
from sandbox.world import World
from sandbox.yookassa.webhooks import next_attempt

_AT_ONCE = 16
_OK = 200


class Courier:
    """Takes due deliveries from the database and carries them, up to sixteen at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client = httpx.AsyncClient(timeout=world.answer_timeout, trust_env=False, follow_redirects=False)
        self._tasks: set[asyncio.Task[None]] = set()

    def send_due(self) -> None:
        """Start whatever is due, oldest first."""
        world = self._world
        for row in due(world):
            # One at a time of each object, so that without a fault they arrive in order.
            if row["object_id"] not in world.in_flight and len(self._tasks) < _AT_ONCE:
                world.in_flight.add(row["object_id"])
                task = asyncio.create_task(self._carry(row))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what was under way is due again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def _carry(self, row: sqlite3.Row) -> None:
        at, real_at = self._world.now(), real_now()
        try:
            status = await self._post(row)
            self._record(row, status, at, real_at)
        finally:
            self._world.in_flight.discard(row["object_id"])
            self._world.work.set()

    async def _post(self, row: sqlite3.Row) -> int | None:
        headers = {"Content-Type": "application/json", "User-Agent": "AHC/2.1"}
        try:
            response = await self._client.post(row["url"], content=row["body"].encode(), headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        return response.status_code

    def _record(self, row: sqlite3.Row, status: int | None, at: int, real_at: int) -> None:
        world = self._world
        again = None if status == _OK else next_attempt(row["event_at"], world.now())
        state = "delivered" if status == _OK else "waiting" if again else "given_up"
        entry = journal.Entry(
            at, real_at, "webhook", "POST", row["url"], request=row["body"], status=status, fault=row["fault"],
            object_id=row["object_id"], outcome=f"{row['event']}: {state}",
        )  # fmt: skip
        with world.store.transaction():
            known = world.store.run(
                "UPDATE deliveries SET attempts = attempts + 1, next_at = ?, state = ? WHERE id = ?",
                again, state, row["id"],
            ).rowcount  # fmt: skip
            if known:  # a reset may have come between
                journal.write(world.store, entry)


def due(world: World, limit: int = 200) -> list[sqlite3.Row]:
    """Deliveries whose time has come, those under way included."""
    return world.store.all(
        "SELECT * FROM deliveries WHERE next_at <= ? ORDER BY next_at, id LIMIT ?", [world.now(), limit]
    )


def next_delivery(world: World) -> int | None:
    """The instant of the nearest delivery that is not due yet."""
    row = world.store.one("SELECT min(next_at) AS due FROM deliveries WHERE next_at > ?", world.now())
    return None if row is None else row["due"]
