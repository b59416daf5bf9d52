"""`batch`: item 6 of the fidelity list."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.sandbox.bitrix24.portal import CONTACT, DEAL, WEBHOOK, Portal

MAPS = {"result", "result_error", "result_total", "result_next", "result_time"}


def test_commands_run_in_order_and_use_what_earlier_ones_answered(portal: Portal) -> None:
    outcomes = portal.batch(
        {
            "person": "crm.item.add?entityTypeId=3&fields[name]=Анна&fields[originId]=c-1",
            "deal": "crm.item.add?entityTypeId=2&fields[contactIds][0]=$result[person][item][id]"
            "&fields[title]=Договор $result[person][item][name]",
            "found": "crm.item.list?entityTypeId=2&filter[contactId]=$result[person][item][id]",
            "status": "crm.status.list?filter[ENTITY_ID]=DEAL_STAGE_1",
            "stage": "crm.item.update?entityTypeId=2&id=$result[deal][item][id]&fields[categoryId]=1"
            "&fields[stageId]=$result[status][1][STATUS_ID]",
        },
        halt=1,
    )

    assert set(outcomes) == MAPS
    assert outcomes["result_error"] == []
    deal = portal.get(DEAL, 1)
    assert (deal["contactIds"], deal["title"], deal["stageId"]) == ([1], "Договор Анна", "C1:WAITING")
    assert outcomes["result"]["found"]["items"][0]["id"] == 1
    assert outcomes["result_total"] == {"found": 1, "status": 8 - 2}
    assert set(outcomes["result_time"]["person"]) >= {"operating", "duration"}


def test_an_empty_map_is_an_empty_list(portal: Portal) -> None:
    assert portal.batch({"a": "scope"}) | {"result_time": 0, "result": 0} == {
        "result": 0, "result_error": [], "result_total": [], "result_next": [], "result_time": 0,
    }  # fmt: skip
    failed = portal.batch({"a": "nope"})
    assert failed["result"] == failed["result_time"] == []


def test_a_batch_of_errors_is_still_answered_with_200(portal: Portal) -> None:
    outcomes = portal.batch({"a": "nope", "b": "crm.item.get?entityTypeId=3&id=7"})
    assert outcomes["result_error"] == {
        "a": {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"},
        "b": {"error": "NOT_FOUND", "error_description": "Элемент не найден"},
    }


def test_halt_ends_at_the_first_error_and_what_went_before_stays(portal: Portal) -> None:
    commands = {
        "a": "crm.item.add?entityTypeId=3&fields[name]=A",
        "b": "nope",
        "c": "crm.item.add?entityTypeId=3&fields[name]=C",
    }

    halted = portal.batch(commands, halt=1)
    assert (list(halted["result"]), list(halted["result_error"])) == (["a"], ["b"])
    assert [item["name"] for item in portal.held(CONTACT)] == ["A"]

    whole = portal.batch(commands)
    assert (list(whole["result"]), list(whole["result_error"])) == (["a", "c"], ["b"])


def test_what_a_failed_command_did_not_answer_is_empty(portal: Portal) -> None:
    outcomes = portal.batch({"a": "nope", "b": "crm.item.add?entityTypeId=3&fields[name]=x$result[a][id]y"})
    assert outcomes["result"]["b"]["item"]["name"] == "xy"


def test_a_batch_in_a_batch_is_refused(portal: Portal) -> None:
    outcomes = portal.batch({"a": "batch?cmd[x]=scope"})
    assert outcomes["result_error"]["a"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"


def test_commands_past_the_fiftieth_are_refused_one_by_one(portal: Portal) -> None:
    outcomes = portal.batch([f"crm.item.add?entityTypeId=3&fields[name]=N{n}" for n in range(52)])
    assert len(outcomes["result"]) == 50
    assert {key: error["error"] for key, error in outcomes["result_error"].items()} == {
        "50": "ERROR_BATCH_LENGTH_EXCEEDED", "51": "ERROR_BATCH_LENGTH_EXCEEDED",
    }  # fmt: skip
    assert len(portal.held(CONTACT)) == 50


def test_a_page_of_a_list_in_a_batch_names_its_next(portal: Portal) -> None:
    portal.batch([f"crm.item.add?entityTypeId=3&fields[name]=N{n}" for n in range(50)])
    portal.person()
    outcomes = portal.batch({"all": "crm.item.list?entityTypeId=3"})
    assert (outcomes["result_total"], outcomes["result_next"]) == ({"all": 51}, {"all": 50})


def test_a_value_is_encoded_once_in_json_and_twice_in_a_form(portal: Portal) -> None:
    command = f"crm.item.add?entityTypeId=3&fields[name]={quote('А & Б=1')}"
    assert portal.batch({"a": command})["result"]["a"]["item"]["name"] == "А & Б=1"
    form = portal.web.post(f"{WEBHOOK}/batch", data={"halt": "0", "cmd[a]": command})
    assert form.json()["result"]["result"]["a"]["item"]["name"] == "А & Б=1"


@pytest.mark.parametrize("params", [{}, {"cmd": []}, {"cmd": "scope"}])
def test_a_batch_of_nothing_is_refused(portal: Portal, params: dict[str, object]) -> None:
    assert portal.refused("batch", **params)[:2] == (400, "100")


def test_each_command_is_journaled(portal: Portal) -> None:
    portal.batch({"a": "crm.item.add?entityTypeId=3&fields[name]=A&fields[originId]=c-1", "b": "nope"})
    entries = portal.journal(system="bitrix24")
    assert [(e["method"], e["path"], e["key"], e["object_id"], e["status"]) for e in entries] == [
        ("POST", "batch", None, None, 200),
        ("BATCH", "crm.item.add", "c-1", "contact:1", 200),
        ("BATCH", "nope", None, None, 404),
    ]


def test_a_batch_killed_midway_leaves_a_part_of_it_done(portal: Portal) -> None:
    portal.fault("killed_mid_batch")
    commands = [f"crm.item.add?entityTypeId=3&fields[name]=N{n}" for n in range(10)]

    killed = portal.send("batch", {"cmd": commands})

    assert killed.status_code == 504
    assert killed.headers["content-type"].startswith("text/html")
    assert [item["name"] for item in portal.held(CONTACT)] == [f"N{n}" for n in range(5)]


def test_only_batches_are_killed_midway(portal: Portal) -> None:
    portal.fault("killed_mid_batch", match={"method": "crm.item.add"})
    portal.person()
    assert portal.send("batch", {"cmd": ["crm.item.get?entityTypeId=3&id=1"]}).status_code == 200
    assert portal.send("batch", {"cmd": ["crm.item.add?entityTypeId=3&fields[name]=A"]}).status_code == 504


def test_a_method_that_worked_too_long_fails_its_own_commands_only(portal: Portal) -> None:
    portal.control(
        "faults", {"system": "bitrix24", "kind": "operation_time_limit", "match": {"method": "crm.item.add"}}
    )
    outcomes = portal.batch({"a": "crm.item.add?entityTypeId=3&fields[name]=A", "b": "scope"})
    assert outcomes["result_error"]["a"]["error"] == "OPERATION_TIME_LIMIT"
    assert list(outcomes["result"]) == ["b"]
    assert portal.held(CONTACT) == []


@pytest.mark.parametrize(("kind", "held"), [("error_500_after", 2), ("error_500_before", 0), ("too_many_requests", 0)])
def test_a_fault_of_one_command_is_one_of_the_whole_request(portal: Portal, kind: str, held: int) -> None:
    portal.fault(kind, match={"method": "crm.item.add", "external_id": "c-2"})
    commands = [f"crm.item.add?entityTypeId=3&fields[name]=N&fields[originId]=c-{n}" for n in (1, 2)]

    assert portal.send("batch", {"cmd": commands}).status_code in {500, 503}
    assert len(portal.held(CONTACT)) == held
    assert portal.send("batch", {"cmd": commands}).status_code == 200
