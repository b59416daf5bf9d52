"""Funnels, stages and the marks of moves: items 15 and, of 30, the list of kinds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bitrix24.portal import CONTACT, DEAL, INVOICE, PAYMENT, Json, Portal


def test_the_funnels_of_a_kind(portal: Portal) -> None:
    answer = portal.call("crm.category.list", entityTypeId=DEAL)
    assert answer["total"] == 2
    assert [(c["id"], c["name"], c["isDefault"]) for c in answer["result"]["categories"]] == [
        (1, "Автоплатежи", "N"), (0, "Общая", "Y"),
    ]  # fmt: skip
    for number in (INVOICE, PAYMENT):
        [category] = portal.result("crm.category.list", entityTypeId=number)["categories"]
        assert (category["id"], category["isDefault"], category["entityTypeId"]) == (1, "Y", number)
    assert portal.refused("crm.category.list", entityTypeId=CONTACT)[:2] == (400, "ENTITY_TYPE_NOT_SUPPORTED")


@pytest.mark.parametrize(
    ("entity", "stages"),
    [
        (
            "DEAL_STAGE_1",
            [
                ("C1:NEW", "Новый", None), ("C1:WAITING", "Ждём оплаты", None), ("C1:PAID", "Оплачен", None),
                ("C1:OVERDUE", "Просрочен", None), ("C1:WON", "Завершён", "S"), ("C1:LOSE", "Расторгнут", "F"),
            ],
        ),
        (
            "SMART_INVOICE_STAGE_1",
            [
                ("DT31_1:N", "Новый", None), ("DT31_1:S", "Отправлен", None), ("DT31_1:UC_OVERDUE", "Просрочен", None),
                ("DT31_1:P", "Оплачен", "S"), ("DT31_1:D", "Не оплачен", "F"),
            ],
        ),
        (
            "DYNAMIC_1038_STAGE_1",
            [
                ("DT1038_1:NEW", "Создан", None), ("DT1038_1:PENDING", "Ждёт банк", None),
                ("DT1038_1:SUCCESS", "Проведён", "S"), ("DT1038_1:FAIL", "Не прошёл", "F"),
            ],
        ),
    ],
)  # fmt: skip
def test_the_stages_of_a_funnel_in_order(portal: Portal, entity: str, stages: list[tuple[Any, ...]]) -> None:
    rows = portal.result("crm.status.list", filter={"ENTITY_ID": entity}, order={"SORT": "ASC"})
    assert [(row["STATUS_ID"], row["NAME"], row["SEMANTICS"]) for row in rows] == stages
    assert [row["SORT"] for row in rows] == [str(n * 10) for n in range(1, len(stages) + 1)]
    assert rows[0]["EXTRA"]["SEMANTICS"] == "process"


def test_the_default_funnel_of_deals_has_the_portals_own_stages(portal: Portal) -> None:
    rows = portal.result("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE"}, order={"SORT": "DESC"})
    assert [row["STATUS_ID"] for row in rows][-1] == "NEW"
    assert {row["STATUS_ID"]: row["SEMANTICS"] for row in rows}["APOLOGY"] == "F"
    assert rows[0]["CATEGORY_ID"] is None


def test_a_move_marks_the_deal(portal: Portal) -> None:
    deal = portal.contract()
    assert (deal["stageId"], deal["stageSemanticId"], deal["closed"], deal["isNew"]) == ("C1:NEW", "P", "N", "Y")
    portal.control("clock", {"jump": "PT1H"})

    moved = portal.update(DEAL, deal["id"], stageId="C1:WON")

    assert (moved["stageSemanticId"], moved["closed"], moved["isNew"], moved["movedBy"]) == ("S", "Y", "N", 1)
    assert moved["movedTime"] == moved["updatedTime"] > deal["movedTime"]
    lost = portal.control("crm/edit", {"entity_type_id": DEAL, "id": deal["id"], "fields": {"stageId": "C1:LOSE"}})
    assert (lost["stageSemanticId"], lost["closed"], lost["movedBy"]) == ("F", "Y", 2)
    assert portal.update(DEAL, deal["id"], stageId="C1:WAITING")["closed"] == "N"


def test_a_move_of_an_invoice_keeps_where_it_came_from(portal: Portal) -> None:
    invoice = portal.add(INVOICE)
    assert invoice["previousStageId"] is None
    assert portal.update(INVOICE, invoice["id"], stageId="DT31_1:P")["previousStageId"] == "DT31_1:N"


def test_moves_are_kept_as_history(portal: Portal) -> None:
    deal = portal.contract()["id"]
    for stage in ("C1:WAITING", "C1:WON"):
        portal.update(DEAL, deal, stageId=stage)
    portal.update(DEAL, deal, categoryId=0, stageId="EXECUTING")
    portal.contract()

    rows = portal.result("crm.stagehistory.list", entityTypeId=DEAL, filter={"OWNER_ID": deal}, order={"ID": "ASC"})[
        "items"
    ]

    assert [(row["TYPE_ID"], row["CATEGORY_ID"], row["STAGE_ID"], row["STAGE_SEMANTIC_ID"]) for row in rows] == [
        (1, 1, "C1:NEW", "P"), (2, 1, "C1:WAITING", "P"), (3, 1, "C1:WON", "S"), (5, 0, "EXECUTING", "P"),
    ]  # fmt: skip
    after = portal.result("crm.stagehistory.list", entityTypeId=DEAL, filter={">ID": rows[1]["ID"]})["items"]
    assert [row["TYPE_ID"] for row in after] == [3, 5, 1]
    assert portal.call("crm.stagehistory.list", entityTypeId=DEAL)["total"] == 5
    assert portal.result("crm.stagehistory.list", entityTypeId=INVOICE)["items"] == []


@pytest.mark.parametrize(
    "fields",
    [
        {"stageId": "NEW"},
        {"stageId": "C2:NEW"},
        {"stageId": "DT31_1:N"},
        {"categoryId": 0, "stageId": "C1:WON"},
        {"categoryId": 7},
    ],
)
def test_a_stage_of_another_funnel_or_of_none_is_refused(portal: Portal, fields: dict[str, Any]) -> None:
    deal = portal.contract()
    refused = portal.refused("crm.item.update", entityTypeId=DEAL, id=deal["id"], fields=fields)
    assert refused[:2] == (400, "CRM_FIELD_ERROR_VALUE_NOT_VALID")
    assert portal.get(DEAL, deal["id"]) == deal


def test_another_funnel_with_its_stage_is_a_move(portal: Portal) -> None:
    deal = portal.contract()["id"]
    moved = portal.update(DEAL, deal, categoryId=0, stageId="WON")
    assert (moved["categoryId"], moved["stageId"], moved["closed"]) == (0, "WON", "Y")
    assert portal.update(DEAL, deal, categoryId=1)["stageId"] == "C1:NEW"


def test_a_new_deal_without_its_funnel_cannot_take_that_funnels_stage(portal: Portal) -> None:
    assert portal.refused("crm.item.add", entityTypeId=DEAL, fields={"stageId": "C1:NEW"})[0] == 400


def test_a_deleted_stage_keeps_its_items_and_takes_no_others(portal: Portal) -> None:
    inside, outside = portal.contract(stageId="C1:OVERDUE")["id"], portal.contract()["id"]
    portal.control("crm/stages", {"delete": "C1:OVERDUE"})

    assert "C1:OVERDUE" not in [row["STATUS_ID"] for row in portal.result("crm.status.list")]
    refused = portal.refused("crm.item.update", entityTypeId=DEAL, id=outside, fields={"stageId": "C1:OVERDUE"})
    assert refused == (400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", 'Неверное значение поля "stageId"')
    assert portal.update(DEAL, inside, title="Другой")["stageId"] == "C1:OVERDUE"
    assert portal.update(DEAL, inside, stageId="C1:PAID")["stageId"] == "C1:PAID"


def test_a_stage_is_added(portal: Portal) -> None:
    stage = {
        "entity_type_id": DEAL,
        "category_id": 1,
        "code": "UC_COURT",
        "name": "В суде",
        "sort": 45,
        "semantics": "F",
    }
    portal.control("crm/stages", {"add": stage})
    assert portal.contract(stageId="C1:UC_COURT")["stageSemanticId"] == "F"
    assert portal.web.post("/control/crm/stages", json={"add": stage}).status_code == 400
    assert portal.web.post("/control/crm/stages", json={"delete": "C1:MOON"}).status_code == 404
    wrong: list[Json] = [{}, {"add": {}}, {"add": {**stage, "code": "X", "semantics": "Q"}}]
    for body in wrong:
        assert portal.web.post("/control/crm/stages", json=body).status_code == 400


def test_smart_processes_are_discovered(portal: Portal) -> None:
    [found] = portal.result("crm.type.list")["types"]
    assert (found["id"], found["entityTypeId"], found["title"]) == (7, PAYMENT, "Платежи")
    assert (found["isClientEnabled"], found["isLinkWithProductsEnabled"], found["isStagesEnabled"]) == ("Y", "Y", "Y")
    parents = {parent["entityTypeId"] for parent in found["relations"]["parent"]}
    assert {DEAL, INVOICE} <= parents
    assert portal.result("crm.type.getByEntityTypeId", entityTypeId=PAYMENT) == {"type": found}
    assert portal.refused("crm.type.getByEntityTypeId", entityTypeId=1040)[:2] == (400, 0)


def test_user_fields_are_discovered(portal: Portal) -> None:
    def named(entity: str) -> dict[str, str]:
        fields = portal.result("userfieldconfig.list", moduleId="crm", filter={"entityId": entity})["fields"]
        return {field["fieldName"]: field["userTypeId"] for field in fields}

    assert named("CRM_CONTACT") == named("CRM_COMPANY") == {"UF_CRM_KABINET_URL": "url"}
    assert named("CRM_DEAL") == {
        "UF_CRM_KABINET_CONTRACT": "string", "UF_CRM_KABINET_NEXT_ON": "date", "UF_CRM_KABINET_DEBT": "money",
        "UF_CRM_KABINET_AUTOPAY": "string", "UF_CRM_KABINET_URL": "url",
    }  # fmt: skip
    assert named("CRM_SMART_INVOICE") == {"UF_CRM_SMART_INVOICE_KABINET_URL": "url"}
    assert named("CRM_7") == {
        "UF_CRM_7_METHOD": "string", "UF_CRM_7_REASON": "string", "UF_CRM_7_GATEWAY_ID": "string",
        "UF_CRM_7_AGGREGATOR": "string", "UF_CRM_7_PAID_AT": "datetime", "UF_CRM_7_URL": "url",
    }  # fmt: skip
