"""Timelines, requisites, people: of items 26 and 30 what the integration uses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.portal import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, Portal


@pytest.mark.parametrize(
    ("entity_type_id", "name"),
    [(CONTACT, "contact"), (DEAL, "DEAL"), (PAYMENT, "dynamic_1038"), (INVOICE, "dynamic_31"), (COMPANY, "company")],
)
def test_a_comment_is_written_beside_an_item(portal: Portal, entity_type_id: int, name: str) -> None:
    item = portal.add(entity_type_id, name="Анна", title="Первый")["id"]
    comment = portal.result(
        "crm.timeline.comment.add", fields={"ENTITY_TYPE": name, "ENTITY_ID": item, "COMMENT": "Оплачено"}
    )
    assert isinstance(comment, int)
    answer = portal.call("crm.timeline.comment.list", filter={"ENTITY_TYPE": name, "ENTITY_ID": item})
    assert answer["total"] == 1
    [row] = answer["result"]
    assert (row["ID"], row["ENTITY_ID"], row["COMMENT"], row["AUTHOR_ID"]) == (str(comment), str(item), "Оплачено", "1")
    assert row["ENTITY_TYPE"] == name.lower()


def test_a_comment_moves_the_last_activity_and_not_the_item(portal: Portal) -> None:
    deal = portal.contract()
    portal.control("clock", {"jump": "PT1H"})
    portal.result("crm.timeline.comment.add", fields={"ENTITY_TYPE": "deal", "ENTITY_ID": 1, "COMMENT": "x"})
    after = portal.get(DEAL, deal["id"])
    assert after["lastActivityTime"] > deal["lastActivityTime"]
    assert after | {"lastActivityTime": 0} == deal | {"lastActivityTime": 0}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ENTITY_TYPE": "deal", "ENTITY_ID": 7, "COMMENT": "x"}, "OWNER_NOT_FOUND"),
        ({"ENTITY_TYPE": "dynamic_1040", "ENTITY_ID": 1, "COMMENT": "x"}, "OWNER_NOT_FOUND"),
        ({"ENTITY_TYPE": "moon", "ENTITY_ID": 1, "COMMENT": "x"}, "INVALID_ARG_VALUE"),
        ({"ENTITY_TYPE": "deal", "ENTITY_ID": 1, "COMMENT": " "}, "INVALID_ARG_VALUE"),
        ({"ENTITY_TYPE": "deal", "COMMENT": "x"}, "100"),
    ],
)
def test_what_is_wrong_with_a_comment(portal: Portal, fields: dict[str, Any], code: str) -> None:
    portal.contract()
    assert portal.refused("crm.timeline.comment.add", fields=fields)[:2] == (400, code)


def test_comments_take_only_small_letters_of_fields(portal: Portal) -> None:
    portal.contract()
    comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": 1, "COMMENT": "x"}
    assert portal.refused("crm.timeline.comment.add", FIELDS=comment)[:2] == (400, "100")


def test_notes_of_programs_come_ten_at_a_time_newest_first(portal: Portal) -> None:
    portal.contract()
    for number in range(12):
        fields = {"entityTypeId": DEAL, "entityId": 1, "title": f"Платёж {number}", "text": "x", "iconCode": "info"}
        note = portal.result("crm.timeline.logmessage.add", fields=fields)["logMessage"]
        assert (note["title"], note["authorId"], note["iconCode"]) == (f"Платёж {number}", 1, "info")

    first = portal.call("crm.timeline.logmessage.list", entityTypeId=DEAL, entityId=1)
    second = portal.call("crm.timeline.logmessage.list", entityTypeId=DEAL, entityId=1, start=10)

    assert [note["title"] for note in first["result"]] == [f"Платёж {n}" for n in range(11, 1, -1)]
    assert (first["total"], first["next"], "next" in second, len(second["result"])) == (12, 10, False, 2)
    assert portal.result("crm.timeline.comment.list", filter={"ENTITY_TYPE": "deal", "ENTITY_ID": 1}) == []
    held = portal.web.get("/control/crm/timeline", params={"entity_type_id": DEAL, "id": 1}).json()["items"]
    assert [entry["form"] for entry in held] == ["note"] * 12


@pytest.mark.parametrize("missing", ["entityTypeId", "entityId", "title", "text", "iconCode"])
def test_a_note_needs_all_five(portal: Portal, missing: str) -> None:
    portal.contract()
    fields = {"entityTypeId": DEAL, "entityId": 1, "title": "t", "text": "x", "iconCode": "info"}
    del fields[missing]
    refused = portal.refused("crm.timeline.logmessage.add", fields=fields)
    assert refused == (400, "100", f"Could not find value for parameter {{{missing}}}")


def test_a_requisite_is_found_by_its_inn(portal: Portal) -> None:
    company = portal.add(COMPANY, title="ООО «Садко»")["id"]
    fields = {
        "ENTITY_TYPE_ID": COMPANY, "ENTITY_ID": company, "PRESET_ID": 1, "RQ_INN": "7700000000", "XML_ID": "c-1",
        "ORIGINATOR_ID": "kabinet", "moon": "x",
    }  # fmt: skip
    requisite = portal.result("crm.requisite.add", fields=fields)

    [found] = portal.result("crm.requisite.list", filter={"RQ_INN": "7700000000"}, select=["ID", "ENTITY_ID", "NAME"])
    assert found == {"ID": str(requisite), "ENTITY_ID": str(company), "NAME": "Организация"}
    assert portal.result("crm.requisite.list", filter={"=XML_ID": "c-1", "ORIGINATOR_ID": "kabinet"}) != []
    assert portal.result("crm.requisite.list", filter={"ENTITY_TYPE_ID": COMPANY, "ENTITY_ID": 99}) == []

    assert portal.result("crm.requisite.update", id=requisite, fields={"RQ_INN": "7711111111"}) is True
    assert portal.result("crm.requisite.list", filter={"RQ_INN": "7700000000"}) == []
    whole = portal.result("crm.requisite.get", id=requisite)
    assert (whole["RQ_INN"], whole["XML_ID"], whole["CREATED_BY_ID"], whole["RQ_KPP"]) == (
        "7711111111",
        "c-1",
        "1",
        None,
    )
    assert portal.result("crm.requisite.delete", id=requisite) is True
    assert portal.call("crm.requisite.list")["total"] == 0


def test_presets_of_requisites(portal: Portal) -> None:
    presets = portal.result("crm.requisite.preset.list", select=["ID", "NAME"])
    assert presets == [{"ID": "1", "NAME": "Организация"}, {"ID": "2", "NAME": "ИП"}, {"ID": "3", "NAME": "Физ. лицо"}]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "ENTITY_TYPE_ID is not defined or invalid."),
        ({"ENTITY_TYPE_ID": 2, "ENTITY_ID": 1, "PRESET_ID": 1}, "ENTITY_TYPE_ID is not defined or invalid."),
        ({"ENTITY_TYPE_ID": 3, "ENTITY_ID": 1, "PRESET_ID": 9}, "PRESET_ID is not defined or invalid."),
        ({"ENTITY_TYPE_ID": 3, "ENTITY_ID": 9, "PRESET_ID": 1}, "Entity not found."),
    ],
)
def test_what_is_wrong_with_a_requisite(portal: Portal, fields: dict[str, Any], words: str) -> None:
    portal.person()
    assert portal.refused("crm.requisite.add", fields=fields) == (400, "", words)


def test_staff_are_found_by_address(portal: Portal) -> None:
    [found] = portal.result("user.get", FILTER={"EMAIL": "irina@portal.example", "ACTIVE": True})
    assert (found["ID"], found["LAST_NAME"], found["ACTIVE"]) == ("2", "Мельник", True)
    assert portal.result("user.get", FILTER={"EMAIL": "nobody@portal.example"}) == []
    assert [person["ID"] for person in portal.result("user.get", ID=[1, 3])] == ["1", "3"]
    assert portal.result("user.current")["NAME"] == "Кабинет"


def test_the_portals_time_is_the_virtual_one(portal: Portal) -> None:
    portal.control("clock", {"jump": "2031-01-31T10:00:00+03:00"})
    assert portal.result("server.time").startswith("2031-01-31T10:00:")
    assert portal.person()["createdTime"].startswith("2031-01-31T10:00:")
