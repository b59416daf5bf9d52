"""The API over HTTP: one endpoint that journals, breaks and answers."""

from __future__ import annotations

import asyncio
import random
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox import journal
from sandbox.faults import Fault
from sandbox.moments import real_now
from sandbox.sent import Sent, send
from sandbox.world import World
from sandbox.yookassa import mischief
from sandbox.yookassa.calls import Call
from sandbox.yookassa.gateway import Answer, answer
from sandbox.yookassa.settling import settle_due

PREFIX = "/yookassa/v3"
_ANSWER_WAITS_FOR_WEBHOOK_S = 5.0


async def gateway(request: Request) -> Response:
    """Answer one call of the API."""
    world: World = request.app.state.world
    call = await _read(request, world)
    sent, announced_first = _perform(world, call)
    world.work.set()
    await _delivered(world, announced_first)
    return await send(request, sent, {"Signature": _signature()})


async def _read(request: Request, world: World) -> Call:
    return Call(
        method=request.method,
        path=request.url.path.removeprefix(PREFIX),
        headers={name.lower(): value for name, value in request.headers.items()},
        query=parse_qsl(request.url.query, keep_blank_values=True),
        raw=await request.body(),
        base_url=world.public_url or f"{request.url.scheme}://{request.url.netloc}",
    )


def _perform(world: World, call: Call) -> tuple[Sent, list[int]]:
    """Everything that a call changes, in one transaction without a pause: no other call comes between."""
    entry = _arrival(world, call)
    with world.store.transaction():
        settle_due(world)
        world.before_answer = []
        fault = world.faults.strike("yookassa", call.key or call.path, _facts(call, entry.payment_method_id))
        call.forced_reason = mischief.forced_reason(fault)
        made = Answer(0, {}) if mischief.acts_before(fault) else answer(world, call)
        sent = mischief.spoil(fault, made) if fault else mischief.plain(made)
        _note(entry, fault, made, sent)
        journal.write(world.store, entry)
    return sent, world.before_answer


def _arrival(world: World, call: Call) -> journal.Entry:
    body = journal.parsed(call.raw.decode("utf-8", "replace"))
    method_id = body.get("payment_method_id") if isinstance(body, dict) else None
    return journal.Entry(
        at=world.now(),
        real_at=real_now(),
        system="yookassa",
        method=call.method,
        path=call.path + ("?" + "&".join(f"{name}={value}" for name, value in call.query) if call.query else ""),
        key=call.key or None,
        payment_method_id=method_id if isinstance(method_id, str) else None,
        request=call.raw.decode("utf-8", "replace") or None,
    )


def _note(entry: journal.Entry, fault: Fault | None, made: Answer, sent: Sent) -> None:
    entry.status = None if sent.dropped else sent.status
    entry.fault = fault.kind if fault else None
    entry.object_id, entry.outcome = made.object_id, made.outcome


def _facts(call: Call, method_id: str | None) -> dict[str, str]:
    return {"method": call.method, "path": call.path, "key": call.key, "payment_method_id": method_id or ""}


async def _delivered(world: World, deliveries: list[int]) -> None:
    """Hold the answer back until these notifications were tried."""
    deadline = asyncio.get_running_loop().time() + _ANSWER_WAITS_FOR_WEBHOOK_S
    for delivery_id in deliveries:
        while asyncio.get_running_loop().time() < deadline:
            row = world.store.one("SELECT attempts FROM deliveries WHERE id = ?", delivery_id)
            if row is None or row["attempts"]:
                break
            await asyncio.sleep(0.01)


def _signature() -> str:
    return f"v1 {random.getrandbits(96):024x} 1 {random.getrandbits(256):064x}"
