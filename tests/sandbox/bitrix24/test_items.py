"""`crm.item.*`: items 7, 8, 12 and 19 of the fidelity list."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sandbox.bitrix24.portal import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, Json, Portal

TITLE = {CONTACT: {"name": "Анна"}, COMPANY: {"title": "ООО «Садко»"}, DEAL: {}, INVOICE: {}, PAYMENT: {}}


@pytest.mark.parametrize("entity_type_id", list(TITLE))
def test_an_item_of_each_kind_is_added_read_changed_listed_and_deleted(portal: Portal, entity_type_id: int) -> None:
    added = portal.add(entity_type_id, **TITLE[entity_type_id])
    assert portal.get(entity_type_id, added["id"]) == added
    assert (added["entityTypeId"], added["createdBy"], added["assignedById"]) == (entity_type_id, 1, 1)

    changed = portal.update(entity_type_id, added["id"], assignedById=3)
    assert changed == added | {"assignedById": 3, "updatedTime": changed["updatedTime"]}
    assert portal.ids(entity_type_id) == [added["id"]]

    assert portal.result("crm.item.delete", entityTypeId=entity_type_id, id=added["id"]) == []
    assert portal.refused("crm.item.get", entityTypeId=entity_type_id, id=added["id"])[:2] == (400, "NOT_FOUND")
    assert portal.ids(entity_type_id) == []
    assert portal.add(entity_type_id, **TITLE[entity_type_id])["id"] > added["id"]


def test_values_are_typed(portal: Portal) -> None:
    person = portal.person()
    deal = portal.contract(
        contactId=str(person["id"]), opportunity="1234.50", isManualOpportunity=True, begindate="2026-11-21",
        closedate="21.12.2026", UF_CRM_KABINET_NEXT_ON="2026-12-01", UF_CRM_KABINET_DEBT="300.00|RUB",
        UF_CRM_KABINET_CONTRACT=20260147,
    )  # fmt: skip

    assert deal["contactId"] == person["id"]
    assert deal["contactIds"] == [person["id"]]
    assert deal["opportunity"] == 1234.5
    assert deal["isManualOpportunity"] == "Y"
    assert deal["begindate"] == "2026-11-21T03:00:00+03:00"
    assert deal["closedate"] == "2026-12-21T03:00:00+03:00"
    assert deal["UF_CRM_KABINET_NEXT_ON"] == "2026-12-01T03:00:00+03:00"
    assert deal["UF_CRM_KABINET_DEBT"] == "300.00|RUB"
    assert deal["UF_CRM_KABINET_CONTRACT"] == "20260147"
    assert deal["comments"] is None
    assert deal["observers"] == []


def test_a_whole_sum_has_no_point_and_a_moment_is_in_the_portals_zone(portal: Portal) -> None:
    payment = portal.add(PAYMENT, opportunity=300.0, UF_CRM_7_PAID_AT="2026-11-21T15:26:05.900Z")
    text = portal.send("crm.item.get", {"entityTypeId": PAYMENT, "id": payment["id"]}).text
    assert '"opportunity": 300,' in text
    assert payment["UF_CRM_7_PAID_AT"] == "2026-11-21T18:26:05+03:00"


def test_user_fields_go_by_original_names_or_in_camel_case(portal: Portal) -> None:
    original = portal.add(PAYMENT, UF_CRM_7_METHOD="Карта", ufCrm7Reason="нет денег")
    assert (original["UF_CRM_7_METHOD"], original["UF_CRM_7_REASON"]) == ("Карта", None)
    assert "ufCrm7Method" not in original

    fields = {"ufCrm7Method": "СБП", "UF_CRM_7_REASON": "нет денег", "ufCrm7PaidAt": "2026-11-21T10:00:00+03:00"}
    camel = portal.result("crm.item.add", entityTypeId=PAYMENT, fields=fields)["item"]
    assert (camel["ufCrm7Method"], camel["ufCrm7Reason"]) == ("СБП", None)
    assert camel["ufCrm7PaidAt"] == "2026-11-21T10:00:00+03:00"
    assert "UF_CRM_7_METHOD" not in camel

    contact = portal.result("crm.item.add", entityTypeId=CONTACT, fields={"name": "А", "ufCrmKabinetUrl": "http://k/"})
    assert contact["item"]["ufCrmKabinetUrl"] == "http://k/"
    invoice = portal.result("crm.item.add", entityTypeId=INVOICE, fields={"ufCrmSmartInvoiceKabinetUrl": "http://k/"})
    assert invoice["item"]["ufCrmSmartInvoiceKabinetUrl"] == "http://k/"


def test_unknown_fields_and_those_of_the_portal_itself_are_ignored(portal: Portal) -> None:
    person = portal.person(moon="x", createdBy=3, createdTime="2020-01-01", id=77, phone="1", shortName="К.")
    assert (person["id"], person["createdBy"], person["phone"], person["shortName"]) == (1, 1, None, None)
    assert "moon" not in person
    assert not person["createdTime"].startswith("2020")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("closedate", "soon"),
        ("opportunity", "many"),
        ("UF_CRM_KABINET_DEBT", "x|RUB"),
        ("title", ["x"]),
        ("stageId", "C9:NEW"),
    ],
)
def test_a_value_that_a_field_does_not_take_is_refused_by_name(portal: Portal, field: str, value: Any) -> None:
    status, code, words = portal.refused(
        "crm.item.add", entityTypeId=DEAL, fields={field: value}, useOriginalUfNames="Y"
    )
    assert (status, code) == (400, "CRM_FIELD_ERROR_VALUE_NOT_VALID")
    assert words.startswith("Неверное значение поля")
    assert portal.held(DEAL) == []


def test_a_multiple_field_needs_a_list(portal: Portal) -> None:
    refused = portal.refused("crm.item.add", entityTypeId=DEAL, fields={"contactIds": "5"})
    assert refused == (400, "100", "Expected iterable value for multiple field, but got string instead")


def test_a_contact_needs_a_name(portal: Portal) -> None:
    assert portal.refused("crm.item.add", entityTypeId=CONTACT, fields={})[:2] == (400, "CRM_FIELD_ERROR_REQUIRED")
    assert portal.add(CONTACT, lastName="Ковалёва")["name"] is None


@pytest.mark.parametrize(("number", "code"), [(5, "ENTITY_TYPE_NOT_SUPPORTED"), (1040, "NOT_FOUND"), ("", "100")])
def test_a_kind_that_is_not_there(portal: Portal, number: Any, code: str) -> None:
    assert portal.refused("crm.item.list", entityTypeId=number)[:2] == (400, code)


def test_what_is_not_said_is_thought_up(portal: Portal) -> None:
    portal.control("clock", {"jump": "2031-01-31T01:30:00+03:00"})
    deal, invoice, payment = (portal.add(number) for number in (DEAL, INVOICE, PAYMENT))

    assert [item["title"] for item in (deal, invoice, payment)] == ["Сделка #1", "Счёт #1", "Платёж #1"]
    assert (deal["categoryId"], deal["stageId"], deal["currencyId"], deal["opportunity"]) == (0, "NEW", "RUB", 0)
    assert (invoice["categoryId"], invoice["stageId"], invoice["accountNumber"]) == (1, "DT31_1:N", "1")
    assert invoice["closedate"] == "2031-02-07T03:00:00+03:00"
    assert payment["stageId"] == "DT1038_1:NEW"
    assert "begindate" not in payment


def test_contacts_and_companies_of_an_item_are_one_and_many(portal: Portal) -> None:
    first, second = portal.person()["id"], portal.person()["id"]
    deal = portal.contract(contactIds=[first, second])
    assert (deal["contactId"], deal["contactIds"]) == (first, [first, second])
    assert portal.update(DEAL, deal["id"], contactId=second)["contactIds"] == [second]
    assert portal.update(DEAL, deal["id"], contactIds=[])["contactId"] is None
    company = portal.add(COMPANY, title="ООО «Садко»")["id"]
    assert portal.update(CONTACT, first, companyId=company)["companyIds"] == [company]


def test_external_ids_may_repeat_and_all_that_have_them_are_found(portal: Portal) -> None:
    people = [portal.person(originatorId="kabinet", originId="c-1")["id"] for _ in range(2)]
    portal.person(originatorId="other", originId="c-1")
    invoices = [portal.add(INVOICE, xmlId="i-1")["id"] for _ in range(2)]

    assert portal.ids(CONTACT, filter={"=originId": "c-1", "=originatorId": "kabinet"}) == people
    assert portal.ids(INVOICE, filter={"=xmlId": "i-1"}) == invoices
    assert portal.ids(INVOICE, filter={"=xmlId": "i-2"}) == []


@pytest.mark.parametrize("entity_type_id", [INVOICE, PAYMENT])
def test_an_invoice_and_a_payment_have_no_origin_id(portal: Portal, entity_type_id: int) -> None:
    refused = portal.refused("crm.item.list", entityTypeId=entity_type_id, filter={"=originId": "x"})
    assert refused == (400, "INVALID_ARG_VALUE", "Invalid filter: field 'originId' is not allowed in filter")


def test_a_change_that_changes_nothing_is_not_saved(portal: Portal) -> None:
    deal = portal.contract(closedate="2026-12-21", comments="")
    same: Json = {
        "title": deal["title"], "opportunity": "300.00", "closedate": "2026-12-21T03:00:00+03:00", "comments": None,
        "categoryId": 1, "stageId": "C1:NEW", "contactIds": [],
    }  # fmt: skip
    portal.control("clock", {"jump": "PT1H"})

    assert portal.update(DEAL, deal["id"], **same) == deal

    changed = portal.update(DEAL, deal["id"], **{**same, "title": "Другой"})
    assert changed["updatedTime"] > deal["updatedTime"]
    assert changed["movedTime"] == deal["movedTime"]


def test_an_edit_of_staff_is_told_from_ones_own(portal: Portal) -> None:
    person = portal.person()
    edited = portal.control(
        "crm/edit",
        {"entity_type_id": CONTACT, "id": person["id"], "fields": {"post": "Директор", "ufCrmKabinetUrl": "x"}},
    )
    assert (edited["createdBy"], edited["updatedBy"], edited["post"]) == (1, 2, "Директор")
    assert edited["UF_CRM_KABINET_URL"] == "x"
    assert portal.get(CONTACT, person["id"])["updatedBy"] == 2
    assert portal.update(CONTACT, person["id"], post="Бухгалтер")["updatedBy"] == 1
    entry = next(entry for entry in portal.journal(system="bitrix24") if entry["method"] == "UI")
    assert (entry["path"], entry["object_id"]) == ("update", f"contact:{person['id']}")


def test_staff_add_and_delete_too(portal: Portal) -> None:
    added = portal.control("crm/edit", {"entity_type_id": DEAL, "fields": {"title": "Новая"}, "user_id": 3})
    assert (added["createdBy"], added["movedBy"]) == (3, 3)
    portal.control("crm/edit", {"entity_type_id": DEAL, "id": added["id"], "delete": True})
    assert portal.held(DEAL) == []


@pytest.mark.parametrize(
    "body",
    [
        {}, {"entity_type_id": 5}, {"entity_type_id": 3, "fields": "x"}, {"entity_type_id": 3, "user_id": 9},
        {"entity_type_id": 3, "id": 7, "fields": {"name": "x"}}, {"entity_type_id": 3, "fields": {}},
    ],
)  # fmt: skip
def test_a_wrong_edit_is_refused(portal: Portal, body: Json) -> None:
    refused = portal.web.post("/control/crm/edit", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]


def test_fields_are_described(portal: Portal) -> None:
    fields = portal.result("crm.item.fields", entityTypeId=DEAL, useOriginalUfNames="Y")["fields"]

    assert fields["UF_CRM_KABINET_DEBT"]["type"] == "money"
    assert fields["UF_CRM_KABINET_DEBT"]["isDynamic"] is True
    assert fields["id"]["isReadOnly"] is True
    assert fields["contactIds"]["isMultiple"] is True
    assert fields["stageId"]["statusType"] == "DEAL_STAGE"
    assert fields["originatorId"]["upperName"] == "ORIGINATOR_ID"
    camel = portal.result("crm.item.fields", entityTypeId=PAYMENT)["fields"]
    assert camel["ufCrm7GatewayId"]["upperName"] == "UF_CRM_7_GATEWAY_ID"
    assert camel["parentId2"] == camel["parentId2"] | {"type": "crm_entity", "settings": {"parentEntityTypeId": 2}}
    assert camel["parentId31"]["upperName"] == "PARENT_ID_31"
    assert set(portal.add(PAYMENT)) - {"entityTypeId"} == set(
        portal.result("crm.item.fields", entityTypeId=PAYMENT, useOriginalUfNames="Y")["fields"]
    )


def test_everything_that_is_held_is_read_at_once(portal: Portal) -> None:
    commands = [
        {str(n): f"crm.item.add?entityTypeId=3&fields[name]=N{n}&fields[originId]=c-{base + n}" for n in range(50)}
        for base in range(0, 500, 50)
    ]
    for batch in commands:
        portal.batch(batch)

    began = time.monotonic()
    items = portal.held(CONTACT)

    assert [item["originId"] for item in items] == [f"c-{n}" for n in range(500)]
    assert time.monotonic() - began < 5
    page = portal.web.get("/control/crm/items", params={"entity_type_id": 3, "since": 490, "limit": 5}).json()["items"]
    assert [item["id"] for item in page] == [491, 492, 493, 494, 495]
    assert portal.web.get("/control/crm/items").status_code == 400


def test_a_reset_forgets_the_crm_and_brings_its_make_back(portal: Portal) -> None:
    portal.contract()
    portal.control("crm/stages", {"delete": "C1:PAID"})
    portal.control("reset", {})

    assert portal.held(DEAL) == []
    portal.control("crm", {"bucket": 1000})
    assert portal.contract(stageId="C1:PAID")["id"] == 1
    assert portal.web.get("/control/state").json()["counts"]["crm_items"] == 1
