"""What a test or a person turns on the portal: its limits, its stages, its keys; edits as of staff; all it holds."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.bitrix24 import credentials, writing
from sandbox.bitrix24.kinds import KINDS, Kind
from sandbox.bitrix24.people import PEOPLE, STAFF
from sandbox.bitrix24.values import as_integer
from sandbox.bitrix24.views import item_json
from sandbox.journal import Entry, text_of, write
from sandbox.moments import real_now
from sandbox.requests import RefusalError, read_json, read_number
from sandbox.world import World

_MOST_ITEMS = 1_000_000


async def show_settings(request: Request) -> Response:
    """Settings, and what each address used of its ceiling."""
    return JSONResponse(_world(request).portal.shown())


async def change_settings(request: Request) -> Response:
    """Change the named settings; the count of the ceiling begins anew."""
    portal = _world(request).portal
    portal.change(await read_json(request))
    return JSONResponse(portal.shown())


async def show_items(request: Request) -> Response:
    """Every item of a kind with all that it holds, as it is stored: nothing is parsed, so that many cost little."""
    kind = _kind(read_number(request, "entity_type_id", 0, 10_000))
    since, limit = read_number(request, "since", 0, 2**53), read_number(request, "limit", _MOST_ITEMS, _MOST_ITEMS)
    rows = _world(request).store.all(
        "SELECT record FROM crm_items WHERE entity_type_id = ? AND id > ? ORDER BY id LIMIT ?",
        [kind.entity_type_id, since, limit],
    )
    body = '{"items":[' + ",".join(row["record"] for row in rows) + "]}"
    return Response(body, media_type="application/json")


async def show_timeline(request: Request) -> Response:
    """Every entry of every timeline, or of those of one kind, oldest first."""
    entity_type_id = read_number(request, "entity_type_id", 0, 10_000)
    item_id = read_number(request, "id", 0, 2**53)
    rows = _world(request).store.all(
        "SELECT * FROM crm_timeline WHERE (?1 = 0 OR entity_type_id = ?1) AND (?2 = 0 OR item_id = ?2) ORDER BY id",
        [entity_type_id, item_id],
    )
    return JSONResponse({"items": [dict(row) for row in rows]})


async def edit(request: Request) -> Response:
    """Add, change or delete an item as an employee would in the portal's own pages."""
    body = await read_json(request)
    kind = _kind(body.get("entity_type_id"))
    user_id = as_integer(body.get("user_id", STAFF))
    if user_id not in PEOPLE:
        raise RefusalError(f"user_id: one of {', '.join(map(str, PEOPLE))}")
    fields = body.get("fields", {})
    if not isinstance(fields, dict):
        raise RefusalError("fields: an object")
    return JSONResponse(edit_as_staff(_world(request), kind, as_integer(body.get("id")), fields, user_id, body))


def edit_as_staff(
    world: World, kind: Kind, item_id: int, fields: dict[str, Any], user_id: int = STAFF, body: Any = None
) -> dict[str, Any]:
    """The edit itself, which the journal tells from calls by its verb UI. Both names of user fields will do.

    Raises:
        CrmError: 400, as the interface would refuse it.
    """
    deleting = isinstance(body, dict) and body.get("delete") is True
    originals = {name: original for original, name in kind.renamed.items()}
    fields = {originals.get(name, name): value for name, value in fields.items()}
    with world.store.transaction():
        if deleting:
            writing.delete(world, kind, item_id)
            record: dict[str, Any] = {"id": item_id}
        elif item_id:
            record = writing.update(world, kind, item_id, fields, user_id, original=True)
        else:
            record = writing.add(world, kind, fields, user_id, original=True)
        path = "delete" if deleting else "update" if item_id else "add"
        write(world.store, Entry(
            world.now(), real_now(), "bitrix24", "UI", path, record.get(kind.external), request=text_of(fields),
            status=200, object_id=f"{kind.name}:{record['id']}",
        ))  # fmt: skip
    return record if deleting else item_json(kind, record, original=True)


async def show_stages(request: Request) -> Response:
    """All stages of all funnels."""
    return JSONResponse({"items": [stage.as_status() for stage in _world(request).portal.stages.all()]})


async def change_stages(request: Request) -> Response:
    """Delete a stage, or add one to a funnel."""
    body = await read_json(request)
    stages = _world(request).portal.stages
    if set(body) == {"delete"}:
        if not stages.remove(str(body["delete"])):
            raise RefusalError("delete: no such stage", 404)
    elif set(body) == {"add"} and isinstance(body["add"], dict):
        _add_stage(_world(request), body["add"])
    else:
        raise RefusalError("delete (an id such as C1:OVERDUE) or add (an object) is needed")
    return await show_stages(request)


async def show_credentials(request: Request) -> Response:
    """Webhooks and tokens."""
    return JSONResponse({"items": credentials.listed(_world(request).store)})


async def change_credentials(request: Request) -> Response:
    """Make or change a webhook or a token: another code, fewer scopes, an expiry."""
    body = await read_json(request)
    kind, secret = body.get("kind", credentials.WEBHOOK), body.get("secret")
    scopes, user_id = body.get("scopes", list(credentials.SCOPES)), body.get("user_id", 1)
    if kind not in {credentials.WEBHOOK, credentials.TOKEN} or not isinstance(secret, str) or not secret:
        raise RefusalError("kind: webhook or token; secret: a text")
    if user_id not in PEOPLE or not isinstance(scopes, list):
        raise RefusalError(f"user_id: one of {', '.join(map(str, PEOPLE))}; scopes: a list")
    store = _world(request).store
    credentials.keep(store, kind, secret, user_id, tuple(map(str, scopes)), expired=body.get("expired") is True)
    return await show_credentials(request)


def _add_stage(world: World, stage: dict[str, Any]) -> None:
    kind = _kind(stage.get("entity_type_id"))
    category = kind.category(as_integer(stage.get("category_id")))
    code, name, semantics = stage.get("code"), stage.get("name"), stage.get("semantics")
    if category is None or not (isinstance(code, str) and code and isinstance(name, str) and name):
        raise RefusalError("add: entity_type_id, category_id, code (without the prefix) and name are needed")
    if semantics not in {None, "S", "F"} or world.portal.stages.find(category.prefix + code):
        raise RefusalError("add: semantics is S, F or null; the code must be a new one")
    sort = as_integer(stage.get("sort")) or 500
    world.portal.stages.add(kind, category, (code, name, sort, semantics, "#ACE9FB"))


def _kind(entity_type_id: Any) -> Kind:
    kind = KINDS.get(as_integer(entity_type_id))
    if kind is None:
        raise RefusalError(f"entity_type_id: one of {', '.join(map(str, KINDS))}")
    return kind


def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world
