"""Who may call, and how: items 1, 2, 22 of the fidelity list."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sandbox.bitrix24.portal import CONTACT, WEBHOOK, Json, Portal


def error(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()["error"]


def test_a_webhook_is_a_user_and_a_code_in_the_path(portal: Portal) -> None:
    assert portal.result("profile")["ID"] == "1"
    assert portal.send("profile.json").json()["result"]["NAME"] == "Кабинет"
    assert error(portal.send("profile", webhook="/bitrix24/rest/1/wrong")) == (401, "INVALID_CREDENTIALS")
    assert error(portal.send("profile", webhook="/bitrix24/rest/2/demo")) == (401, "INVALID_CREDENTIALS")


def test_a_token_goes_in_the_query_or_in_the_body(portal: Portal) -> None:
    assert portal.web.get("/bitrix24/rest/profile", params={"auth": "demo-token"}).json()["result"]["ID"] == "1"
    assert portal.web.post("/bitrix24/rest/profile", json={"auth": "demo-token"}).json()["result"]["ID"] == "1"
    assert portal.web.post("/bitrix24/rest/profile", data={"auth": "demo-token"}).json()["result"]["ID"] == "1"


def test_a_call_without_a_good_token_is_refused(portal: Portal) -> None:
    portal.control("crm/credentials", {"kind": "token", "secret": "old", "expired": True})

    refused = [
        error(portal.web.post("/bitrix24/rest/profile", json=body)) for body in ({}, {"auth": "x"}, {"auth": "old"})
    ]

    assert refused == [(401, "NO_AUTH_FOUND"), (401, "invalid_token"), (401, "expired_token")]


def test_a_method_beyond_the_scopes_is_refused(portal: Portal) -> None:
    portal.control("crm/credentials", {"secret": "narrow", "scopes": ["user_basic"]})
    narrow = "/bitrix24/rest/1/narrow"

    assert error(portal.send("crm.item.list", {"entityTypeId": 3}, narrow)) == (403, "insufficient_scope")
    assert portal.send("scope", webhook=narrow).json()["result"] == ["user_basic"]
    allowed = portal.send("method.get", {"name": "crm.item.add"}, narrow).json()["result"]
    assert allowed == {"isExisting": True, "isAvailable": False}


def test_an_unknown_method_and_one_for_applications_only(portal: Portal) -> None:
    assert portal.refused("crm.moon.list")[:2] == (404, "ERROR_METHOD_NOT_FOUND")
    assert portal.refused("event.bind")[:2] == (403, "WRONG_AUTH_TYPE")
    assert portal.result("method.get", name="crm.moon.list") == {"isExisting": False, "isAvailable": False}
    assert portal.result("method.get", name="crm.item.add") == {"isExisting": True, "isAvailable": True}


def test_an_envelope_tells_the_time_that_the_call_took(portal: Portal) -> None:
    before = time.time()
    spent = portal.call("server.time")["time"]

    assert set(spent) == {
        "start", "finish", "duration", "processing", "date_start", "date_finish", "operating_reset_at", "operating",
    }  # fmt: skip
    assert before - 1 < spent["start"] <= spent["finish"] < time.time() + 1
    assert spent["date_start"].endswith("+03:00")
    assert 0 < spent["operating"] < 60
    assert 500 < spent["operating_reset_at"] - spent["start"] <= 600


def test_the_working_time_adds_up_for_each_method_and_may_be_left_out(portal: Portal) -> None:
    first, second, other = (portal.call(method)["time"] for method in ("server.time", "server.time", "scope"))
    assert first["operating"] == first["processing"]
    assert second["operating"] == first["processing"] + second["processing"]
    assert other["operating"] == other["processing"]

    portal.control("clock", {"jump": "PT11M"})
    later = portal.call("server.time")["time"]
    assert later["operating"] == later["processing"]

    portal.control("crm", {"operating": False})

    assert not {"operating", "operating_reset_at"} & set(portal.call("server.time")["time"])


def test_parameters_come_as_json_as_a_form_or_in_the_query(portal: Portal) -> None:
    portal.person(originId="c-1", originatorId="kabinet")
    nested: Json = {"entityTypeId": CONTACT, "filter": {"=originId": "c-1"}, "select": ["id", "name"]}
    flat = {"entityTypeId": "3", "filter[=originId]": "c-1", "select[0]": "id", "select[1]": "name"}
    path = f"{WEBHOOK}/crm.item.list"

    answers = [
        portal.web.post(path, json=nested),
        portal.web.post(path, data=flat),
        portal.web.get(path, params=flat),
    ]

    assert [answer.json()["result"] for answer in answers] == [{"items": [{"id": 1, "name": "Анна"}]}] * 3


def test_the_body_of_a_get_is_not_read(portal: Portal) -> None:
    refused = portal.web.request("GET", f"{WEBHOOK}/crm.item.list", json={"entityTypeId": 3})
    assert refused.status_code == 400
    assert refused.json()["error"] == "100"


def test_a_body_that_is_no_json_is_refused(portal: Portal) -> None:
    refused = portal.web.post(f"{WEBHOOK}/scope", content=b"{", headers={"Content-Type": "application/json"})
    assert error(refused) == (400, "100")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("commercial_plans", 403, "ACCESS_DENIED"),
        ("overload_limit", 503, "OVERLOAD_LIMIT"),
        ("too_many_requests", 503, "QUERY_LIMIT_EXCEEDED"),
        ("operation_time_limit", 429, "OPERATION_TIME_LIMIT"),
    ],
)
def test_a_portal_that_is_shut_does_nothing(portal: Portal, kind: str, status: int, code: str) -> None:
    rule = portal.control("faults", {"system": "bitrix24", "kind": kind})

    refused = [portal.refused("crm.item.add", entityTypeId=3, fields={"name": "Анна"})[:2] for _ in range(3)]

    assert refused == [(status, code)] * 3
    assert portal.held(CONTACT) == []
    portal.web.delete(f"/control/faults/{rule['id']}")
    portal.person()


def test_a_lapsed_tariff_says_so(portal: Portal) -> None:
    portal.fault("commercial_plans")
    assert portal.refused("profile")[2] == "REST API is available only on commercial plans"


def test_the_journal_names_method_and_item_and_no_secret(portal: Portal) -> None:
    portal.person(originId="c-1")
    portal.web.post("/bitrix24/rest/profile", json={"auth": "demo-token"})
    portal.web.get("/bitrix24/rest/profile?auth=demo-token")

    entries = portal.journal(system="bitrix24")

    added = entries[0]
    assert (added["method"], added["path"], added["key"], added["object_id"], added["status"]) == (
        "POST", "crm.item.add", "c-1", "contact:1", 200,
    )  # fmt: skip
    assert added["request"]["fields"]["originId"] == "c-1"
    text = portal.web.get("/control/journal").text
    assert "demo" not in text
