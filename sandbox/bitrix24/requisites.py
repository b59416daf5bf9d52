"""Requisites of contacts and companies: INN and names for documents. An older interface, all of it text."""

from __future__ import annotations

import json
from typing import Any

from sandbox.bitrix24 import items
from sandbox.bitrix24.call import Call, Handler, Result
from sandbox.bitrix24.errors import classic
from sandbox.bitrix24.events import queue
from sandbox.bitrix24.fields import Field, read_table
from sandbox.bitrix24.filters import Column, Columns, in_json
from sandbox.bitrix24.instants import written
from sandbox.bitrix24.kinds import COMPANY, CONTACT, KINDS
from sandbox.bitrix24.paging import paged, sliced
from sandbox.bitrix24.values import as_integer
from sandbox.world import World

Json = dict[str, Any]

_FIELDS = read_table(
    """
ID                integer!       ID
ENTITY_TYPE_ID    integer        Тип владельца
ENTITY_ID         integer        Владелец
PRESET_ID         integer        Шаблон
DATE_CREATE       datetime!      Создан
DATE_MODIFY       datetime!      Изменён
CREATED_BY_ID     integer!       Кем создан
MODIFY_BY_ID      integer!       Кем изменён
NAME              string         Название
CODE              string         Код
XML_ID            string         Внешний код
ORIGINATOR_ID     string         Внешний источник
ACTIVE            string         Активен
ADDRESS_ONLY      string         Только адрес
SORT              integer        Порядок
RQ_NAME           string         ФИО
RQ_FIRST_NAME     string         Имя
RQ_LAST_NAME      string         Фамилия
RQ_SECOND_NAME    string         Отчество
RQ_COMPANY_NAME   string         Краткое название
RQ_COMPANY_FULL_NAME string      Полное название
RQ_DIRECTOR       string         Директор
RQ_ACCOUNTANT     string         Бухгалтер
RQ_EMAIL          string         Почта
RQ_PHONE          string         Телефон
RQ_INN            string         ИНН
RQ_KPP            string         КПП
RQ_OGRN           string         ОГРН
RQ_OGRNIP         string         ОГРНИП
RQ_OKPO           string         ОКПО
RQ_OKVED          string         ОКВЭД
"""
)
_BY_NAME = {field.name: field for field in _FIELDS}
_IN_COLUMNS = {
    "ID": "id",
    "ENTITY_TYPE_ID": "entity_type_id",
    "ENTITY_ID": "entity_id",
    "RQ_INN": "inn",
    "XML_ID": "xml_id",
}
_TEXT = Field("", "string", "")
_COLUMNS = Columns(
    {
        field.name: Column(
            _IN_COLUMNS.get(field.name) or in_json(field.name), field if field.name in _IN_COLUMNS else _TEXT
        )
        for field in _FIELDS
    },
    strict=False,
)
PRESETS = {1: "Организация", 2: "ИП", 3: "Физ. лицо"}


def requisite_add(world: World, call: Call) -> Result:
    """A new requisite; its id."""
    given = _read(call)
    for name in ("ENTITY_TYPE_ID", "ENTITY_ID", "PRESET_ID"):
        if not given.get(name):
            raise classic(f"{name} is not defined or invalid.")
    _check(world, given)
    now = written(world.now())
    by = str(call.by.user_id)
    record = {"ACTIVE": "Y", "ADDRESS_ONLY": "N", "SORT": "500", **given, "DATE_CREATE": now, "CREATED_BY_ID": by}
    record["NAME"] = record.get("NAME") or PRESETS[as_integer(record["PRESET_ID"])]
    requisite_id = _insert(world, record)
    queue(world, ["ONCRMREQUISITEADD"], f"requisite:{requisite_id}", {"ID": str(requisite_id)})
    return Result(requisite_id, object_id=f"requisite:{requisite_id}")


def requisite_update(world: World, call: Call) -> Result:
    """Changes of a requisite; true."""
    requisite_id = call.number("id", "ID")
    record = _find(world, requisite_id)
    changes = {name: value for name, value in _read(call).items() if name not in {"ENTITY_TYPE_ID", "ENTITY_ID"}}
    now = written(world.now())
    record |= {**changes, "DATE_MODIFY": now, "MODIFY_BY_ID": str(call.by.user_id)}
    world.store.run(
        "UPDATE crm_requisites SET inn = ?, xml_id = ?, record = ? WHERE id = ?",
        record.get("RQ_INN"), record.get("XML_ID"), _text(record), requisite_id,
    )  # fmt: skip
    queue(world, ["ONCRMREQUISITEUPDATE"], f"requisite:{requisite_id}", {"ID": str(requisite_id)})
    return Result(True, object_id=f"requisite:{requisite_id}")


def requisite_get(world: World, call: Call) -> Result:
    """One requisite."""
    requisite_id = call.number("id", "ID")
    return Result(_view(requisite_id, _find(world, requisite_id), ()), object_id=f"requisite:{requisite_id}")


def requisite_delete(world: World, call: Call) -> Result:
    """A requisite goes; true."""
    requisite_id = call.number("id", "ID")
    _find(world, requisite_id)
    world.store.run("DELETE FROM crm_requisites WHERE id = ?", requisite_id)
    return Result(True, object_id=f"requisite:{requisite_id}")


def requisite_list(world: World, call: Call) -> Result:
    """A page of requisites."""
    condition, values = _COLUMNS.where(call.optional("filter", "FILTER"))
    order = _COLUMNS.order(call.optional("order", "ORDER"))
    chosen = _names(call.optional("select", "SELECT"))

    def rows(limit: int, offset: int) -> list[tuple[int, Json]]:
        sql = f"SELECT id, record FROM crm_requisites WHERE {condition} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        found = world.store.all(sql, [*values, limit, offset])
        return [(row["id"], json.loads(row["record"])) for row in found]

    def count() -> int:
        return world.store.number(f"SELECT count(*) FROM crm_requisites WHERE {condition}", *values)  # noqa: S608

    return paged(
        call.optional("start"), rows, count, lambda page: [_view(number, record, chosen) for number, record in page]
    )


def preset_list(_world: World, call: Call) -> Result:
    """The presets."""
    presets = [
        {"ID": str(number), "ENTITY_TYPE_ID": "8", "COUNTRY_ID": "1", "NAME": name, "ACTIVE": "Y", "SORT": "500"}
        for number, name in PRESETS.items()
    ]
    chosen = _names(call.optional("select", "SELECT"))
    return sliced(call.optional("start"), presets, lambda page: [_chosen(preset, chosen) for preset in page])


def of_owner(world: World, entity_type_id: int, entity_id: int) -> list[Json]:
    """The requisites of a contact or a company."""
    rows = world.store.all(
        "SELECT id, record FROM crm_requisites WHERE entity_type_id = ? AND entity_id = ? ORDER BY id",
        [entity_type_id, entity_id],
    )
    return [_view(row["id"], json.loads(row["record"]), ()) for row in rows]


def _read(call: Call) -> Json:
    """What of the fields is known and may be written, as text."""
    fields = call.mapping("fields", "FIELDS")
    known = {name: value for name, value in fields.items() if name in _BY_NAME and not _BY_NAME[name].read_only}
    return {name: None if value is None or value == "" else str(value) for name, value in known.items()}


def _check(world: World, given: Json) -> None:
    entity_type_id = as_integer(given["ENTITY_TYPE_ID"])
    if entity_type_id not in {CONTACT, COMPANY}:
        raise classic("ENTITY_TYPE_ID is not defined or invalid.")
    if as_integer(given["PRESET_ID"]) not in PRESETS:
        raise classic("PRESET_ID is not defined or invalid.")
    if items.find(world.store, KINDS[entity_type_id], as_integer(given["ENTITY_ID"])) is None:
        raise classic("Entity not found.")


def _insert(world: World, record: Json) -> int:
    cursor = world.store.run(
        "INSERT INTO crm_requisites (entity_type_id, entity_id, inn, xml_id, record) VALUES (?, ?, ?, ?, ?)",
        as_integer(record["ENTITY_TYPE_ID"]), as_integer(record["ENTITY_ID"]), record.get("RQ_INN"),
        record.get("XML_ID"), _text(record),
    )  # fmt: skip
    return as_integer(cursor.lastrowid)


def _find(world: World, requisite_id: int) -> Json:
    row = world.store.one("SELECT record FROM crm_requisites WHERE id = ?", requisite_id)
    if row is None:
        raise classic(f"The Requisite with ID '{requisite_id}' is not found")
    record: Json = json.loads(row["record"])
    return record


def _view(requisite_id: int, record: Json, chosen: tuple[str, ...]) -> Json:
    return _chosen({**dict.fromkeys(_BY_NAME), **record, "ID": str(requisite_id)}, chosen)


def _chosen(whole: Json, chosen: tuple[str, ...]) -> Json:
    names = chosen if chosen and "*" not in chosen else tuple(whole)
    return {name: whole[name] for name in names if name in whole}


def _names(select: Any) -> tuple[str, ...]:
    several = select.values() if isinstance(select, dict) else select if isinstance(select, list) else [select]
    return tuple(str(name) for name in several if name)


def _text(record: Json) -> str:
    return json.dumps({name: value for name, value in record.items() if value is not None}, ensure_ascii=False)


METHODS: dict[str, Handler] = {
    "crm.requisite.add": requisite_add,
    "crm.requisite.update": requisite_update,
    "crm.requisite.get": requisite_get,
    "crm.requisite.delete": requisite_delete,
    "crm.requisite.list": requisite_list,
    "crm.requisite.preset.list": preset_list,
}
