"""Finding objects of ours in Bitrix24: by external id, people also by phone, e-mail and ИНН, entries by their text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from crm_sync.bitrix24.batch import NOT_AS_PROMISED, Command
from crm_sync.bitrix24.schema import COMPANY_TYPE, CONTACT_TYPE, DEAL_TYPE, INVOICE_TYPE, Schema
from crm_sync.port import COMMENT, COMPANY, CONTACT, DEAL, INVOICE, LOG, REQUISITE, CrmFailure, Found, Look, Uncertain

# Who made an object, in Bitrix24's field for that; the object's own id there stands beside it.
ORIGINATOR = "kabinet"
_ENTITY_TYPES = {CONTACT: CONTACT_TYPE, COMPANY: COMPANY_TYPE, DEAL: DEAL_TYPE, INVOICE: INVOICE_TYPE}
_BY_ORIGIN = (CONTACT, COMPANY, DEAL)
_OWN = 1
# How many lines of a timeline come at once.
_PAGES = {COMMENT: 50, LOG: 10}
_CLOCKS_DIFFER = timedelta(hours=1)


def entity_type(schema: Schema, kind: str) -> int:
    """The number of a kind of item."""
    return _ENTITY_TYPES.get(kind, schema.process_type)


def commands_of(schema: Schema, look: Look, start: int = 0) -> list[Command]:
    """The questions of one search; the first is always that for the external id. `start`: from which line on."""
    if look.kind in (COMMENT, LOG):
        return [_lines(look, start)]
    if look.kind == REQUISITE:
        owner_kind, owner_id = look.parent or ("", 0)
        of_owner = {"ENTITY_TYPE_ID": _ENTITY_TYPES[owner_kind], "ENTITY_ID": owner_id}
        names = ["ID", "ORIGINATOR_ID", "XML_ID", "RQ_INN"]
        return [Command("crm.requisite.list", {"filter": of_owner, "select": names, "order": {"ID": "ASC"}})]
    own = {"=originatorId": ORIGINATOR, "=originId": look.external_id}
    where = own if look.kind in _BY_ORIGIN else {"=xmlId": look.external_id}
    listing = {
        "entityTypeId": entity_type(schema, look.kind),
        "select": ["id"],
        "filter": where,
        "order": {"id": "ASC"},
    }
    return [Command("crm.item.list", listing), *_alike(look)]


def _lines(look: Look, start: int) -> Command:
    _, deal_id = look.parent or ("", 0)
    if look.kind == COMMENT:
        deal = {"ENTITY_TYPE": "deal", "ENTITY_ID": deal_id}
        return Command("crm.timeline.comment.list", {"filter": deal, "order": {"ID": "DESC"}, "start": start})
    of_deal = {"entityTypeId": DEAL_TYPE, "entityId": deal_id, "order": {"id": "desc"}, "start": start}
    return Command("crm.timeline.logmessage.list", of_deal)


def _alike(look: Look) -> list[Command]:
    """The questions for people, the surest sign first."""
    if look.kind not in (CONTACT, COMPANY):
        return []
    commands = []
    if look.inn:
        where = {"RQ_INN": look.inn, "ENTITY_TYPE_ID": _ENTITY_TYPES[look.kind]}
        commands.append(Command("crm.requisite.list", {"filter": where, "select": ["ENTITY_ID"]}))
    commands += [
        Command("crm.duplicate.findbycomm", {"type": kind, "values": [value], "entity_type": look.kind.upper()})
        for kind, value in (("EMAIL", look.email), ("PHONE", look.phone))
        if value
    ]
    return commands


def found_in(look: Look, answers: list[Any]) -> Found | CrmFailure:
    """What the answers to a search say; a question that failed leaves the whole search unanswered."""
    for answer in answers:
        if isinstance(answer, CrmFailure):
            return answer
    try:
        return _found(look, answers)
    except NOT_AS_PROMISED:
        return Uncertain("Битрикс24 ответил на поиск не по-своему")


def _found(look: Look, answers: list[Any]) -> Found:
    if look.kind in (COMMENT, LOG):
        return Found(tuple(sorted(_number(row) for row in _rows(answers[0]) if look.external_id in _text(row))))
    if look.kind == REQUISITE:
        return _requisites(look, answers[0])
    own = tuple(int(item["id"]) for item in answers[0]["items"])
    alike = dict.fromkeys(found for answer in answers[_OWN:] for found in sorted(_people(answer, look.kind)))
    return Found(own, tuple(found for found in alike if found not in own))


def _requisites(look: Look, rows: Any) -> Found:
    ours = (ORIGINATOR, look.external_id)
    own = tuple(int(row["ID"]) for row in rows if (row["ORIGINATOR_ID"], row["XML_ID"]) == ours)
    alike = [int(row["ID"]) for row in rows if look.inn and row["RQ_INN"] == look.inn]
    return Found(own, tuple(found for found in alike if found not in own))


def next_line(look: Look, answer: Any, start: int) -> int | None:
    """From where on a timeline has to be read further, after a page in which the line was not; None: it is not there."""
    rows = _rows(answer)
    if len(rows) < _PAGES[look.kind]:
        return None
    oldest = datetime.fromisoformat(str(rows[-1].get("CREATED") or rows[-1]["created"]))
    is_before = look.since is not None and oldest < look.since - _CLOCKS_DIFFER
    return None if is_before else start + len(rows)


def origins_of(kind: str, ids: Sequence[int]) -> Command:
    """The question whose these people are, up to fifty."""
    where = {"@id": list(ids)}
    names = ["id", "originatorId", "originId"]
    return Command("crm.item.list", {"entityTypeId": _ENTITY_TYPES[kind], "select": names, "filter": where})


def origins_in(answer: Any) -> dict[int, str | None] | CrmFailure:
    """The external ids of ours that these people bear; those who bear none of ours have None."""
    if isinstance(answer, CrmFailure):
        return answer
    try:
        return {
            int(item["id"]): item["originId"] if item["originatorId"] == ORIGINATOR else None
            for item in answer["items"]
        }
    except NOT_AS_PROMISED:
        return Uncertain("Битрикс24 ответил на поиск не по-своему")


def _people(answer: Any, kind: str) -> list[int]:
    if isinstance(answer, dict):
        return [int(found) for found in answer.get(kind.upper(), [])]
    # No one is written as [], and so is an empty list of requisites.
    return [int(row["ENTITY_ID"]) for row in answer]


def _rows(answer: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = answer["logMessages"] if isinstance(answer, dict) else answer
    return rows


def _number(row: dict[str, Any]) -> int:
    return int(row.get("ID") or row["id"])


def _text(row: dict[str, Any]) -> str:
    return f"{row.get('COMMENT', '')} {row.get('text', '')}"
