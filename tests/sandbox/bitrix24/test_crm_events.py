"""Outgoing events: items 11, 12 and 14 of the fidelity list."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sandbox.bitrix24.conftest import Handler
from tests.sandbox.bitrix24.portal import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, Portal, phone
from tests.sandbox.gateway import eventually


def settled(portal: Portal, handler: Handler, count: int) -> list[str]:
    """The events, when so many have come and none is due."""
    eventually(lambda: len(handler.received) >= count)
    eventually(lambda: portal.web.get("/control/state").json()["events_due"] == 0)
    return handler.events()


def test_ones_own_changes_raise_events_too(portal: Portal, handler: Handler) -> None:
    person = portal.person()["id"]
    portal.update(CONTACT, person, name="Ольга")
    portal.control("crm/edit", {"entity_type_id": CONTACT, "id": person, "fields": {"name": "Вера"}})
    portal.result("crm.item.delete", entityTypeId=CONTACT, id=person)

    assert sorted(settled(portal, handler, 4)) == [
        "ONCRMCONTACTADD 1", "ONCRMCONTACTDELETE 1", "ONCRMCONTACTUPDATE 1", "ONCRMCONTACTUPDATE 1",
    ]  # fmt: skip


def test_an_event_is_a_form_that_says_nothing_of_the_item(portal: Portal, handler: Handler) -> None:
    portal.person()
    settled(portal, handler, 1)
    [form] = handler.received
    assert set(form) == {
        "event", "event_handler_id", "data[FIELDS][ID]", "ts", "auth[domain]", "auth[client_endpoint]",
        "auth[server_endpoint]", "auth[member_id]", "auth[application_token]",
    }  # fmt: skip
    assert form["auth[application_token]"] == "app-token"
    assert abs(int(form["ts"]) - time.time()) < 30
    entry = portal.journal(system="crm_event")[0]
    assert (entry["object_id"], entry["status"], entry["outcome"]) == ("contact:1", 200, "ONCRMCONTACTADD: delivered")


@pytest.mark.parametrize(
    ("entity_type_id", "fields", "event"),
    [
        (COMPANY, {"title": "ООО"}, "ONCRMCOMPANYADD"),
        (DEAL, {}, "ONCRMDEALADD"),
        (INVOICE, {}, "ONCRMDYNAMICITEMADD"),
        (PAYMENT, {}, "ONCRMDYNAMICITEMADD"),
    ],
)
def test_each_kind_has_its_event(
    portal: Portal, handler: Handler, entity_type_id: int, fields: dict[str, Any], event: str
) -> None:
    portal.add(entity_type_id, **fields)
    assert settled(portal, handler, 1) == [f"{event} 1"]
    told = handler.received[0].get("data[FIELDS][ENTITY_TYPE_ID]")
    assert told == (str(entity_type_id) if entity_type_id in {INVOICE, PAYMENT} else None)


def test_a_subscription_may_be_to_one_smart_process(portal: Portal, handler: Handler) -> None:
    portal.control("crm", {"events": ["ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEM*_1038"]})
    portal.add(INVOICE)
    payment = portal.add(PAYMENT)["id"]
    portal.update(PAYMENT, payment, title="Другой")

    assert sorted(settled(portal, handler, 4)) == [
        "ONCRMDYNAMICITEMADD 1", "ONCRMDYNAMICITEMADD 1", "ONCRMDYNAMICITEMADD_1038 1", "ONCRMDYNAMICITEMUPDATE_1038 1",
    ]  # fmt: skip
    assert {form["event"]: form["event_handler_id"] for form in handler.received} == {
        "ONCRMDYNAMICITEMADD": "1", "ONCRMDYNAMICITEMADD_1038": "2", "ONCRMDYNAMICITEMUPDATE_1038": "2",
    }  # fmt: skip


def test_a_change_that_changes_nothing_raises_no_event(portal: Portal, handler: Handler) -> None:
    person = portal.person(fm=[phone("+79000000017")])
    portal.update(CONTACT, person["id"], name="Анна", fm={str(person["fm"][0]["id"]): phone("+79000000017")})
    assert settled(portal, handler, 1) == ["ONCRMCONTACTADD 1"]


def test_a_changed_phone_is_a_change(portal: Portal, handler: Handler) -> None:
    person = portal.person(fm=[phone("+79000000017")])
    portal.update(CONTACT, person["id"], fm={str(person["fm"][0]["id"]): {"value": "+79000000018"}})
    assert len(settled(portal, handler, 2)) == 2


def test_a_move_to_another_funnel_is_not_told_to_a_webhook(portal: Portal, handler: Handler) -> None:
    portal.control("crm", {"events": ["*"]})
    deal = portal.contract()["id"]
    portal.update(DEAL, deal, categoryId=0, stageId="EXECUTING", title="Другой")
    assert settled(portal, handler, 1) == ["ONCRMDEALADD 1"]


def test_what_was_not_asked_for_is_not_told(portal: Portal, handler: Handler) -> None:
    portal.control("crm", {"events": ["ONCRMDEAL*"]})
    portal.person()
    portal.contract()
    assert settled(portal, handler, 1) == ["ONCRMDEALADD 1"]


def test_comments_and_requisites_are_told_to_those_who_ask(portal: Portal, handler: Handler) -> None:
    portal.control("crm", {"events": ["ONCRMTIMELINECOMMENT*", "ONCRMREQUISITE*"]})
    portal.person()
    requisite = {"ENTITY_TYPE_ID": CONTACT, "ENTITY_ID": 1, "PRESET_ID": 3}
    portal.result("crm.requisite.add", fields=requisite)
    portal.result("crm.requisite.update", id=1, fields={"RQ_INN": "770000000000"})
    portal.result("crm.timeline.comment.add", fields={"ENTITY_TYPE": "contact", "ENTITY_ID": 1, "COMMENT": "x"})
    assert sorted(settled(portal, handler, 3)) == [
        "ONCRMREQUISITEADD 1", "ONCRMREQUISITEUPDATE 1", "ONCRMTIMELINECOMMENTADD 1",
    ]  # fmt: skip


def test_without_a_target_nothing_is_queued(portal: Portal) -> None:
    portal.person()
    assert portal.web.get("/control/state").json()["events_due"] == 0
    assert portal.journal(system="crm_event") == []


@pytest.mark.parametrize("status", [404, 500, 302])
def test_an_event_is_sent_once_whatever_the_answer(portal: Portal, handler: Handler, status: int) -> None:
    handler.status = status
    portal.person()
    settled(portal, handler, 1)
    time.sleep(0.6)
    assert len(handler.received) == 1
    [entry] = portal.journal(system="crm_event")
    assert (entry["status"], entry["outcome"]) == (status, "ONCRMCONTACTADD: lost")


def test_nobody_there_loses_the_event(portal: Portal) -> None:
    portal.control("targets", {"bitrix24_url": "http://127.0.0.1:1/nobody"})
    portal.person()
    [entry] = eventually(lambda: portal.journal(system="crm_event"))
    assert (entry["status"], entry["outcome"]) == (None, "ONCRMCONTACTADD: lost")


def test_the_queue_holds_an_event_for_a_while(portal: Portal, handler: Handler) -> None:
    portal.control("crm", {"pause_least_s": 0.8, "pause_most_s": 0.8})
    began = time.monotonic()
    portal.person()
    settled(portal, handler, 1)
    assert handler.at[0] - began >= 0.75


def test_a_slow_handler_waits_longer(portal: Portal, handler: Handler) -> None:
    handler.slow_s = 1.1
    portal.person()
    eventually(lambda: portal.journal(system="crm_event"))
    handler.slow_s = 0
    portal.person()
    settled(portal, handler, 2)
    assert handler.at[1] - handler.at[0] >= 1.1 + 0.9


def test_a_lost_event_never_comes(portal: Portal, handler: Handler) -> None:
    portal.fault("lost", "crm_event", match={"event": "ONCRMCONTACTADD"})
    portal.person()
    portal.person()
    assert settled(portal, handler, 1) == ["ONCRMCONTACTADD 2"]


def test_an_event_may_come_twice(portal: Portal, handler: Handler) -> None:
    portal.fault("duplicate", "crm_event")
    portal.person()
    assert settled(portal, handler, 2) == ["ONCRMCONTACTADD 1"] * 2


def test_an_event_may_be_late(portal: Portal, handler: Handler) -> None:
    portal.fault("delay", "crm_event", seconds=1.5)
    portal.person()
    portal.person()
    eventually(lambda: handler.events() == ["ONCRMCONTACTADD 2"])
    assert eventually(lambda: len(handler.received) == 2)
    assert handler.events()[1] == "ONCRMCONTACTADD 1"


def test_events_may_come_out_of_order(portal: Portal, handler: Handler) -> None:
    portal.control("faults", {"system": "crm_event", "kind": "shuffle", "seconds": 2, "seed": 3})
    for _ in range(6):
        portal.person()
    eventually(lambda: len(handler.received) == 6)
    assert handler.events() != sorted(handler.events())


def test_the_clock_waits_for_events_and_stops_where_a_late_one_is_due(portal: Portal, handler: Handler) -> None:
    handler.slow_s = 0.5
    portal.fault("delay", "crm_event", seconds=7200, match={"object_id": "contact:2"})
    portal.person()
    portal.person()

    answer = portal.control("clock", {"advance": "P1D"})

    assert answer["state"] == "idle"
    assert handler.events() == ["ONCRMCONTACTADD 1", "ONCRMCONTACTADD 2"]
    assert len(answer["stops"]) == 2
    assert portal.web.get("/control/state").json()["events_due"] == 0


def test_a_failed_call_raises_no_event_and_a_lost_answer_does(portal: Portal, handler: Handler) -> None:
    portal.fault("error_500_before")
    portal.send("crm.item.add", {"entityTypeId": CONTACT, "fields": {"name": "x"}})
    portal.fault("error_500_after")
    portal.send("crm.item.add", {"entityTypeId": CONTACT, "fields": {"name": "x"}})
    assert settled(portal, handler, 1) == ["ONCRMCONTACTADD 1"]
