"""Phones and addresses, and who shares them: items 9 and 10 of the fidelity list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.portal import COMPANY, CONTACT, Portal, mail, phone

ADDRESS = "anna@example.com"


def values(item: dict[str, Any]) -> list[str]:
    return [way["value"] for way in item["fm"]]


def test_a_new_contact_gets_a_list_of_ways(portal: Portal) -> None:
    person = portal.person(fm=[phone("+7 900 000-00-17"), phone("+79000000018", "MOBILE"), mail(ADDRESS, "HOME")])

    assert person["fm"] == [
        {"id": 1, "valueType": "WORK", "value": "+7 900 000-00-17", "typeId": "PHONE"},
        {"id": 2, "valueType": "MOBILE", "value": "+79000000018", "typeId": "PHONE"},
        {"id": 3, "valueType": "HOME", "value": ADDRESS, "typeId": "EMAIL"},
    ]
    assert (person["phone"], person["phoneWork"], person["phoneMobile"]) == (
        "+7 900 000-00-17",
        "+7 900 000-00-17",
        "+79000000018",
    )
    assert (person["email"], person["emailHome"], person["emailWork"]) == (ADDRESS, ADDRESS, None)
    assert (person["hasPhone"], person["hasEmail"]) == ("Y", "Y")


def test_an_update_adds_under_new_keys(portal: Portal) -> None:
    person = portal.person(fm=[phone("+79000000017")])
    changed = portal.update(CONTACT, person["id"], fm={"n0": phone("+79000000018"), "n1": mail(ADDRESS)})
    assert values(changed) == ["+79000000017", "+79000000018", ADDRESS]


def test_an_update_changes_by_the_id_of_a_record(portal: Portal) -> None:
    person = portal.person(fm=[phone("+79000000017"), mail(ADDRESS)])
    way = person["fm"][0]

    changed = portal.update(CONTACT, person["id"], fm={str(way["id"]): {"value": "+79000000099"}})

    assert changed["fm"] == [way | {"value": "+79000000099"}, person["fm"][1]]
    assert changed["phone"] == "+79000000099"


def test_an_update_deletes_a_record_whose_value_is_empty(portal: Portal) -> None:
    person = portal.person(fm=[phone("+79000000017"), mail(ADDRESS)])
    changed = portal.update(CONTACT, person["id"], fm={str(person["fm"][0]["id"]): {"typeId": "PHONE", "value": ""}})
    assert values(changed) == [ADDRESS]
    assert (changed["phone"], changed["hasPhone"]) == (None, "N")
    assert portal.result("crm.duplicate.findbycomm", type="PHONE", values=["79000000017"]) == []


def test_sending_the_list_again_appends(portal: Portal) -> None:
    person = portal.person(fm=[phone("+79000000017")])
    changed = portal.update(CONTACT, person["id"], fm=[phone("+79000000017")])
    assert values(changed) == ["+79000000017", "+79000000017"]


def test_the_same_value_under_its_id_is_no_change(portal: Portal) -> None:
    person = portal.person(fm=[phone("+79000000017")])
    portal.control("clock", {"jump": "PT1H"})
    assert portal.update(CONTACT, person["id"], fm={str(person["fm"][0]["id"]): phone("+79000000017")}) == person


def test_a_list_shows_ways_only_among_all_fields(portal: Portal) -> None:
    portal.person(fm=[phone("+79000000017")])

    def listed(select: list[str] | None) -> dict[str, Any]:
        params = {"select": select} if select else {}
        item: dict[str, Any] = portal.result("crm.item.list", entityTypeId=CONTACT, **params)["items"][0]
        return item

    assert listed(["*"])["fm"][0]["value"] == "+79000000017"
    assert listed(["id", "fm"]) == {"id": 1}
    assert "fm" not in listed(None)


def test_a_wrong_way_is_refused_and_leaves_nothing_behind(portal: Portal) -> None:
    person = portal.person(fm=[phone("+79000000017")])
    ways = {"n0": phone("+79000000018"), "n1": {"typeId": "MOON", "value": "x"}}
    assert portal.refused("crm.item.update", entityTypeId=CONTACT, id=1, fields={"fm": ways})[0] == 400
    assert portal.get(CONTACT, person["id"]) == person
    assert portal.result("crm.duplicate.findbycomm", type="PHONE", values=["+79000000018"]) == []
    assert portal.refused("crm.item.update", entityTypeId=CONTACT, id=1, fields={"fm": "x"})[:2] == (400, "100")


def test_duplicates_are_found_by_the_digits_of_a_phone(portal: Portal) -> None:
    first = portal.person(fm=[phone("+7 (900) 000-00-17")])["id"]
    second = portal.person(fm=[phone("79000000017;12")])["id"]
    company = portal.add(COMPANY, title="ООО «Садко»", fm=[phone("+79000000017 доб. 5")])["id"]

    def found(**more: Any) -> Any:
        return portal.result("crm.duplicate.findbycomm", type="PHONE", values=["+7-900-000-00-17"], **more)

    assert found() == {"CONTACT": [first, second], "COMPANY": [company]}
    assert found(entity_type="COMPANY") == {"COMPANY": [company]}
    assert found(entity_type="LEAD") == []
    portal.result("crm.item.delete", entityTypeId=CONTACT, id=first)
    assert found(entity_type="CONTACT") == {"CONTACT": [second]}


def test_duplicates_are_found_by_an_address_in_any_letters(portal: Portal) -> None:
    person = portal.person(fm=[mail("Anna@Example.com")])["id"]
    assert portal.result("crm.duplicate.findbycomm", type="EMAIL", values=[ADDRESS]) == {"CONTACT": [person]}


def test_nobody_is_an_empty_list(portal: Portal) -> None:
    assert portal.result("crm.duplicate.findbycomm", type="EMAIL", values=[ADDRESS]) == []


def test_twenty_of_a_kind_hide_the_kinds_after_it(portal: Portal) -> None:
    portal.add(COMPANY, title="ООО «Садко»", fm=[mail(ADDRESS)])
    for _ in range(21):
        portal.person(fm=[mail(ADDRESS)])
    found = portal.result("crm.duplicate.findbycomm", type="EMAIL", values=[ADDRESS])
    assert found == {"CONTACT": list(range(1, 21))}


def test_of_the_values_the_first_twenty_are_looked_for(portal: Portal) -> None:
    portal.person(fm=[mail(ADDRESS)])
    many = [f"{n}@example.com" for n in range(20)]
    assert portal.result("crm.duplicate.findbycomm", type="EMAIL", values=[*many, ADDRESS]) == []
    assert portal.result("crm.duplicate.findbycomm", type="EMAIL", values=[*many[1:], ADDRESS]) == {"CONTACT": [1]}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"values": ["1"]}, "Communication type is not defined."),
        ({"type": "FAX", "values": ["1"]}, "Communication type 'FAX' is not supported in current context."),
        ({"type": "PHONE"}, "Communication values is not defined."),
    ],
)
def test_what_is_wrong_with_a_search(portal: Portal, params: dict[str, Any], words: str) -> None:
    assert portal.refused("crm.duplicate.findbycomm", **params) == (400, "", words)
