"""Adding, changing and deleting items."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import items, moving, ways
from sandbox.bitrix24.errors import needed, no_such_item
from sandbox.bitrix24.events import tell
from sandbox.bitrix24.fields import Field
from sandbox.bitrix24.instants import instant_of, read_date, written
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import CONTACT, DEAL, INVOICE, PAYMENT, Kind
from sandbox.bitrix24.values import read_value
from sandbox.moments import DAY
from sandbox.world import World

_WEEK = 7 * DAY


def add(world: World, kind: Kind, fields: dict[str, Any], user_id: int, *, original: bool) -> Record:
    """A new item; its record.

    Raises:
        CrmError: 400, a value that a field does not take, or one that is needed and missing.
    """
    given = _read(kind, fields, original=original)
    if kind.entity_type_id == CONTACT and not (given.get("name") or given.get("lastName")):
        raise needed("Имя")
    now = written(world.now())
    placed = moving.place(world.portal.stages, kind, given)
    item_id = items.next_id(world.store, kind)
    record = _system(kind, item_id, user_id, now) | {name: value for name, value in given.items() if name != "fm"}
    _fill_in(kind, record)
    if placed:
        moving.put(world.store, kind, record, placed, user_id, now)
    if kind.has_ways:
        record["fm"] = ways.first(world.store, kind, item_id, given.get("fm"))
        record |= ways.shortcuts(record["fm"])
    items.save(world.store, kind, record)
    tell(world, kind, "ADD", item_id)
    return record


def update(world: World, kind: Kind, item_id: int, fields: dict[str, Any], user_id: int, *, original: bool) -> Record:
    """Change an item; its record. What changes nothing is not saved and tells nobody.

    Raises:
        CrmError: 400, no such item, or a value that a field does not take.
    """
    before = found(world, kind, item_id)
    given = _read(kind, fields, original=original)
    placed = moving.replace(world.portal.stages, kind, before, given)
    after = before | {name: value for name, value in given.items() if name != "fm"}
    if "fm" in given and kind.has_ways:
        _change_ways(world, kind, after, given["fm"])
    if placed is None and _same(before, after):
        return before
    now = written(world.now())
    after |= {"updatedTime": now, "updatedBy": user_id}
    other_funnel = placed is not None and placed.category_id != before.get("categoryId")
    if placed is not None:
        moving.put(world.store, kind, after, placed, user_id, now, before)
    items.save(world.store, kind, after)
    tell(world, kind, "MOVETOCATEGORY" if other_funnel and kind.entity_type_id == DEAL else "UPDATE", item_id)
    return after


def delete(world: World, kind: Kind, item_id: int) -> None:
    """Delete an item.

    Raises:
        CrmError: 400, no such item.
    """
    found(world, kind, item_id)
    items.remove(world.store, kind, item_id)
    ways.forget(world.store, kind, item_id)
    tell(world, kind, "DELETE", item_id)


def found(world: World, kind: Kind, item_id: int) -> Record:
    """The record of an item.

    Raises:
        CrmError: 400, there is none.
    """
    record = items.find(world.store, kind, item_id)
    if record is None:
        raise no_such_item()
    return record


def _read(kind: Kind, fields: dict[str, Any], *, original: bool) -> Record:
    """The values of known fields that may be written; all others are ignored."""
    known = kind.fields_called(original=original)
    given: Record = {}
    for name, value in fields.items():
        field = known.get(name)
        if field is not None and not field.read_only and not field.dead:
            given[field.original or field.name] = read_value(field, value)
    if "fm" in fields and kind.has_ways:
        given["fm"] = fields["fm"]
    if "opportunity" in given:
        given["opportunity"] = given["opportunity"] or 0
    _join_lists(kind.camel, given)
    return given


def _join_lists(known: dict[str, Field], given: Record) -> None:
    """One contact and the list of contacts say the same; so do one company and the list of companies."""
    for one, several in (("contactId", "contactIds"), ("companyId", "companyIds")):
        if one not in known or several not in known:
            continue
        if several in given:
            given[one] = given[several][0] if given[several] else None
        elif one in given:
            given[several] = [given[one]] if given[one] else []


def _system(kind: Kind, item_id: int, user_id: int, now: str) -> Record:
    record: Record = {
        "id": item_id,
        "entityTypeId": kind.entity_type_id,
        "createdTime": now,
        "updatedTime": now,
        "createdBy": user_id,
        "updatedBy": user_id,
        "assignedById": user_id,
        "opened": "Y",
        "lastActivityBy": user_id,
        "lastActivityTime": now,
    }
    if kind.has_ways:
        record["categoryId"] = 0
    else:
        record |= {"opportunity": 0, "isManualOpportunity": "N", "taxValue": 0, "currencyId": "RUB"}
    return record


def _fill_in(kind: Kind, record: Record) -> None:
    """What the portal thinks up for what was not said."""
    if "title" in kind.camel and not record.get("title"):
        record["title"] = f"{kind.default_title} #{record['id']}"
    record["assignedById"] = record.get("assignedById") or record["createdBy"]
    if kind.entity_type_id in {DEAL, INVOICE}:
        record["begindate"] = record.get("begindate") or read_date(record["createdTime"])
        record["closedate"] = record.get("closedate") or read_date(written(instant_of(record["createdTime"]) + _WEEK))
    if kind.entity_type_id == INVOICE:
        record["accountNumber"] = record.get("accountNumber") or str(record["id"])
    if kind.entity_type_id == DEAL:
        record |= dict.fromkeys(("isRecurring", "isReturnCustomer", "isRepeatedApproach"), "N")
    if kind.entity_type_id == PAYMENT:
        record |= {"opportunityAccount": record.get("opportunity") or 0, "accountCurrencyId": "RUB"}


def _change_ways(world: World, kind: Kind, record: Record, given: Any) -> None:
    known = record.get("fm", [])
    kept = ways.changed(world.store, kind, record["id"], known, given)
    if kept is not known:
        for name in [name for name in record if name.startswith(("phone", "email"))]:
            del record[name]
        record |= {"fm": kept, **ways.shortcuts(kept)}


def _same(before: Record, after: Record) -> bool:
    names = before.keys() | after.keys()
    return all((before.get(name) or None) == (after.get(name) or None) for name in names)
