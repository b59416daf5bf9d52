"""Companies and tax numbers: what is taken away here goes there too, and nothing stands twice."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.db import begin
from payments.customers.registration import CustomerData, change_customer, create_customer
from tests.crm_sync.conftest import Portal, jobs
from tests.crm_sync.test_mirror import pay
from tests.support.business import make_agreement

pytestmark = pytest.mark.committed
INN = "5000123458"
SADKO = CustomerData("ООО «Садко»", "company", "sadko@example.com", inn=INN, kpp="500001001")


def requisites(portal: Portal, **where: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = portal.call("crm.requisite.list", filter=where)
    return found


def test_a_tax_number_that_was_taken_away_is_emptied_there(portal: Portal) -> None:
    with begin() as session:
        customer_id = create_customer(session, SADKO).id
    portal.sync()
    with begin() as session:
        change_customer(session, customer_id, CustomerData("ООО «Садко»", "company", "sadko@example.com"))
    portal.sync()
    assert [row["RQ_INN"] or "" for row in requisites(portal, ENTITY_TYPE_ID=4)] == [""]
    assert jobs() == {}


def test_a_person_who_becomes_a_company_takes_requisites_and_contracts_along(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
        change_customer(session, it.customer_id, CustomerData("Анна Ковалёва", email="anna@example.com", inn=INN))
    pay(portal, it)
    assert [row["ENTITY_TYPE_ID"] for row in requisites(portal)] == ["3"]
    with begin() as session:
        change_customer(session, it.customer_id, SADKO)
    portal.sync()

    company = portal.one("company")
    ours = requisites(portal, ENTITY_TYPE_ID=4, ENTITY_ID=company["id"])
    assert [row["RQ_INN"] for row in ours] == [INN]
    for kind in ("deal", "invoice", "payment"):
        item = portal.one(kind)
        assert (item["companyId"], item.get("contactIds") or []) == (company["id"], [])
    assert jobs() == {}


def test_a_company_found_by_its_tax_number_gets_no_second_one(portal: Portal) -> None:
    made = portal.call("crm.item.add", entityTypeId=4, fields={"title": "Садко, ООО"})["item"]["id"]
    theirs = {"ENTITY_TYPE_ID": 4, "ENTITY_ID": made, "PRESET_ID": 1, "NAME": "Основные", "RQ_INN": INN}
    portal.call("crm.requisite.add", fields=theirs)
    with begin() as session:
        create_customer(session, SADKO)
    portal.sync()

    assert portal.one("company")["id"] == made
    (requisite,) = requisites(portal, RQ_INN=INN)
    assert (requisite["NAME"], requisite["RQ_KPP"]) == ("Основные", "500001001")
    assert jobs() == {}
