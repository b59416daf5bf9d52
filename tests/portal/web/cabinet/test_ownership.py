"""Nobody sees or does anything with what is somebody else's: it is not there."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kernel.db import begin
from payments.charging.models import Payment
from payments.invoicing.models import Invoice
from portal.web.cabinet.routes import PAGES
from tests.portal.web.cabinet.story import Cabinet, Visitor
from tests.support.world import World

Belongings = dict[str, str]


@pytest.fixture
def hers(cabinet: Cabinet, anna: Visitor) -> Belongings:
    """Everything of Anna's that an address can name."""
    contract_id = cabinet.subscribe(anna)
    paid = cabinet.payments_of(anna)[0]
    cabinet.world.play(advance="P28D")
    with begin() as session:
        invoice_id = session.scalars(select(Invoice.id).where(Invoice.contract_id == contract_id)).first()
    return {
        "contract": str(contract_id),
        "method": str(cabinet.method_of(anna).id),
        "invoice": str(invoice_id),
        "token": str(paid.return_token),
        "number": str(paid.number),
        "consent": str(cabinet.consents_of(anna)[0].id),
    }


HER_PAGES = (
    "/payments/{token}/return",
    "/payments/{token}/status",
    "/payments/{token}/go",
    "/payments/{number}",
    "/payments/new?contract={contract}",
    "/invoices/{invoice}",
    "/autopay/new?contract={contract}",
    "/autopay/{contract}/cancel",
    "/autopay/{contract}/stopped",
    "/autopay/{contract}/consent",
    "/autopay/{contract}/consent?number={consent}",
    "/payment-methods/{method}/unlink",
    "/payment-methods/{method}/unlinked",
)
FORMS = (
    ("/payments", "invoice"),
    ("/payments", "contract"),
    ("/autopay/new", "contract"),
    ("/autopay/{contract}/cancel", ""),
    ("/payment-methods/{method}/unlink", ""),
)


def test_somebody_elses_pages_are_not_there_and_his_forms_change_nothing(
    cabinet: Cabinet, hers: Belongings, anna: Visitor, boris: Visitor
) -> None:
    for page in HER_PAGES:
        path = page.format(**hers)
        assert boris.get(path).status_code == 404, path
        assert anna.get(path).status_code in (200, 303), path
    for form, field in FORMS:
        path = form.format(**hers)
        answer = boris.post(path, **({field: hers[field]} if field else {}), agree="y", text="-")
        assert answer.status_code == 404, (path, field)
    assert cabinet.autopay_of(anna).status == "active"
    assert cabinet.method_of(anna).unlinked_at is None
    assert len(cabinet.payments_of(anna)) == 1
    with begin() as session:
        assert session.scalar(select(func.count()).where(Payment.customer_id == boris.customer_id)) == 0


def test_somebody_elses_things_are_in_no_list(hers: Belongings, boris: Visitor) -> None:
    for path in ("/", "/payments", "/autopay", "/payment-methods"):
        page = boris.page(path)
        assert not [name for name, value in hers.items() if len(value) > 5 and value in page], path


def test_a_foreign_contract_in_the_filter_is_no_choice(cabinet: Cabinet, hers: Belongings, boris: Visitor) -> None:
    boris.pay(boris.post("/payments", price=cabinet.once))

    answer = boris.get(f"/payments?contract={hers['contract']}")

    assert answer.status_code == 422
    assert "Такого договора у вас нет" in answer.text


def test_every_page_asks_who_is_there(world: World, app: FastAPI) -> None:
    made_up = "01a1ff9b-95c2-7df9-968c-859bfb340de7"
    with TestClient(app, "http://localhost:8000", headers={"Sec-Fetch-Site": "same-origin"}) as client:
        for route in (route for pages in PAGES for route in pages.router.routes):
            assert isinstance(route, APIRoute)
            path = re.sub(r"{number}", "1", re.sub(r"{\w+_id}|{token}", made_up, route.path))
            for method in route.methods or ():
                query = f"?contract={made_up}" if path == "/payments/new" else ""
                answer = client.request(method, path + query, follow_redirects=False)
                assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login"), (method, path)


def test_ids_that_are_none_are_not_found(cabinet: Cabinet, anna: Visitor) -> None:
    for path in (
        "/invoices/1",
        "/payments/0",
        f"/payments/{2**63}",
        "/payments/abc",
        "/payments/abc/return",
        "/autopay/1/cancel",
        "/payment-methods/x/unlink",
        "/services/1",
    ):
        assert anna.get(path).status_code == 404, path
