"""All methods by name, and the scope that each needs."""

from __future__ import annotations

from sandbox.bitrix24 import duplicates, funnels, item_methods, people, requisites, timeline
from sandbox.bitrix24.call import Call, Handler, Result
from sandbox.bitrix24.errors import CrmError
from sandbox.world import World

# Real methods that only applications may call.
_APPLICATIONS_ONLY = frozenset(
    {
        "app.info", "event.bind", "event.get", "event.unbind", "event.offline.get", "event.offline.clear",
        "crm.automation.trigger.add", "crm.automation.trigger.execute", "crm.activity.configurable.add",
        "placement.bind",
    }
)  # fmt: skip


def run(world: World, call: Call) -> Result:
    """Carry a call out.

    Raises:
        CrmError: the method's own refusal, or 403 and 404 for one that the caller may not call or that is not there.
    """
    name = call.method.lower()
    if name in _APPLICATIONS_ONLY:
        raise CrmError(403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method")
    if name not in METHODS:
        raise CrmError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
    if (scope := needed_scope(name)) and scope not in call.by.scopes:
        raise CrmError(
            403, "insufficient_scope", "The request requires higher privileges than provided by the webhook token"
        )
    with world.store.attempt():
        return METHODS[name](world, call)


def needed_scope(name: str) -> str | None:
    """The scope without which a method is refused."""
    if name.startswith("crm."):
        return "crm"
    return {"userfieldconfig.list": "userfieldconfig", "user.get": "user_basic"}.get(name)


def method_get(_world: World, call: Call) -> Result:
    """Whether a method is there, and whether this caller may call it."""
    name = str(call.needed("name")).lower()
    there = name in METHODS or name in {"batch", *_APPLICATIONS_ONLY}
    scope = needed_scope(name)
    allowed = there and name not in _APPLICATIONS_ONLY and (scope is None or scope in call.by.scopes)
    return Result({"isExisting": there, "isAvailable": allowed})


METHODS: dict[str, Handler] = {
    **item_methods.METHODS,
    **duplicates.METHODS,
    **timeline.METHODS,
    **funnels.METHODS,
    **requisites.METHODS,
    **people.METHODS,
    "method.get": method_get,
}
