"""Applied, then lost: item 3 of the fidelity list; and faults that come again the same."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.sandbox.bitrix24.portal import CONTACT, DEAL, Json, Portal

ADD: Json = {"entityTypeId": CONTACT, "fields": {"name": "Анна", "originId": "c-1"}}


@pytest.mark.parametrize(
    ("kind", "more", "status"),
    [
        ("error_500_before", {}, 500),
        ("drop_before", {}, None),
        ("html_502", {"effect": "before"}, 502),
        ("too_many_requests", {}, 503),
    ],
)
def test_before_the_effect_nothing_is_done(portal: Portal, kind: str, more: Json, status: int | None) -> None:
    portal.fault(kind, **more)
    if status is None:
        with pytest.raises(httpx.TransportError):
            portal.send("crm.item.add", ADD)
    else:
        assert portal.send("crm.item.add", ADD).status_code == status

    assert portal.held(CONTACT) == []
    [entry] = portal.journal(system="bitrix24")
    assert (entry["status"], entry["fault"], entry["key"], entry["object_id"]) == (status, kind, "c-1", None)


@pytest.mark.parametrize(
    ("kind", "status"), [("error_500_after", 500), ("drop_after", None), ("html_502", 502), ("cut_json", 200)]
)
def test_after_the_effect_the_item_is_there_though_the_answer_is_lost(
    portal: Portal, kind: str, status: int | None
) -> None:
    portal.fault(kind)
    if status is None:
        with pytest.raises(httpx.TransportError):
            portal.send("crm.item.add", ADD)
    else:
        answer = portal.send("crm.item.add", ADD)
        assert answer.status_code == status
        if kind != "error_500_after":
            with pytest.raises(ValueError, match=r".*"):
                answer.json()

    assert [item["originId"] for item in portal.held(CONTACT)] == ["c-1"]
    assert portal.ids(CONTACT, filter={"=originId": "c-1"}) == [1]
    entry = portal.journal(system="bitrix24")[0]
    assert (entry["status"], entry["fault"], entry["object_id"]) == (status, kind, "contact:1")
    portal.send("crm.item.add", ADD)
    assert len(portal.held(CONTACT)) == 2


def test_an_update_may_be_applied_and_lost_too(portal: Portal) -> None:
    deal = portal.contract()["id"]
    portal.fault("error_500_after", match={"method": "crm.item.update", "entity_type": "deal"})
    lost = portal.send("crm.item.update", {"entityTypeId": DEAL, "id": deal, "fields": {"stageId": "C1:PAID"}})
    assert lost.status_code == 500
    assert lost.json()["error"] == "INTERNAL_SERVER_ERROR"
    assert portal.get(DEAL, deal)["stageId"] == "C1:PAID"


def test_an_answer_may_come_after_the_clients_patience(portal: Portal) -> None:
    portal.fault("hang", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        portal.web.post("/bitrix24/rest/1/demo/crm.item.add", json=ADD, timeout=0.3)
    assert len(portal.held(CONTACT)) == 1

    portal.fault("slow", seconds=0.4)
    began = time.monotonic()
    assert portal.send("crm.item.add", ADD).status_code == 200
    assert time.monotonic() - began >= 0.4


def test_a_match_narrows_by_method_kind_and_external_id(portal: Portal) -> None:
    portal.fault(
        "error_500_before", times=9, match={"method": "crm.item.*", "entity_type": "contact", "external_id": "c-*"}
    )
    assert portal.send("crm.item.add", ADD).status_code == 500
    looked_for = {"entityTypeId": CONTACT, "filter": {"=originId": "c-1"}}
    assert portal.send("crm.item.list", looked_for).status_code == 500
    assert portal.send("crm.item.list", {"entityTypeId": CONTACT}).status_code == 200
    assert portal.send("crm.item.list", {**looked_for, "entityTypeId": DEAL}).status_code == 200


def test_a_timeline_is_matched_by_its_owners_kind(portal: Portal) -> None:
    portal.contract()
    portal.fault("error_500_before", match={"method": "crm.timeline.*", "entity_type": "deal"})
    comment = {"fields": {"ENTITY_TYPE": "deal", "ENTITY_ID": 1, "COMMENT": "x"}}
    assert portal.send("crm.timeline.comment.add", comment).status_code == 500
    assert portal.journal(system="bitrix24")[-1]["object_id"] == "deal:1"


def test_a_share_of_intentions_fails_the_same_in_every_run(portal: Portal) -> None:
    def struck(seed: int) -> list[int]:
        portal.web.delete("/control/faults")
        portal.fault("error_500_before", rate=0.4, seed=seed)
        adds = [
            {"entityTypeId": CONTACT, "fields": {"name": f"n{time.time()}", "originId": f"c-{n % 8}"}}
            for n in range(24)
        ]
        return [portal.send("crm.item.add", add).status_code for add in adds]

    first, again, other = struck(1), struck(1), struck(2)
    assert first == again
    assert first != other
    assert set(first) == {200, 500}


@pytest.mark.parametrize(
    "rule",
    [
        {"system": "bitrix24", "kind": "webhook_lost"},
        {"system": "bitrix24", "kind": "slow", "match": {"path": "x"}},
        {"system": "crm_event", "kind": "lost", "match": {"method": "x"}},
    ],
)
def test_a_rule_that_says_nothing_of_the_portal_is_refused(portal: Portal, rule: Json) -> None:
    assert portal.web.post("/control/faults", json=rule).status_code == 400
