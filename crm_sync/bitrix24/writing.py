"""The command that creates or changes one object in Bitrix24, and the id in its answer."""

from __future__ import annotations

from typing import Any

from crm_sync.bitrix24 import phones
from crm_sync.bitrix24.batch import Command
from crm_sync.bitrix24.fields import item_fields
from crm_sync.bitrix24.looking import ORIGINATOR, entity_type
from crm_sync.bitrix24.schema import COMPANY_TYPE, CONTACT_TYPE, DEAL_TYPE, Schema
from crm_sync.port import COMMENT, COMPANY, CONTACT, DEAL, LOG, REQUISITE, Fields, Write

_ITEM = {"useOriginalUfNames": "Y"}


def record_of(write: Write) -> Command:
    """The question for a contact or company as it is now."""
    number = CONTACT_TYPE if write.kind == CONTACT else COMPANY_TYPE
    return Command("crm.item.get", {"entityTypeId": number, "id": write.remote_id})


def command_of(schema: Schema, write: Write, record: Any) -> Command:
    """The command of one write; `record` is the answer to `record_of`, where that was asked.

    Raises:
        Rejected: it cannot be written, for the reason that the text names.
    """
    if write.kind == COMMENT:
        return Command("crm.timeline.comment.add", {"fields": _comment(write.fields)})
    if write.kind == LOG:
        return Command("crm.timeline.logmessage.add", {"fields": _log_line(write.fields)})
    if write.kind == REQUISITE:
        return _requisite(schema, write)
    number = entity_type(schema, write.kind)
    if write.remote_id is None:
        fields = item_fields(schema, write.kind, write.fields) | _origin(write)
        if records := phones.added(write.fields):
            fields["fm"] = records
        return Command("crm.item.add", {"entityTypeId": number, "fields": fields, **_ITEM})
    fields = _change(schema, write, record["item"] if record else {})
    return Command("crm.item.update", {"entityTypeId": number, "id": write.remote_id, "fields": fields, **_ITEM})


def id_in(answer: Any) -> int:
    """The id of what a creation made: an item, a log line, or the bare number of the older methods."""
    if isinstance(answer, dict):
        made = answer.get("item") or answer["logMessage"]
        return int(made["id"])
    return int(answer)


def _change(schema: Schema, write: Write, record: dict[str, Any]) -> dict[str, Any]:
    fields = item_fields(schema, write.kind, write.fields)
    if write.adopting and not record.get("originId"):
        fields |= _origin(write)
    if records := phones.changed(write.fields, write.before, record.get("fm") or []):
        fields["fm"] = records
    return fields


def _origin(write: Write) -> dict[str, Any]:
    if write.kind in (CONTACT, COMPANY, DEAL):
        return {"originatorId": ORIGINATOR, "originId": write.external_id}
    return {"xmlId": write.external_id}


def _requisite(schema: Schema, write: Write) -> Command:
    names = {"name": "NAME", "inn": "RQ_INN", "kpp": "RQ_KPP"}
    fields: dict[str, Any] = {names[name]: value for name, value in write.fields.items() if name in names}
    if write.remote_id is not None:
        return Command("crm.requisite.update", {"id": write.remote_id, "fields": fields})
    owner = CONTACT_TYPE if write.fields["owner_kind"] == CONTACT else COMPANY_TYPE
    fields |= {"ENTITY_TYPE_ID": owner, "ENTITY_ID": write.fields["owner"], "PRESET_ID": schema.preset}
    fields |= {"ORIGINATOR_ID": ORIGINATOR, "XML_ID": write.external_id, "ACTIVE": "Y"}
    return Command("crm.requisite.add", {"fields": fields})


def _comment(fields: Fields) -> dict[str, Any]:
    text = f"[b]{fields['title']}[/b]\n{fields['text']}\n{fields['url']}"
    return {"ENTITY_TYPE": "deal", "ENTITY_ID": fields["deal"], "COMMENT": text}


def _log_line(fields: Fields) -> dict[str, Any]:
    return {
        "entityTypeId": DEAL_TYPE,
        "entityId": fields["deal"],
        "title": fields["title"],
        "text": f"{fields['text']} {fields['url']}",
        "iconCode": "info",
    }
