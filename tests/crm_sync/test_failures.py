"""However Bitrix24 behaves: never a second object, nothing lost, and staff see what it refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from crm_sync import pushing, repeating
from crm_sync.bitrix24.adapter import Bitrix24
from crm_sync.claiming import claim
from crm_sync.models import CrmLink, SyncJob
from kernel.clock import business_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.customers.registration import CustomerData, change_customer, create_customer
from tests.crm_sync.conftest import Portal, connection, jobs, new_customer
from tests.support.business import make_agreement, pay_with_consent
from tests.support.web import WEB

pytestmark = pytest.mark.committed

LOST_ANSWERS = ("error_500_after", "drop_after", "html_502")
NOT_DONE = ("error_500_before", "drop_before", "too_many_requests", "operation_time_limit")


@pytest.mark.parametrize("kind", LOST_ANSWERS)
def test_a_creation_whose_answer_was_lost_is_found_and_not_repeated(portal: Portal, kind: str) -> None:
    more = {"effect": "after"} if kind == "html_502" else {}
    portal.fail(kind, times=1, match={"method": "crm.item.add"}, **more)
    new_customer()
    portal.sync()
    assert [job.status for job in jobs().values()] == ["uncertain"]

    portal.settle()
    assert len(portal.items("contact")) == 1
    assert jobs() == {}
    with read() as session:
        assert session.scalars(select(CrmLink.remote_id)).one() == portal.one("contact")["id"]


@pytest.mark.parametrize("method", ["crm.timeline.comment.add", "crm.timeline.logmessage.add"])
def test_a_timeline_line_whose_answer_was_lost_is_found_and_not_repeated(portal: Portal, method: str) -> None:
    portal.fail("error_500_after", times=1, match={"method": method})
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    portal.settle()
    assert jobs() == {}
    texts = [line["text"] for line in portal.timeline()]
    assert texts
    assert sorted(texts) == sorted(set(texts))


@pytest.mark.parametrize("kind", NOT_DONE)
def test_a_creation_that_was_not_done_is_made_once_it_is_possible(portal: Portal, kind: str) -> None:
    portal.fail(kind, times=1, match={"method": "crm.item.add"})
    new_customer()
    portal.settle()
    assert len(portal.items("contact")) == 1
    assert jobs() == {}


def test_a_creation_in_doubt_is_looked_for_twice_before_it_is_repeated(portal: Portal) -> None:
    portal.fail("drop_before", times=1, match={"method": "crm.item.add"})
    new_customer()
    portal.sync()
    looks = len(portal.calls("crm.item.list"))
    portal.world.jump("PT1M")
    portal.sync()
    assert (len(portal.calls("crm.item.list")), len(portal.items("contact"))) == (looks + 1, 0)
    portal.world.jump("PT1M")
    portal.sync()
    assert (len(portal.calls("crm.item.list")), len(portal.items("contact"))) == (looks + 2, 1)


def test_a_contact_that_staff_made_becomes_ours_and_keeps_its_name(portal: Portal) -> None:
    made = portal.call(
        "crm.item.add",
        entityTypeId=3,
        fields={
            "name": "Ковалёва А. С. (жена директора)",
            "fm": [{"typeId": "EMAIL", "valueType": "HOME", "value": "Anna@Example.com"}],
        },
    )
    new_customer(phone="+79000000017")
    portal.sync()

    contact = portal.one("contact")
    assert contact["id"] == made["item"]["id"]
    assert contact["name"] == "Ковалёва А. С. (жена директора)"
    assert contact["originatorId"] == "kabinet"
    assert sorted(record["value"] for record in contact["fm"]) == ["+79000000017", "Anna@Example.com"]


def test_two_customers_with_one_phone_are_two_contacts(portal: Portal) -> None:
    new_customer("Анна", "anna@example.com", phone="+79000000017")
    new_customer("Павел", "pavel@example.com", phone="+79000000017")
    portal.sync()
    assert sorted(item["name"] for item in portal.items("contact")) == ["Анна", "Павел"]


def test_a_deleted_stage_parks_the_deal_and_what_hangs_on_it_and_lets_the_rest_pass(portal: Portal) -> None:
    stage = {"delete": "C1:NEW"}
    WEB.post(f"{portal.url}/control/crm/stages", json=stage).raise_for_status()
    with begin() as session:
        make_agreement(session, draft=True)
    new_customer("Павел", "pavel@example.com")
    portal.sync()

    assert len(portal.items("contact")) == 2
    (job,) = jobs().values()
    assert (job.kind, job.status, job.failure) == ("deal", "parked", "rejected")
    assert "NEW" in (job.error or "")

    put_back = {
        "add": {"entity_type_id": 2, "category_id": 1, "code": "NEW", "name": "Новый", "sort": 10, "semantics": None}
    }
    WEB.post(f"{portal.url}/control/crm/stages", json=put_back).raise_for_status()
    with begin() as session:
        assert repeating.try_all_again(session, now=business_now(session)) == 1
    portal.sync()
    assert portal.one("deal")["stageId"] == "C1:NEW"
    assert jobs() == {}


def test_what_was_deleted_there_waits_for_staff_and_is_created_anew_on_their_word(portal: Portal) -> None:
    with begin() as session:
        customer_id = create_customer(session, CustomerData("Анна", email="a@example.com")).id
    portal.sync()
    portal.call("crm.item.delete", entityTypeId=3, id=portal.one("contact")["id"])
    for name in ("Анна К.", "Анна Ковалёва"):
        with begin() as session:
            change_customer(session, customer_id, CustomerData(name, email="a@example.com"))
        portal.sync()
    (job,) = jobs().values()
    assert (job.status, job.failure, portal.items("contact")) == ("parked", "gone", [])
    assert job.payload == {"name": "[hidden]"}

    with begin() as session:
        repeating.create_anew(session, job.id, now=business_now(session))
    portal.sync()
    assert portal.one("contact")["name"] == "Анна Ковалёва"


def test_a_lapsed_tariff_stops_everything_until_it_is_paid_and_nothing_is_parked(portal: Portal) -> None:
    portal.fail("commercial_plans")
    new_customer()
    portal.sync()
    assert connection().status == "refused"
    assert "платном тарифе" in (connection().error or "")
    new_customer("Павел", "pavel@example.com")
    asked = len(portal.calls())
    portal.sync()
    assert len(portal.calls()) == asked
    assert {job.status for job in jobs().values()} == {"waiting"}

    portal.world.mend()
    portal.settle(minutes=11)
    assert (connection().status, len(portal.items("contact")), jobs()) == ("ok", 2, {})


def test_html_instead_of_json_is_silence_and_a_portal_that_is_silent_is_left_alone(portal: Portal) -> None:
    portal.fail("html_502", effect="before")
    for number in range(30):
        new_customer(f"Клиент {number}", f"c{number}@example.com")
    portal.settle(minutes=3)
    assert connection().status == "away"
    before = len(portal.calls())
    portal.settle(minutes=5)
    assert len(portal.calls()) - before < 8, "one probe at a time, further and further apart"

    portal.world.mend()
    portal.settle(minutes=15)
    assert (connection().status, len(portal.items("contact")), jobs()) == ("ok", 30, {})


def test_a_batch_that_was_cut_off_in_the_middle_leaves_no_object_twice(portal: Portal) -> None:
    portal.fail("killed_mid_batch", times=1, match={"method": "crm.item.add"})
    for number in range(12):
        new_customer(f"Клиент {number}", f"c{number}@example.com")
    portal.settle()
    assert sorted(item["name"] for item in portal.items("contact")) == sorted(
        f"Клиент {number}" for number in range(12)
    )


def test_everything_of_a_customer_is_written_afresh_on_staffs_word(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    portal.sync()
    portal.edit("deal", portal.one("deal")["id"], title="Что-то своё")
    with begin() as session:
        repeating.write_customer_afresh(session, it.customer_id, now=business_now(session))
    portal.sync()
    assert portal.one("deal")["title"].startswith("Абонемент")
    assert len(portal.items("deal")) == 1


def test_a_worker_that_was_frozen_past_its_lease_creates_nothing_when_it_wakes(portal: Portal) -> None:
    remote = Bitrix24(get_settings().bitrix24_url)
    new_customer()
    portal.relay()
    with begin() as session:
        taken = claim(session, 20)
    frozen = pushing._look_for_missing(remote, pushing._plan(taken))
    assert [step.remote_id for step in frozen] == [None]
    with begin() as session:
        session.execute(update(SyncJob).values(lease_until=func.clock_timestamp()))
    pushing.push([])
    assert len(portal.items("contact")) == 1

    pushing._write(remote, frozen)
    assert len(portal.items("contact")) == 1
