"""The REST interface over HTTP: one endpoint that lets in, journals, breaks and answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import journal
from sandbox.bitrix24 import credentials, mischief, params
from sandbox.bitrix24.carrying import Done, carry_out
from sandbox.bitrix24.credentials import Credential
from sandbox.bitrix24.errors import CrmError
from sandbox.bitrix24.subject import subject_of
from sandbox.moments import real_now
from sandbox.sent import Sent, send
from sandbox.world import World

PREFIX = "/bitrix24/rest"
_WEBHOOK_PARTS = 3


@dataclass
class Arrival:
    """What came in. `secrets` are the user and code of a webhook; they go no further than to be looked up."""

    verb: str
    method: str
    secrets: tuple[str, str] | None
    address: str
    content_type: str
    query: str
    raw: bytes
    params: dict[str, Any] = field(default_factory=dict)


async def rest(request: Request) -> Response:
    """Answer one call."""
    world: World = request.app.state.world
    return await send(request, _perform(world, await _read(request)))


async def _read(request: Request) -> Arrival:
    parts = request.url.path.removeprefix(PREFIX).strip("/").split("/")
    webhook = (parts[0], parts[1]) if len(parts) == _WEBHOOK_PARTS else None
    return Arrival(
        verb=request.method,
        method=parts[-1].removesuffix(".json"),
        secrets=webhook,
        address=request.client.host if request.client else "",
        content_type=request.headers.get("content-type", ""),
        query=request.url.query,
        raw=await request.body(),
    )


def _perform(world: World, arrival: Arrival) -> Sent:
    """Everything that a call changes, in one transaction without a pause: no other call comes between."""
    at, real_at = world.now(), real_now()
    with world.store.transaction():
        done = _answered(world, arrival)
        made = mischief.plain(done.status, done.body)
        sent = mischief.spoil(done.fault, made) if done.fault else made
        journal.write(world.store, _entry(arrival, done, sent, (at, real_at)))
        for entry in done.commands:
            entry.fault = entry.fault or (done.fault.kind if done.fault else None)
            journal.write(world.store, entry)
    return sent


def _answered(world: World, arrival: Arrival) -> Done:
    settings = world.portal.settings
    try:
        if not world.portal.bucket.admit(arrival.address, settings.bucket, settings.per_second, now=world.now()):
            raise mischief.refusal("too_many_requests")
        arrival.params = params.read(arrival.verb, arrival.content_type, arrival.query, arrival.raw)
        by = _credential(world, arrival)
    except CrmError as error:
        return Done(error.status, error.body(), outcome=error.description)
    return carry_out(world, arrival.method, arrival.params, by)


def _credential(world: World, arrival: Arrival) -> Credential:
    token = arrival.params.pop("auth", None)
    if arrival.secrets is not None:
        return credentials.of_webhook(world.store, *arrival.secrets)
    return credentials.of_token(world.store, token)


def _entry(arrival: Arrival, done: Done, sent: Sent, at: tuple[int, int]) -> journal.Entry:
    subject = subject_of(arrival.method, arrival.params)
    return journal.Entry(
        *at, "bitrix24", arrival.verb, arrival.method, subject.external_id or None,
        request=_written(arrival), status=None if sent.dropped else sent.status,
        fault=done.fault.kind if done.fault else None, object_id=done.object_id, outcome=done.outcome,
    )  # fmt: skip


def _written(arrival: Arrival) -> str | None:
    """The parameters for the journal: as they came where they hold no token, else anew."""
    if arrival.params and not arrival.query and arrival.raw and b'"auth"' not in arrival.raw:
        return arrival.raw.decode("utf-8", "replace")
    return journal.text_of(arrival.params) if arrival.params else None
