"""Forms of the desk that create something: bad input is named, kept and stored nowhere; two presses are one act."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from html import unescape
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy import Table, func, select
from starlette.testclient import TestClient

from kernel.db import Base, begin, read
from payments.catalogue.selling import Ware, add_price, add_product
from payments.contracts.periods import Period
from payments.installation.models import Shop
from portal.audit.models import AuditEntry
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first

pytestmark = pytest.mark.committed

MARKUP = "<script>alert(1)</script>\"'&"
LONG = "ы" * 10_000
NOBODY = "01a1ff9b-95c2-7df9-968c-859bfb340de7"
KEY = re.compile(r'name="key" value="([\w-]+)"')


@dataclass(frozen=True)
class Blank:
    """A form: the page it stands on, where it goes, and what a good one holds; `{…}` stands for something real."""

    page: str
    action: str
    good: Mapping[str, str]
    lines: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


FORMS = {
    "customer": Blank(
        "/staff/customers/new",
        "/staff/customers",
        {"kind": "person", "name": "Вера Юдина", "email": "vera@example.com", "phone": "+7 916 000-00-99"},
        lines=("name", "email", "phone"),
    ),
    "contract": Blank(
        "/staff/contracts/new?customer={customer_id}",
        "/staff/contracts",
        {
            "customer": "{customer_id}",
            "title": "Аренда",
            "amount": "1 000",
            "period_count": "1",
            "period_unit": "month",
            "first_due_on": "01.05.2027",
            "advance": "on_payment",
        },
        lines=("title", "period_count"),
        sums=("amount",),
        dates=("first_due_on",),
        ids=("customer",),
    ),
    "invoice": Blank(
        "/staff/invoices/new?customer={customer_id}",
        "/staff/invoices",
        {
            "customer": "{customer_id}",
            "title": "Замена замка",
            "amount": "1500,50",
            "due_on": "01.05.2027",
            "contract": "{contract_id}",
            "told": "y",
        },
        lines=("title",),
        sums=("amount",),
        dates=("due_on",),
        ids=("customer", "contract"),
    ),
    "service": Blank(
        "/staff/services/new",
        "/staff/services",
        {"name": "Бассейн", "description": "Одно посещение"},
        lines=("name", "description"),
    ),
    "price": Blank(
        "/staff/services/{product_id}/prices/new",
        "/staff/services/{product_id}/prices",
        {"kind": "recurring", "amount": "900", "period_count": "1", "period_unit": "month"},
        lines=("period_count",),
        sums=("amount",),
    ),
    "note": Blank(
        "/staff/customers/{customer_id}",
        "/staff/customers/{customer_id}/notes",
        {"text": "Просит звонить вечером"},
        lines=("text",),
    ),
    "view": Blank(
        "/staff/payments/views/new?status=succeeded",
        "/staff/payments/views",
        {"name": "Мои", "query": "status=succeeded"},
        lines=("name",),
    ),
    "employee": Blank(
        "/staff/users/new",
        "/staff/users",
        {"name": "Яна Лунина", "email": "yana@example.com", "role": "viewer"},
        lines=("name", "email"),
    ),
    "export": Blank("/staff/payments", "/staff/exports", {"format": "csv", "query": ""}),
}
FIELDS = {
    "lines": [(name, field) for name, form in FORMS.items() for field in form.lines],
    "sums": [(name, field) for name, form in FORMS.items() for field in form.sums],
    "dates": [(name, field) for name, form in FORMS.items() for field in form.dates],
    "ids": [(name, field) for name, form in FORMS.items() for field in form.ids],
}
# An invoice may stand without a contract.
WRONG_IDS = [
    (name, field, typed)
    for name, field in FIELDS["ids"]
    for typed in (NOBODY, "rubbish", "1", MARKUP, "\0", "")
    if (field, typed) != ("contract", "")
]


@dataclass
class Counter:
    """Somebody at the desk, before a form."""

    client: TestClient
    real: dict[str, str]

    def fill(self, form_name: str, /, **changes: str) -> dict[str, str]:
        """What a browser would send."""
        form = FORMS[form_name]
        page = self.client.get(form.page.format(**self.real))
        assert page.status_code == 200
        key = KEY.search(page.text)
        known = {field: value.format(**self.real) for field, value in form.good.items()}
        return known | ({"key": key[1]} if key else {}) | changes

    def send(self, name: str, sent: Mapping[str, str]) -> Response:
        return self.client.post(FORMS[name].action.format(**self.real), data=sent)


@pytest.fixture
def counter(desk: Desk) -> Counter:
    """Anna has a contract; there is a service with a price."""
    at_noon(date(2027, 4, 3))
    with begin() as session:
        anna = customer_of(session, "Анна Ковалёва", email="anna@example.com")
        it = agreement(session, anna)
        pay_first(session, it)
        shop = session.scalars(select(Shop)).one()
        product = add_product(session, Ware("Абонемент", ""), shop=shop, by=uuid4())
        add_price(session, product.id, 250_000, Period("month"), by=uuid4())
        real = {"customer_id": anna, "contract_id": it.contract_id, "product_id": product.id}
    return Counter(desk("owner"), {name: str(value) for name, value in real.items()})


def rows() -> dict[str, int]:
    """How much the database holds; sessions, throttles and the audit log left out."""
    left_out = ("user_s", "throttle", "audit")
    tables: list[Table] = [table for table in Base.metadata.sorted_tables if not table.name.startswith(left_out)]
    with read() as session:
        return {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def says_of(page: Response, field: str) -> str:
    """What the summary says of a field."""
    found = re.findall(rf'<a href="#({field}(?:-\d+)?)">([^<]+)</a>', page.text)
    return " ".join(text for _field, text in found)


def value_of(page: Response, field: str) -> str:
    """What stands in the field."""
    area = re.search(rf'<textarea[^>]*name="{field}"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    line = re.search(rf'<input[^>]*name="{field}"[^>]*>', page.text)
    typed = area[1] if area else re.findall(r'value="([^"]*)"', line[0] if line else "")[0]
    return unescape(typed)


@pytest.mark.parametrize(("name", "field"), FIELDS["lines"])
def test_ten_thousand_letters_are_refused(counter: Counter, name: str, field: str) -> None:
    sent, before = counter.fill(name, **{field: LONG}), rows()

    answer = counter.send(name, sent)

    assert answer.status_code == 422
    assert says_of(answer, field)
    assert value_of(answer, field) == LONG
    assert rows() == before


@pytest.mark.parametrize(
    "typed", ["-5", "−5", "0,00", "0,001", "1e9", "99999999999999999999", "NaN", "1,234,567.8.9", "²"]
)
@pytest.mark.parametrize(("name", "field"), FIELDS["sums"])
def test_a_sum_that_is_none_is_refused(counter: Counter, name: str, field: str, typed: str) -> None:
    sent, before = counter.fill(name, **{field: typed}), rows()

    answer = counter.send(name, sent)

    assert answer.status_code == 422
    assert says_of(answer, field)
    assert value_of(answer, field) == typed
    assert rows() == before


@pytest.mark.parametrize(
    "typed", ["31.02.2027", "00.00.0000", "32.13.2027", "вчера", "01.05.27777", "2027-02-30", "\0"]
)
@pytest.mark.parametrize(("name", "field"), FIELDS["dates"])
def test_a_date_that_is_none_is_refused(counter: Counter, name: str, field: str, typed: str) -> None:
    sent, before = counter.fill(name, **{field: typed}), rows()

    answer = counter.send(name, sent)

    assert answer.status_code == 422
    assert says_of(answer, field)
    assert typed == "\0" or value_of(answer, field) == typed
    assert rows() == before


@pytest.mark.parametrize(("name", "field", "typed"), WRONG_IDS)
def test_an_id_of_nobody_is_refused(counter: Counter, name: str, field: str, typed: str) -> None:
    sent, before = counter.fill(name, **{field: typed}), rows()

    assert counter.send(name, sent).status_code in (404, 422)
    assert rows() == before


@pytest.mark.parametrize("name", FORMS)
def test_a_form_with_nothing_in_it_is_refused(counter: Counter, name: str) -> None:
    before = rows()

    assert counter.send(name, {}).status_code in (404, 409, 422)
    assert rows() == before


@pytest.mark.parametrize(
    ("name", "field"), [it for it in FIELDS["lines"] if it[1] in ("name", "title", "text", "description")]
)
def test_markup_is_text(counter: Counter, name: str, field: str) -> None:
    answer = counter.send(name, counter.fill(name, **{field: MARKUP}))

    assert answer.status_code == 303
    for page in (
        answer.headers["location"],
        "/staff/services",
        "/staff/customers",
        "/staff/contracts",
        "/staff/invoices",
    ):
        assert "<script>alert" not in counter.client.get(page).text


@pytest.mark.parametrize("name", FORMS)
def test_a_good_form_sent_twice_creates_once(counter: Counter, name: str) -> None:
    sent = counter.fill(name)
    first = counter.send(name, sent)
    assert first.status_code == 303, re.sub("<[^>]+>", " ", first.text)[-600:]
    once = rows()

    second = counter.send(name, sent)

    assert second.status_code in (303, 422)
    if second.status_code == 303:
        assert second.headers["location"] == first.headers["location"]
    assert rows() == once


@pytest.mark.parametrize("name", ["customer", "contract", "invoice", "note", "employee"])
def test_two_presses_at_once_create_once(counter: Counter, name: str) -> None:
    sent = counter.fill(name)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: counter.send(name, sent), range(4)))

    assert {answer.status_code for answer in answers} <= {303, 422}
    assert sum(answer.status_code == 303 for answer in answers) >= 1
    with read() as session:
        assert session.execute(select(func.count()).select_from(AuditEntry)).scalar_one() == 1


@pytest.mark.parametrize("name", ["contract", "invoice", "note"])
def test_the_key_of_somebody_elses_thing_opens_nothing(counter: Counter, name: str) -> None:
    with begin() as session:
        other = agreement(session, customer_of(session, "Борис Рощин", email="boris@example.com"))
    sent, before = counter.fill(name, key=str(other.contract_id)), rows()

    answer = counter.send(name, sent)

    assert answer.status_code == (303 if name == "note" else 404)
    assert rows()["contracts"] == before["contracts"]


def test_a_form_sent_again_from_the_history_says_what_it_made_already(counter: Counter) -> None:
    sent = counter.fill("contract")
    made = counter.send("contract", sent).headers["location"]

    again = counter.send("contract", sent | {"title": "Другое"})

    assert again.headers["location"] == made
    page = counter.client.get(made).text
    assert "уже создан" in page
    assert "Другое" not in page
    assert UUID(made.rpartition("/")[2]) == UUID(sent["key"])
