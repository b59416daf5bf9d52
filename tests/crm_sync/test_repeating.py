"""What employees may do for the mirror, and only when there is something to do."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_sync import repeating
from crm_sync.models import CrmLink
from kernel.clock import business_now
from kernel.db import begin, read
from payments.customers.registration import CustomerData, change_customer
from tests.crm_sync.conftest import Portal, jobs, new_customer
from tests.crm_sync.test_mirror import pay
from tests.support.business import make_agreement

pytestmark = pytest.mark.committed


@pytest.mark.parametrize("kind", ["deal", "contact"])
def test_what_hung_on_a_deleted_object_hangs_on_the_new_one(portal: Portal, kind: str) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay(portal, it)
    portal.call("crm.item.delete", entityTypeId={"deal": 2, "contact": 3}[kind], id=portal.one(kind)["id"])
    with begin() as session:
        repeating.write_customer_afresh(session, it.customer_id, now=business_now(session))
    portal.sync()
    (parked,) = [job for job in jobs().values() if job.failure == "gone"]
    with begin() as session:
        repeating.create_anew(session, parked.id, now=business_now(session))
    portal.sync()

    contact, deal, invoice, payment = (portal.one(kind) for kind in ("contact", "deal", "invoice", "payment"))
    assert jobs() == {}
    assert [item["contactIds"] for item in (deal, invoice, payment)] == [[contact["id"]]] * 3
    assert (invoice["parentId2"], payment["parentId2"]) == (deal["id"], deal["id"])


def test_nothing_is_created_anew_that_is_not_known_to_be_gone(portal: Portal) -> None:
    customer_id = new_customer()
    portal.sync()
    with begin() as session:
        change_customer(session, customer_id, CustomerData("Анна К.", email="anna@example.com"))
    portal.relay()
    (job,) = jobs().values()
    with begin() as session:
        assert not repeating.create_anew(session, job.id, now=business_now(session))
    with read() as session:
        assert session.scalars(select(CrmLink.local_id)).one() == customer_id


def test_a_customer_written_afresh_keeps_the_name_that_the_crms_people_gave(portal: Portal) -> None:
    theirs = {"name": "Ковалёва А. С.", "fm": [{"typeId": "EMAIL", "valueType": "HOME", "value": "anna@example.com"}]}
    portal.call("crm.item.add", entityTypeId=3, fields=theirs)
    customer_id = new_customer()
    portal.sync()
    with begin() as session:
        repeating.write_customer_afresh(session, customer_id, now=business_now(session))
    portal.sync()
    with begin() as session:
        change_customer(session, customer_id, CustomerData("Анна Ковалёва-Ли", email="anna@example.com"))
    portal.sync()
    assert portal.one("contact")["name"] == "Ковалёва А. С."
