"""Who may see and do what, everywhere. Every address of the product is in the table: a new one without an entry fails.

What a customer may see of another's, is tests/portal/web/cabinet/test_ownership.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from starlette.testclient import TestClient

from portal.accounts.sessions import STAFF_CODE
from portal.web.kit.guards import ENROL_PAGE
from portal.web.staff.roles import BOOKS, EVERYBODY, MANAGERS, MONEY, OWNER
from tests.portal.web.conftest import Door
from tests.portal.web.staff.conftest import session_of, staff_member

pytestmark = pytest.mark.committed

# Anybody; a customer who is signed in; whoever knows the secret in the address; machines of the operator.
PUBLIC, CUSTOMERS, SECRET, OPERATIONS = "public", "customers", "secret", "operations"
# What an employee without a second step reaches in live mode.
ENROLLING = {("GET", ENROL_PAGE), ("POST", ENROL_PAGE)}
# One line for each address: a word of the above, or the roles of employees.
ACCESS: dict[tuple[str, str], str | tuple[str, ...]] = {
    ("GET", "/healthz"): OPERATIONS,
    ("GET", "/readyz"): OPERATIONS,
    ("GET", "/metrics"): OPERATIONS,
    ("POST", "/webhooks/yookassa/{secret}"): SECRET,
    ("GET", "/pay/{token}"): SECRET,
    ("GET", "/pay/{token}/status"): SECRET,
    ("GET", "/pay/{token}/go"): SECRET,
    ("POST", "/pay/{token}/payments"): SECRET,
    ("GET", "/static/{name:path}"): PUBLIC,
    ("POST", "/preferences"): PUBLIC,
    ("GET", "/documents/{slug}"): PUBLIC,
    ("GET", "/documents/{slug}/{version}"): PUBLIC,
    ("GET", "/register"): PUBLIC,
    ("POST", "/register"): PUBLIC,
    ("GET", "/email/confirm"): PUBLIC,
    ("POST", "/email/letter"): PUBLIC,
    ("POST", "/email/address"): PUBLIC,
    ("GET", "/email/confirm/{token}"): PUBLIC,
    ("POST", "/email/confirm/{token}"): PUBLIC,
    ("GET", "/login"): PUBLIC,
    ("POST", "/login"): PUBLIC,
    ("POST", "/logout"): PUBLIC,
    ("GET", "/password/forgot"): PUBLIC,
    ("POST", "/password/forgot"): PUBLIC,
    ("GET", "/password/sent"): PUBLIC,
    ("GET", "/password/reset/{token}"): PUBLIC,
    ("POST", "/password/reset/{token}"): PUBLIC,
    ("GET", "/staff/login"): PUBLIC,
    ("POST", "/staff/login"): PUBLIC,
    ("GET", "/staff/login/code"): PUBLIC,
    ("POST", "/staff/login/code"): PUBLIC,
    ("POST", "/staff/logout"): PUBLIC,
    ("GET", "/"): CUSTOMERS,
    ("GET", "/services"): CUSTOMERS,
    ("GET", "/services/{price_id}"): CUSTOMERS,
    ("GET", "/autopay"): CUSTOMERS,
    ("GET", "/autopay/new"): CUSTOMERS,
    ("POST", "/autopay/new"): CUSTOMERS,
    ("GET", "/autopay/{contract_id}/consent"): CUSTOMERS,
    ("GET", "/autopay/{contract_id}/cancel"): CUSTOMERS,
    ("POST", "/autopay/{contract_id}/cancel"): CUSTOMERS,
    ("POST", "/autopay/{contract_id}/confirmation"): CUSTOMERS,
    ("GET", "/autopay/{contract_id}/stopped"): CUSTOMERS,
    ("GET", "/payment-methods"): CUSTOMERS,
    ("GET", "/payment-methods/{method_id}/unlink"): CUSTOMERS,
    ("POST", "/payment-methods/{method_id}/unlink"): CUSTOMERS,
    ("GET", "/payment-methods/{method_id}/unlinked"): CUSTOMERS,
    ("GET", "/invoices/{invoice_id}"): CUSTOMERS,
    ("GET", "/payments"): CUSTOMERS,
    ("POST", "/payments"): CUSTOMERS,
    ("GET", "/payments/new"): CUSTOMERS,
    ("GET", "/payments/{number}"): CUSTOMERS,
    ("GET", "/payments/{token}/return"): CUSTOMERS,
    ("GET", "/payments/{token}/status"): CUSTOMERS,
    ("GET", "/payments/{token}/go"): CUSTOMERS,
    ("GET", "/messages"): CUSTOMERS,
    ("GET", "/messages/{message_id}"): CUSTOMERS,
    ("GET", "/messages/{message_id}/body"): CUSTOMERS,
    ("GET", "/settings/profile"): CUSTOMERS,
    ("POST", "/settings/profile"): CUSTOMERS,
    ("POST", "/settings/email"): CUSTOMERS,
    ("POST", "/settings/email/forget"): CUSTOMERS,
    ("GET", "/settings/security"): CUSTOMERS,
    ("POST", "/settings/security"): CUSTOMERS,
    ("GET", "/settings/sessions"): CUSTOMERS,
    ("POST", "/settings/sessions/{session_id}/end"): CUSTOMERS,
    ("POST", "/settings/sessions/end-others"): CUSTOMERS,
    ("GET", "/settings/consents"): CUSTOMERS,
    ("GET", "/settings/consents/{consent_id}"): CUSTOMERS,
    ("POST", "/settings/consents/marketing"): CUSTOMERS,
    ("GET", "/staff"): EVERYBODY,
    ("GET", "/staff/charging/pause"): MANAGERS,
    ("POST", "/staff/charging/pause"): MANAGERS,
    ("POST", "/staff/charging/resumption"): OWNER,
    ("GET", "/staff/charging/limits"): OWNER,
    ("POST", "/staff/charging/limits"): OWNER,
    ("GET", "/staff/proof"): EVERYBODY,
    ("POST", "/staff/proof/readings"): BOOKS,
    ("POST", "/staff/proof/repairs"): BOOKS,
    ("GET", "/staff/proof/differences/{difference_id}"): EVERYBODY,
    ("POST", "/staff/proof/differences/{difference_id}/repair"): BOOKS,
    ("POST", "/staff/proof/differences/{difference_id}/invoice"): BOOKS,
    ("POST", "/staff/proof/differences/{difference_id}/review"): BOOKS,
    ("GET", "/staff/late-charges"): EVERYBODY,
    ("GET", "/staff/late-charges/{installment_id}/skip"): MANAGERS,
    ("POST", "/staff/late-charges/{installment_id}/skip"): MANAGERS,
    ("GET", "/staff/customers"): EVERYBODY,
    ("GET", "/staff/customers/new"): MANAGERS,
    ("POST", "/staff/customers"): MANAGERS,
    ("GET", "/staff/customers/{customer_id}"): EVERYBODY,
    ("GET", "/staff/customers/{customer_id}/edit"): MANAGERS,
    ("POST", "/staff/customers/{customer_id}"): MANAGERS,
    ("POST", "/staff/customers/{customer_id}/notes"): MONEY,
    ("GET", "/staff/customers/{customer_id}/notes/{note_id}"): MONEY,
    ("POST", "/staff/customers/{customer_id}/notes/{note_id}"): MONEY,
    ("POST", "/staff/customers/{customer_id}/notes/{note_id}/removal"): MONEY,
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
    ("GET", "/staff/contracts/{contract_id}/autopay/pause"): MANAGERS,
    ("POST", "/staff/contracts/{contract_id}/autopay/pause"): MANAGERS,
    ("GET", "/staff/contracts/{contract_id}/autopay/resumption"): MANAGERS,
    ("POST", "/staff/contracts/{contract_id}/autopay/resumption"): MANAGERS,
    ("GET", "/staff/invoices"): EVERYBODY,
    ("POST", "/staff/invoices"): MONEY,
    ("GET", "/staff/invoices/new"): MONEY,
    ("GET", "/staff/invoices/{invoice_id}"): EVERYBODY,
    ("POST", "/staff/invoices/{invoice_id}/letters"): MONEY,
    ("POST", "/staff/invoices/{invoice_id}/link"): MONEY,
    ("GET", "/staff/invoices/{invoice_id}/void"): MANAGERS,
    ("POST", "/staff/invoices/{invoice_id}/void"): MANAGERS,
    ("GET", "/staff/failed-charges"): EVERYBODY,
    ("GET", "/staff/failed-charges/{invoice_id}/retry"): MANAGERS,
    ("POST", "/staff/failed-charges/{invoice_id}/retry"): MANAGERS,
    ("POST", "/staff/failed-charges/{invoice_id}/letters"): MONEY,
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
    ("POST", "/staff/payments/{payment_id}/checks"): MONEY,
    ("POST", "/staff/payments/{payment_id}/review"): MONEY,
    ("GET", "/staff/exports"): MONEY,
    ("POST", "/staff/exports"): MONEY,
    ("GET", "/staff/exports/{export_id}/file"): MONEY,
    ("GET", "/staff/search"): EVERYBODY,
    ("GET", "/staff/jobs"): EVERYBODY,
    ("GET", "/staff/webhooks"): EVERYBODY,
    ("GET", "/staff/deliveries"): EVERYBODY,
    ("POST", "/staff/deliveries/{delivery_id}/again"): MANAGERS,
    ("GET", "/staff/messages"): EVERYBODY,
    ("GET", "/staff/messages/{message_id}"): EVERYBODY,
    ("GET", "/staff/messages/{message_id}/body"): EVERYBODY,
    ("POST", "/staff/messages/{message_id}/again"): MANAGERS,
    ("GET", "/staff/users"): OWNER,
    ("POST", "/staff/users"): OWNER,
    ("GET", "/staff/users/new"): OWNER,
    ("GET", "/staff/users/{user_id}"): OWNER,
    ("POST", "/staff/users/{user_id}/role"): OWNER,
    ("POST", "/staff/users/{user_id}/access"): OWNER,
    ("POST", "/staff/users/{user_id}/authenticator/removal"): OWNER,
    ("POST", "/staff/users/{user_id}/invitation"): OWNER,
    ("GET", "/staff/audit"): OWNER,
    ("GET", "/staff/sync"): EVERYBODY,
    ("POST", "/staff/sync/again"): MANAGERS,
    ("POST", "/staff/sync/probe"): MANAGERS,
    ("POST", "/staff/sync/jobs/{job_id}/again"): MANAGERS,
    ("POST", "/staff/sync/jobs/{job_id}/anew"): MANAGERS,
    ("POST", "/staff/sync/customers/{customer_id}"): MANAGERS,
    ("GET", "/staff/security"): EVERYBODY,
    ("POST", "/staff/security/password"): EVERYBODY,
    ("POST", "/staff/security/sessions/{session_id}/end"): EVERYBODY,
    ("POST", "/staff/security/sessions/end-others"): EVERYBODY,
    ("GET", "/staff/security/authenticator"): EVERYBODY,
    ("POST", "/staff/security/authenticator"): EVERYBODY,
    ("POST", "/staff/security/authenticator/removal"): EVERYBODY,
    ("GET", "/staff/security/backup-codes"): EVERYBODY,
    ("POST", "/staff/security/backup-codes"): EVERYBODY,
    ("GET", "/staff/security/backup-codes/file"): EVERYBODY,
    ("POST", "/staff/security/backup-codes/saved"): EVERYBODY,
}
STAFF_ADDRESSES = {address: roles for address, roles in ACCESS.items() if isinstance(roles, tuple)}
CUSTOMER_ADDRESSES = [address for address, who in ACCESS.items() if who == CUSTOMERS]
FORMS = [path for (method, path), who in ACCESS.items() if method == "POST" and who != SECRET]
REFUSED = 403
# An allowed request for a row that does not exist, or with nothing in it, gets one of these.
LET_IN = {200, 303, 404, 409, 422}
NOBODY = "01a1ff9b-95c2-7df9-968c-859bfb340de7"


def addresses(door: Door) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(door.app.routes):
        for method in (route.methods or set()) - {"HEAD"}:
            yield method, str(route.path)


def at(path: str) -> str:
    """The address with ids that name nothing."""
    return re.sub(r"{\w+(:path)?}", NOBODY, path.replace("{number}", "1"))


def knock(client: TestClient, address: tuple[str, str], *, fragment: bool = False) -> Response:
    method, path = address
    return client.request(method, at(path), headers={"HX-Request": "true"} if fragment else {})


def turned_away_to(answer: Response) -> str:
    """Where somebody without the right session is sent: with the page, or by htmx."""
    if answer.status_code == 401:
        return str(answer.headers["hx-redirect"])
    assert answer.status_code == 303, answer.status_code
    return str(answer.headers["location"])


def test_every_address_of_the_product_is_in_the_table(door: Door) -> None:
    assert set(addresses(door)) == set(ACCESS)


@pytest.mark.parametrize("fragment", [False, True])
@pytest.mark.parametrize("role", EVERYBODY)
def test_each_role_reaches_what_the_table_gives_it_and_nothing_else(door: Door, role: str, *, fragment: bool) -> None:
    for address, roles in STAFF_ADDRESSES.items():
        status = knock(door.employee(role), address, fragment=fragment).status_code
        assert (status == REFUSED) == (role not in roles), f"{role} {address}: {status}"
        assert status in LET_IN | {REFUSED}, f"{role} {address}: {status}"


@pytest.mark.parametrize("fragment", [False, True])
def test_a_stranger_and_a_customer_are_sent_to_the_staff_login(door: Door, *, fragment: bool) -> None:
    customer = door.customer()
    customer.cookies.set("kabinet_staff", customer.cookies["kabinet"])

    for client in (door.stranger(), customer):
        for address in STAFF_ADDRESSES:
            assert turned_away_to(knock(client, address, fragment=fragment)).startswith("/staff/login"), address


@pytest.mark.parametrize("fragment", [False, True])
def test_a_stranger_and_an_employee_are_sent_to_the_customers_login(door: Door, *, fragment: bool) -> None:
    employee = door.employee("owner")
    employee.cookies.set("kabinet", employee.cookies["kabinet_staff"])

    for client in (door.stranger(), employee):
        for address in CUSTOMER_ADDRESSES:
            assert turned_away_to(knock(client, address, fragment=fragment)).startswith("/login"), address


def test_a_customer_who_has_not_confirmed_the_address_reaches_nothing(door: Door) -> None:
    client = door.customer(confirmed=False)

    for address in CUSTOMER_ADDRESSES:
        assert turned_away_to(knock(client, address)) == "/email/confirm", address


def test_the_password_alone_opens_nothing_where_a_code_is_to_follow(door: Door) -> None:
    token = session_of(staff_member("owner"), STAFF_CODE)
    client = door.stranger()
    for cookie in ("kabinet", "kabinet_staff", "kabinet_staff_code"):
        client.cookies.set(cookie, token)

    for address in (*STAFF_ADDRESSES, *CUSTOMER_ADDRESSES):
        assert "/login" in turned_away_to(knock(client, address)), address


@pytest.mark.parametrize("role", EVERYBODY)
def test_in_live_mode_an_employee_without_a_second_step_reaches_its_setting_up_alone(door: Door, role: str) -> None:
    door.live()
    for address in STAFF_ADDRESSES:
        answer = knock(door.employee(role), address)
        if address in ENROLLING:
            assert answer.status_code in (200, 422), address
        else:
            assert turned_away_to(answer) == ENROL_PAGE, address
    assert turned_away_to(door.employee(role).post("/staff/logout")) == "/staff/login"


def test_in_live_mode_an_employee_who_gave_a_code_works_as_ever(door: Door) -> None:
    door.live()

    assert door.employee("viewer", second_factor=True).get("/staff/customers").status_code == 200


def test_what_is_public_works_for_a_stranger(door: Door) -> None:
    client = door.stranger()

    for address in (address for address, who in ACCESS.items() if who == PUBLIC):
        assert knock(client, address).status_code < 500, address
        assert knock(client, address).status_code != REFUSED, address


def test_a_wrong_secret_in_the_address_opens_nothing(door: Door) -> None:
    for address in (address for address, who in ACCESS.items() if who == SECRET):
        assert knock(door.stranger(), address).status_code == 404, address


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_another_site_is_refused(door: Door, path: str) -> None:
    for client in (door.employee("owner"), door.customer()):
        assert client.post(at(path), headers={"Sec-Fetch-Site": "cross-site"}).status_code == REFUSED
