"""Finding objects of ours in Bitrix24: by external id, people also by phone, e-mail and ИНН, entries by their text."""

from __future__ import annotations

from typing import Any

from crm_sync.bitrix24.batch import Command
from crm_sync.bitrix24.schema import COMPANY_TYPE, CONTACT_TYPE, DEAL_TYPE, INVOICE_TYPE, Schema
from crm_sync.port import COMMENT, COMPANY, CONTACT, DEAL, INVOICE, LOG, REQUISITE, CrmFailure, Found, Look

# Who made an object, in Bitrix24's field for that; the object's own id there stands beside it.
ORIGINATOR = "kabinet"
_ENTITY_TYPES = {CONTACT: CONTACT_TYPE, COMPANY: COMPANY_TYPE, DEAL: DEAL_TYPE, INVOICE: INVOICE_TYPE}
_BY_ORIGIN = (CONTACT, COMPANY, DEAL)
_OWN = 1


def entity_type(schema: Schema, kind: str) -> int:
    """The number of a kind of item."""
    return _ENTITY_TYPES.get(kind, schema.process_type)


def commands_of(schema: Schema, look: Look) -> list[Command]:
    """The questions of one search; the first is always that for the external id."""
    if look.kind == COMMENT:
        deal = {"ENTITY_TYPE": "deal", "ENTITY_ID": look.parent}
        return [Command("crm.timeline.comment.list", {"filter": deal, "order": {"ID": "DESC"}})]
    if look.kind == LOG:
        of_deal = {"entityTypeId": DEAL_TYPE, "entityId": look.parent, "order": {"id": "desc"}}
        return [Command("crm.timeline.logmessage.list", of_deal)]
    if look.kind == REQUISITE:
        ours = {"ORIGINATOR_ID": ORIGINATOR, "XML_ID": look.external_id}
        return [Command("crm.requisite.list", {"filter": ours, "select": ["ID"], "order": {"ID": "ASC"}})]
    own = {"=originatorId": ORIGINATOR, "=originId": look.external_id}
    where = own if look.kind in _BY_ORIGIN else {"=xmlId": look.external_id}
    listing = {
        "entityTypeId": entity_type(schema, look.kind),
        "select": ["id"],
        "filter": where,
        "order": {"id": "ASC"},
    }
    return [Command("crm.item.list", listing), *_alike(look)]


def _alike(look: Look) -> list[Command]:
    if look.kind not in (CONTACT, COMPANY):
        return []
    commands = [
        Command("crm.duplicate.findbycomm", {"type": kind, "values": [value], "entity_type": look.kind.upper()})
        for kind, value in (("PHONE", look.phone), ("EMAIL", look.email))
        if value
    ]
    if look.inn:
        where = {"RQ_INN": look.inn, "ENTITY_TYPE_ID": _ENTITY_TYPES[look.kind]}
        commands.append(Command("crm.requisite.list", {"filter": where, "select": ["ENTITY_ID"]}))
    return commands


def found_in(look: Look, answers: list[Any]) -> Found | CrmFailure:
    """What the answers to a search say; a question that failed leaves the whole search unanswered."""
    for answer in answers:
        if isinstance(answer, CrmFailure):
            return answer
    if look.kind in (COMMENT, LOG):
        return Found(tuple(_entries_with(answers[0], look.external_id)))
    if look.kind == REQUISITE:
        return Found(tuple(int(row["ID"]) for row in answers[0]))
    own = tuple(int(item["id"]) for item in answers[0]["items"])
    alike = sorted({found for answer in answers[_OWN:] for found in _people(answer, look.kind)} - set(own))
    return Found(own, tuple(alike))


def _people(answer: Any, kind: str) -> list[int]:
    if isinstance(answer, dict):
        return [int(found) for found in answer.get(kind.upper(), [])]
    # No one is written as [], and so is an empty list of requisites.
    return [int(row["ENTITY_ID"]) for row in answer]


def _entries_with(answer: Any, external_id: str) -> list[int]:
    rows = answer.get("logMessages", []) if isinstance(answer, dict) else answer
    return sorted(int(row.get("ID") or row["id"]) for row in rows if external_id in _text(row))


def _text(row: dict[str, Any]) -> str:
    return f"{row.get('COMMENT', '')} {row.get('text', '')}"
