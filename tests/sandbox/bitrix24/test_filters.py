"""Pages, filters and orders of lists: items 17 and 18 of the fidelity list."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.portal import CONTACT, DEAL, INVOICE, Portal


@pytest.fixture
def deals(portal: Portal) -> Portal:
    """Five deals: sums 100…500, titles, contacts, the last without a contract number."""
    for number in range(1, 6):
        more = {"UF_CRM_KABINET_CONTRACT": f"2026-{number}"} if number < 5 else {}
        portal.contract(title=f"Аренда {number}_%", opportunity=number * 100, contactIds=[number, 9], **more)
    portal.update(DEAL, 2, stageId="C1:WON")
    return portal


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"opportunity": 300}, [3]),
        ({"=opportunity": "300.00"}, [3]),
        ({"!opportunity": 300}, [1, 2, 4, 5]),
        ({"!=opportunity": 300}, [1, 2, 4, 5]),
        ({">opportunity": 300}, [4, 5]),
        ({">=opportunity": 300}, [3, 4, 5]),
        ({"<opportunity": 300}, [1, 2]),
        ({"<=opportunity": 300}, [1, 2, 3]),
        ({">opportunity": 100, "<opportunity": 400}, [2, 3]),
        ({"@id": [1, 3, 77]}, [1, 3]),
        ({"id": [1, 3]}, [1, 3]),
        ({"@id": 4}, [4]),
        ({"!@id": [1, 3]}, [2, 4, 5]),
        ({"!id": [1, 3]}, [2, 4, 5]),
        ({"@id": []}, []),
        ({"%title": "АРЕНДА 3"}, [3]),
        ({"%title": "3_"}, [3]),
        ({"%title": "_%"}, [1, 2, 3, 4, 5]),
        ({"=%title": "аренда 4%"}, [4]),
        ({"%=title": "%5%"}, [5]),
        ({"!%title": "Аренда 3"}, [1, 2, 4, 5]),
        ({"!=%title": "Аренда 1%"}, [2, 3, 4, 5]),
        ({"!%=title": "Аренда 1%"}, [2, 3, 4, 5]),
        ({"contactId": 2}, [2]),
        ({"contactIds": 9}, [1, 2, 3, 4, 5]),
        ({"contactIds": [4, 5]}, [4, 5]),
        ({"!contactIds": 4}, [1, 2, 3, 5]),
        ({"stageId": "C1:WON"}, [2]),
        ({"stageSemanticId": "P", "closed": "N"}, [1, 3, 4, 5]),
        ({"ufCrmKabinetContract": "2026-3"}, [3]),
        ({"ufCrmKabinetContract": ""}, [5]),
        ({"!ufCrmKabinetContract": None}, [1, 2, 3, 4]),
        ({"ufCrmKabinetContract": ["2026-1", ""]}, [1, 5]),
        ({"originId": "x"}, []),
        ({"0": {"logic": "OR", "0": {"opportunity": 100}, "1": {">opportunity": 400}}}, [1, 5]),
        ({"logic": "OR", "id": 1, "stageId": "C1:WON"}, [1, 2]),
        ({"categoryId": 1, "0": {"logic": "OR", "0": {"id": 1, "opportunity": 100}, "1": {"id": 2, "opportunity": 1}}}, [1]),
        ([{"logic": "OR", "0": {"id": 4}, "1": {"id": 5}}], [4, 5]),
        ({}, [1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_a_filter_finds(deals: Portal, given: Any, ids: list[int]) -> None:
    assert deals.ids(DEAL, filter=given) == ids


def test_user_fields_are_filtered_by_the_names_of_the_call(deals: Portal) -> None:
    assert deals.ids(DEAL, filter={"UF_CRM_KABINET_CONTRACT": "2026-3"}, useOriginalUfNames="Y") == [3]
    for names, field in (("N", "UF_CRM_KABINET_CONTRACT"), ("Y", "ufCrmKabinetContract")):
        refused = deals.refused("crm.item.list", entityTypeId=DEAL, filter={field: "x"}, useOriginalUfNames=names)
        assert refused[:2] == (400, "INVALID_ARG_VALUE")


def test_moments_are_compared_as_moments_whatever_their_offset(portal: Portal) -> None:
    portal.control("clock", {"jump": "2031-01-31T10:00:00+03:00"})
    portal.person()
    portal.control("clock", {"jump": "2031-01-31T12:00:00+03:00"})
    portal.person()

    for written in ("2031-01-31T12:00:00+03:00", "2031-01-31T09:00:00Z", "2031-01-31T12:00:00", "31.01.2031 12:00:00"):
        assert portal.ids(CONTACT, filter={">=updatedTime": written}) == [2], written
    assert portal.ids(CONTACT, filter={"<updatedTime": "2031-01-31T12:00:00+03:00"}) == [1]


def test_a_date_is_found_however_it_is_written(portal: Portal) -> None:
    portal.add(INVOICE, closedate="2026-12-01")
    for written in ("2026-12-01", "01.12.2026", "2026-12-01T03:00:00+03:00"):
        assert portal.ids(INVOICE, filter={"=closedate": written}) == [1]
    assert portal.ids(INVOICE, filter={"<closedate": "2026-12-01"}) == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"filter": {"moon": 1}}, "Invalid filter: field 'moon' is not allowed in filter"),
        (
            {"filter": {"0": {"logic": "OR", "0": {">=moon": 1}}}},
            "Invalid filter: field 'moon' is not allowed in filter",
        ),
        ({"filter": {"shortName": "x"}}, "Invalid filter: field 'shortName' is not allowed in filter"),
        ({"filter": {">createdTime": "soon"}}, "Invalid filter: value of field 'createdTime' is not allowed"),
        ({"order": {"moon": "ASC"}}, "Invalid order: field 'moon' is not allowed in order"),
        (
            {"order": {"id": "UP"}},
            "Invalid order: allowed sort directions are ASC, DESC. But got 'UP' for field 'id'",
        ),
    ],
)
def test_a_wrong_filter_or_order_is_refused(portal: Portal, params: dict[str, Any], words: str) -> None:
    assert portal.refused("crm.item.list", entityTypeId=CONTACT, **params) == (400, "INVALID_ARG_VALUE", words)


def test_an_order_may_have_several_terms(deals: Portal) -> None:
    assert deals.ids(DEAL, order={"opportunity": "DESC"}) == [5, 4, 3, 2, 1]
    assert deals.ids(DEAL, order={"stageSemanticId": "desc", "id": "DESC"}) == [2, 5, 4, 3, 1]


def test_only_the_chosen_fields_come(deals: Portal) -> None:
    [item] = deals.result("crm.item.list", entityTypeId=DEAL, filter={"id": 3}, select=["title", "stageId", "moon"])[
        "items"
    ]
    assert item == {"id": 3, "title": "Аренда 3_%", "stageId": "C1:NEW"}


@pytest.fixture
def many(portal: Portal) -> Portal:
    """A hundred and twenty contacts."""
    for base in range(0, 120, 40):
        portal.batch({str(n): f"crm.item.add?entityTypeId=3&fields[name]=N{base + n}" for n in range(40)})
    return portal


def test_a_page_has_fifty_rows_and_names_the_next_while_there_is_one(many: Portal) -> None:
    pages = [many.call("crm.item.list", entityTypeId=CONTACT, start=start) for start in (0, 50, 100)]

    assert [len(page["result"]["items"]) for page in pages] == [50, 50, 20]
    assert [page.get("next") for page in pages] == [50, 100, None]
    assert [page["total"] for page in pages] == [120, 120, 120]
    found = [item["id"] for page in pages for item in page["result"]["items"]]
    assert found == list(range(1, 121))


def test_a_start_of_minus_one_counts_nothing(many: Portal) -> None:
    page = many.call("crm.item.list", entityTypeId=CONTACT, start=-1)
    assert (len(page["result"]["items"]), page["total"], "next" in page) == (50, 0, False)


def test_a_reader_goes_on_from_the_last_id(many: Portal) -> None:
    seen: list[int] = []
    while True:
        page = many.ids(CONTACT, filter={">id": seen[-1] if seen else 0}, order={"id": "ASC"}, start=-1, select=["id"])
        seen += page
        if len(page) < 50:
            break
    assert seen == list(range(1, 121))
