"""Nobody sees or does anything with what is somebody else's: it is not there.

The matrix is made of the routes themselves. Every parameter of a customer's address, every id in its query and every id
in its form gets Anna's real one and is asked for by Boris, as a page and as a fragment. A new route whose parameter has
no supplier here fails.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from sqlalchemy import select, text

from kernel.clock import real_now
from kernel.db import begin, read
from payments.autopay.models import Consent
from payments.invoicing.models import Invoice
from portal.accounts.sessions import CUSTOMER, list_devices
from portal.app import build_app
from portal.notifications.models import Message
from tests.portal.web.cabinet.story import Cabinet, Visitor
from tests.portal.web.test_access import ACCESS, CUSTOMERS
from tests.support.source import sources
from tests.support.world import World

Address = tuple[str, str]
CUSTOMER_ADDRESSES = [address for address, who in ACCESS.items() if who == CUSTOMERS]
# What an endpoint takes that comes from no address: guards, transactions, the posted form.
INJECTED = {"request", "customer", "_customer", "db", "posted"}
# Query values that name nobody's property: a price is on sale for all, the rest is how a page waits.
NOBODYS = {"price_id", "price", "was", "waited"}
# The ids in each form. A route with a form must be here; `posted_id` may name no other field.
FORM_IDS: dict[str, tuple[str, ...]] = {
    "/autopay/new": ("contract",),
    "/payments": ("invoice", "contract"),
    "/settings/profile": (),
    "/settings/email": (),
    "/settings/security": (),
    "/settings/consents/marketing": (),
}
# Rows that a look alone may renew.
VOLATILE = {"user_sessions", "virtual_clock", "alembic_version"}


@pytest.fixture
def app(world: World) -> FastAPI:
    """The whole product, not the cabinet alone; without the thread that follows the clock."""
    whole = build_app()

    @asynccontextmanager
    async def nothing(_app: object) -> AsyncIterator[None]:
        yield

    whole.router.lifespan_context = nothing
    return whole


@pytest.fixture
def hers(cabinet: Cabinet, anna: Visitor) -> dict[str, str]:
    """Everything of Anna's that a parameter can name."""
    contract_id = cabinet.subscribe(anna)
    paid = cabinet.payments_of(anna)[0]
    cabinet.world.play(advance="P28D")
    with begin() as session:
        invoices = select(Invoice.id).where(Invoice.contract_id == contract_id, Invoice.status == "open")
        invoice_id = session.scalars(invoices).first() or session.scalars(select(Invoice.id)).first()
        letter = select(Message.id).where(Message.customer_id == anna.customer_id).order_by(Message.id.desc())
        consent = select(Consent.id).where(Consent.customer_id == anna.customer_id).order_by(Consent.id)
        found: dict[str, object] = {
            "contract_id": contract_id,
            "contract": contract_id,
            "method_id": cabinet.method_of(anna).id,
            "invoice_id": invoice_id,
            "invoice": invoice_id,
            "token": paid.return_token,
            "number": paid.number,
            "consent_id": session.scalars(consent).first(),
            "message_id": session.scalars(letter).first(),
            "session_id": session_of(anna),
            # One name, another thing: which of the contract's consents.
            "/autopay/{contract_id}/consent number": cabinet.consents_of(anna)[-1].id,
        }
    assert all(found.values()), found
    return {name: str(value) for name, value in found.items()}


def session_of(visitor: Visitor) -> UUID:
    with read() as session:
        user_id = session.execute(
            text("SELECT user_id FROM memberships WHERE customer_id = :id"), {"id": visitor.customer_id}
        ).scalar_one()
        return list_devices(session, user_id, CUSTOMER, now=real_now())[0].id


def parameters(app: FastAPI) -> dict[Address, set[str]]:
    """What each customer's address takes from its path and query."""
    return {
        (method, str(route.path)): set(inspect.signature(route.endpoint).parameters) - INJECTED
        for route in iter_route_contexts(app.routes)
        for method in (route.methods or set()) - {"HEAD"}
        if ACCESS.get((method, str(route.path))) == CUSTOMERS and route.endpoint
    }


def attempts(app: FastAPI, hers: dict[str, str]) -> Iterator[tuple[Address, str, dict[str, str]]]:
    """Each address with somebody else's ids in it: the method, the url, the form."""
    for (method, path), names in parameters(app).items():
        owned = names - NOBODYS
        in_path = set(re.findall(r"{(\w+)}", path))
        url = path.format(**hers, price_id="")
        if method == "POST":
            for name in FORM_IDS.get(path, ()):
                yield (method, path), url, {name: hers[name]}
            if in_path:
                yield (method, path), url, {}
            continue
        if in_path - NOBODYS:
            yield (method, path), url, {}
        for name in owned - in_path:
            yield (method, path), f"{url}?{name}={hers.get(f'{path} {name}', hers[name])}", {}


def ask(visitor: Visitor, method: str, url: str, form: dict[str, str], *, fragment: bool) -> Response:
    headers = {"HX-Request": "true"} if fragment else {}
    data = {"agree": "y", "text": "-", "answer": "yes", **form} if method == "POST" else None
    return visitor.client.request(method, url, data=data, headers=headers)


def everything() -> dict[str, str]:
    """A digest of every table but for what a look may renew."""
    with read() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        return {
            table: session.execute(
                text(f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t")
            ).scalar_one()
            for table in sorted(set(tables) - VOLATILE)
        }


def test_every_parameter_of_a_customers_address_has_a_supplier(app: FastAPI, hers: dict[str, str]) -> None:
    found = parameters(app)

    assert set(found) == set(CUSTOMER_ADDRESSES)
    assert {name for names in found.values() for name in names} - NOBODYS - set(hers) == set()


def test_every_form_of_a_customer_says_which_ids_it_takes(app: FastAPI) -> None:
    with_form = {
        str(route.path)
        for route in iter_route_contexts(app.routes)
        if ACCESS.get(("POST", str(route.path))) == CUSTOMERS
        and route.endpoint
        and "posted" in inspect.signature(route.endpoint).parameters
    }
    read_as_ids = {
        name
        for source in sources("portal")
        for name in re.findall(r'posted_id\(\w+, "(\w+)"\)', source.path.read_text(encoding="utf-8"))
    }

    assert with_form == set(FORM_IDS)
    assert read_as_ids - NOBODYS == {name for names in FORM_IDS.values() for name in names}


@pytest.mark.parametrize("fragment", [False, True])
def test_what_is_somebody_elses_is_not_there_and_nothing_changes(
    app: FastAPI, hers: dict[str, str], anna: Visitor, boris: Visitor, *, fragment: bool
) -> None:
    asked = list(attempts(app, hers))
    before = everything()

    for (method, path), url, form in asked:
        answer = ask(boris, method, url, form, fragment=fragment)
        assert answer.status_code == 404, f"{method} {path} {form}: {answer.status_code}"
        sent = url + " ".join(form.values())
        assert [name for name, it in hers.items() if len(it) > 5 and it in answer.text and it not in sent] == [], path

    assert everything() == before
    # They are Anna's indeed: what Boris does not find, she does.
    for (method, path), url, _form in asked:
        if method == "GET":
            assert ask(anna, method, url, {}, fragment=fragment).status_code in (200, 303), path


def test_somebody_elses_things_are_in_no_list(hers: dict[str, str], boris: Visitor) -> None:
    for method, path in CUSTOMER_ADDRESSES:
        if method == "GET" and "{" not in path and path not in ("/payments/new", "/autopay/new"):
            page = boris.page(path)
            assert not [name for name, value in hers.items() if len(value) > 5 and value in page], path


def test_a_foreign_contract_in_the_filter_is_no_choice(cabinet: Cabinet, hers: dict[str, str], boris: Visitor) -> None:
    boris.pay(boris.post("/payments", price=cabinet.once))

    answer = boris.get(f"/payments?contract={hers['contract']}")

    assert answer.status_code == 422
    assert "Такого договора у вас нет" in answer.text


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
