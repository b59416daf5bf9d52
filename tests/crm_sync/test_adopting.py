"""People who are there already: whose contact it is when several have one phone, address or tax number."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from crm_sync.models import CrmLink
from kernel.db import read
from tests.crm_sync.conftest import Portal, jobs, new_customer

pytestmark = pytest.mark.committed
PHONE = "+79000000017"


def test_a_contact_of_a_customer_in_doubt_is_not_taken_by_another_with_the_same_phone(portal: Portal) -> None:
    portal.fail("drop_after", times=1, match={"method": "crm.item.add"})
    new_customer("Анна", "anna@example.com", phone=PHONE)
    portal.sync()
    new_customer("Павел", "pavel@example.com", phone=PHONE)
    portal.sync()
    portal.settle()

    assert sorted(item["name"] for item in portal.items("contact")) == ["Анна", "Павел"]
    assert jobs() == {}


def test_the_surest_sign_decides_among_several_who_look_alike(portal: Portal) -> None:
    def theirs(name: str, way: str, value: str) -> int:
        fields = {"name": name, "fm": [{"typeId": way, "valueType": "WORK", "value": value}]}
        made: int = portal.call("crm.item.add", entityTypeId=3, fields=fields)["item"]["id"]
        return made

    theirs("С тем же телефоном", "PHONE", PHONE)
    by_email = theirs("С той же почтой", "EMAIL", "anna@example.com")
    customer_id = new_customer("Анна", "anna@example.com", phone=PHONE)
    portal.sync()
    assert link_of(customer_id) == by_email

    theirs("С другой почтой", "EMAIL", "olga@example.com")
    by_inn = theirs("С тем же ИНН", "EMAIL", "other@example.com")
    fields = {"ENTITY_TYPE_ID": 3, "ENTITY_ID": by_inn, "PRESET_ID": 3, "NAME": "ИП", "RQ_INN": "500012345678"}
    portal.call("crm.requisite.add", fields=fields)
    olga = new_customer("Ольга", "olga@example.com", inn="500012345678")
    portal.sync()
    assert link_of(olga) == by_inn


def link_of(customer_id: UUID) -> int:
    with read() as session:
        found = select(CrmLink.remote_id).where(CrmLink.kind == "contact", CrmLink.local_id == customer_id)
        return session.scalars(found).one()


def test_an_object_that_is_linked_to_another_is_parked_and_stops_nobody(portal: Portal) -> None:
    anna = new_customer("Анна", "anna@example.com")
    portal.sync()
    contact = portal.one("contact")
    pavel = new_customer("Павел", "pavel@example.com")
    # Two of ours claim one contact: it bears the id of the one and is linked to the other.
    installation = contact["originId"].partition(":")[0]
    portal.edit("contact", contact["id"], originId=f"{installation}:{pavel}")
    new_customer("Ольга", "olga@example.com")
    portal.sync()

    (job,) = jobs().values()
    assert (job.local_id, job.status, job.failure) == (pavel, "parked", "rejected")
    assert [item["name"] for item in portal.items("contact")] == ["Анна", "Ольга"]
    with read() as session:
        assert session.scalars(select(CrmLink.local_id).where(CrmLink.remote_id == contact["id"])).one() == anna
