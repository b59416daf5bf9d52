"""Who may see and do what at the desk. Every address is in the table: a new one without an entry fails the test."""

from __future__ import annotations

from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from kernel.db import begin
from portal.accounts.sessions import CUSTOMER
from portal.web.staff.routes import PARTS
from tests.portal.web.staff.conftest import Desk, session_of, staff_member
from tests.portal.web.staff.played import agreement, customer_of, pay_first

pytestmark = pytest.mark.committed

EVERYBODY = ("owner", "manager", "accountant", "viewer")
MANAGERS = ("owner", "manager")
ACCESS = {
    ("GET", "/staff"): EVERYBODY,
    ("GET", "/staff/charging/pause"): MANAGERS,
    ("POST", "/staff/charging/pause"): MANAGERS,
    ("POST", "/staff/charging/resumption"): ("owner",),
    ("GET", "/staff/late-charges"): EVERYBODY,
    ("GET", "/staff/late-charges/{installment_id}/skip"): MANAGERS,
    ("POST", "/staff/late-charges/{installment_id}/skip"): MANAGERS,
    ("GET", "/staff/customers"): EVERYBODY,
    ("GET", "/staff/customers/new"): MANAGERS,
    ("POST", "/staff/customers"): MANAGERS,
    ("GET", "/staff/customers/{customer_id}"): EVERYBODY,
    ("GET", "/staff/customers/{customer_id}/edit"): MANAGERS,
    ("POST", "/staff/customers/{customer_id}"): MANAGERS,
    ("POST", "/staff/customers/{customer_id}/notes"): ("owner", "manager", "accountant"),
    ("GET", "/staff/customers/{customer_id}/notes/{note_id}"): ("owner", "manager", "accountant"),
    ("POST", "/staff/customers/{customer_id}/notes/{note_id}"): ("owner", "manager", "accountant"),
    ("POST", "/staff/customers/{customer_id}/notes/{note_id}/removal"): ("owner", "manager", "accountant"),
    ("GET", "/staff/contracts"): EVERYBODY,
    ("GET", "/staff/contracts/new"): MANAGERS,
    ("GET", "/staff/contracts/preview"): MANAGERS,
    ("POST", "/staff/contracts"): MANAGERS,
    ("GET", "/staff/contracts/{contract_id}"): EVERYBODY,
    ("GET", "/staff/contracts/{contract_id}/end"): MANAGERS,
    ("POST", "/staff/contracts/{contract_id}/end"): MANAGERS,
    ("GET", "/staff/contracts/{contract_id}/resumption"): MANAGERS,
    ("POST", "/staff/contracts/{contract_id}/resumption"): MANAGERS,
    ("GET", "/staff/contracts/{contract_id}/suspension"): MANAGERS,
    ("POST", "/staff/contracts/{contract_id}/suspension"): MANAGERS,
    ("GET", "/staff/services"): EVERYBODY,
    ("POST", "/staff/services"): MANAGERS,
    ("GET", "/staff/services/new"): MANAGERS,
    ("GET", "/staff/services/{product_id}"): MANAGERS,
    ("POST", "/staff/services/{product_id}"): MANAGERS,
    ("POST", "/staff/services/{product_id}/sale"): MANAGERS,
    ("GET", "/staff/services/{product_id}/prices/new"): MANAGERS,
    ("POST", "/staff/services/{product_id}/prices"): MANAGERS,
    ("POST", "/staff/services/prices/{price_id}/sale"): MANAGERS,
    ("GET", "/staff/payments"): EVERYBODY,
    ("GET", "/staff/payments/views/new"): EVERYBODY,
    ("POST", "/staff/payments/views"): EVERYBODY,
    ("GET", "/staff/payments/views/{view_id}"): EVERYBODY,
    ("POST", "/staff/payments/views/{view_id}"): EVERYBODY,
    ("POST", "/staff/payments/views/{view_id}/removal"): EVERYBODY,
    ("GET", "/staff/payments/{payment_id}"): EVERYBODY,
    ("POST", "/staff/payments/{payment_id}/checks"): ("owner", "manager", "accountant"),
    ("GET", "/staff/exports"): ("owner", "manager", "accountant"),
    ("POST", "/staff/exports"): ("owner", "manager", "accountant"),
    ("GET", "/staff/exports/{export_id}/file"): ("owner", "manager", "accountant"),
    ("GET", "/staff/search"): EVERYBODY,
    ("GET", "/staff/jobs"): EVERYBODY,
    ("GET", "/staff/webhooks"): EVERYBODY,
    ("GET", "/staff/deliveries"): EVERYBODY,
    ("POST", "/staff/deliveries/{delivery_id}/again"): MANAGERS,
    ("GET", "/staff/messages"): EVERYBODY,
    ("GET", "/staff/messages/{message_id}"): EVERYBODY,
    ("GET", "/staff/messages/{message_id}/body"): EVERYBODY,
    ("POST", "/staff/messages/{message_id}/again"): MANAGERS,
}
REFUSED = 403
# An allowed request for a row that does not exist, or with nothing in it, gets one of these.
LET_IN = {200, 303, 404, 409, 422}


def addresses() -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for part in PARTS
        for route in part.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


def at(path: str) -> str:
    """The address with an id that names nothing."""
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))


def test_every_address_is_in_the_table() -> None:
    assert addresses() == set(ACCESS)


@pytest.mark.parametrize("role", EVERYBODY)
def test_each_role_reaches_what_the_table_gives_it_and_nothing_else(desk: Desk, role: str) -> None:
    client = desk(role)

    for (method, path), roles in ACCESS.items():
        status = client.request(method, at(path)).status_code
        assert (status == REFUSED) == (role not in roles), f"{role} {method} {path}: {status}"
        assert status in LET_IN | {REFUSED}, f"{role} {method} {path}: {status}"


def test_a_stranger_and_a_customer_are_sent_to_the_staff_login(desk: Desk) -> None:
    stranger, customer = desk(role=None), desk(role=None)
    with begin() as session:
        customer_id = customer_of(session, "Анна Ковалёва")
    token = session_of(staff_member(None, customer_id=customer_id), CUSTOMER)
    customer.cookies.set("kabinet", token)
    customer.cookies.set("kabinet_staff", token)

    for client in (stranger, customer):
        for method, path in ACCESS:
            answer = client.request(method, at(path))
            assert answer.status_code == 303, f"{method} {path}"
            assert answer.headers["location"].startswith("/staff/login")


def test_a_fragment_without_a_session_leads_the_whole_page_to_the_login(desk: Desk) -> None:
    answer = desk(role=None, htmx=True).get("/staff/customers")

    assert answer.status_code == 401
    assert answer.headers["hx-redirect"].startswith("/staff/login")


@pytest.mark.parametrize("path", [path for method, path in ACCESS if method == "POST"])
def test_a_form_of_another_site_is_refused(desk: Desk, path: str) -> None:
    answer = desk("owner").post(at(path), headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == REFUSED


def test_a_viewer_sees_no_button_for_what_is_refused(desk: Desk) -> None:
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна Ковалёва"))
        pay_first(session, it)

    for path in ("/staff/contracts", f"/staff/customers/{it.customer_id}"):
        assert "/staff/contracts/new" not in desk("viewer").get(path).text
        assert "/staff/contracts/new" in desk("manager").get(path).text
