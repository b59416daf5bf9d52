"""The search over everything: each sign finds its thing, the match is marked, strange texts break nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.invoicing.issue import issue_now
from payments.invoicing.models import Invoice
from portal.web.staff.marking import marked
from portal.web.staff.meanings import read_meaning
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, customer_of, pay_first

SEARCH = "/staff/search"


@pytest.fixture
def known(company: None) -> dict[str, str]:
    """Alyona paid 3 865,50 ₽ with a card •• 0077; a company owes 1 234,56 ₽. Addresses and numbers by name."""
    with begin() as session:
        alyona = customer_of(session, "Жук Алёна Петровна", email="Zhuk.A@example.ru", phone="+79161234567")
        office = customer_of(session, "ООО «Вектор-Юг»", kind="company", inn="7707083893")
        paid = pay_first(session, agreement(session, alyona, kopecks=386_550), last4="0077", saves=False)
        owed = agreement(session, office, kopecks=123_456)
    with begin() as session:
        issue_now(session, owed.line_id, now=business_now(session))
    with read() as session:
        payment = session.get_one(Payment, paid)
        invoice = session.scalars(select(Invoice).where(Invoice.contract_id == owed.contract_id)).one()
        contract = session.get_one(Contract, owed.contract_id)
        return {
            "alyona": f"/staff/customers/{alyona}",
            "office": f"/staff/customers/{office}",
            "payment": f"/staff/payments/{paid}",
            "contract": f"/staff/contracts/{owed.contract_id}",
            "invoice": f"/staff/invoices/{invoice.id}",
            "payment number": str(payment.number),
            "gateway id": str(payment.gateway_id),
            "invoice number": invoice.number,
            "contract number": contract.number,
        }


def hits(page: str) -> set[str]:
    found = page.split('id="found"')[1] if 'id="found"' in page else page
    return set(re.findall(r'class="cell" href="([^"]+)"', found))


SIGNS = {
    "жук": {"alyona"},
    "АЛЕНА": {"alyona"},
    "петровна алёна": {"alyona"},
    "zhuk.a@example": {"alyona"},
    "fktyf": {"alyona"},
    "FKTYF": {"alyona"},
    "яргл": {"alyona"},
    "яргл.ф": {"alyona"},
    "916 123": {"alyona"},
    "+7916": {"alyona"},
    "7707 083": {"office"},
    "8 (916) 123-45-67": {"alyona"},
    "1234567": {"alyona"},
    "7707083893": {"office"},
    "вектор": {"office"},
    "0077": {"payment"},
    "•• 0077": {"payment"},
    "3865,50": {"payment"},
    "3 865.50 ₽": {"payment"},
    "1234,56": {"invoice"},
    "1 234,56 ₽": {"invoice"},
    "1\u00a0234.56": {"invoice"},
    "№\u00a0{payment number}": {"payment"},
    "{payment number}": {"payment"},
    "№ {payment number}": {"payment"},
    "{gateway id}": {"payment"},
    "{invoice number}": {"invoice"},
    "{contract number}": {"contract", "office"},
}


@pytest.mark.committed
def test_each_sign_finds_its_thing(desk: Desk, known: dict[str, str]) -> None:
    client = desk("viewer")

    for sign, wanted in SIGNS.items():
        page = client.get(SEARCH, params={"q": sign.format(**known)})

        assert page.status_code == 200
        assert {known[name] for name in wanted} <= hits(page.text), sign
        if sign.isalpha():
            assert hits(page.text) == {known[name] for name in wanted}, sign


@pytest.mark.committed
def test_the_match_is_marked_however_it_is_written(desk: Desk, known: dict[str, str]) -> None:
    client = desk()

    assert "Жук <mark>Алёна</mark> Петровна" in client.get(f"{SEARCH}?q=алена").text
    assert "Жук <mark>Алёна</mark> Петровна" in client.get(f"{SEARCH}?q=fktyf").text
    assert "<mark>916\u00a0123-45-67</mark>" in client.get(f"{SEARCH}?q=89161234567").text
    assert "••\u00a0<mark>0077</mark>" in client.get(f"{SEARCH}?q=0077").text


@pytest.mark.committed
def test_while_typing_only_the_results_are_sent(desk: Desk, known: dict[str, str]) -> None:
    part = desk(htmx=True).get(f"{SEARCH}?q=жук").text

    assert hits(part) == {known["alyona"]}
    assert "<html" not in part


@pytest.mark.committed
def test_nothing_typed_gives_advice_and_nothing_found_says_so(desk: Desk, company: None) -> None:
    client = desk()

    assert "Что можно искать" in client.get(SEARCH).text
    assert "Что можно искать" in client.get(f"{SEARCH}?q=ж").text, "one letter finds everybody"
    assert "Ничего не нашлось" in client.get(f"{SEARCH}?q=неттакого").text
    assert f'action="{SEARCH}"' in client.get("/staff").text, "the rail leads here"


@pytest.mark.committed
def test_many_of_a_kind_lead_to_the_list_of_all(desk: Desk, company: None) -> None:
    with begin() as session:
        customer_id = customer_of(session, "Анна")
        for n in range(8):
            customer_of(session, f"Тёзка {n}")
            pay_first(session, agreement(session, customer_id, kopecks=500_000), last4="1234", saves=False)
    client = desk()

    for typed, more in (
        ("тёзка", "/staff/customers?q="),
        ("1234", "/staff/payments?last4=1234"),
        ("5000", "least=5000%2C00"),
    ):
        page = client.get(SEARCH, params={"q": typed}).text
        assert more in page, typed
        assert len(hits(page)) <= 6 * 2
    rest = client.get("/staff/payments?least=5000%2C00&most=5000%2C00").text
    assert "Итого платежей: 8" in rest


@pytest.mark.committed
@pytest.mark.parametrize(
    "typed", ["%", "\\", "'; DROP TABLE customers; --", "\0\0", "ы" * 5000, "9" * 60, "<b>", "0,00", "1e9"]
)
def test_strange_texts_break_nothing(desk: Desk, known: dict[str, str], typed: str) -> None:
    page = desk().get(SEARCH, params={"q": typed})

    assert page.status_code == 200
    assert "<b>" not in page.text.split('id="found"')[1]


@pytest.mark.parametrize(
    ("typed", "kopecks", "last4"),
    [
        ("3865,50", 386_550, ""),
        ("3 865.50 ₽", 386_550, ""),
        ("0077", 7_700, "0077"),
        ("•• 4477", None, "4477"),
        ("4477", 447_700, "4477"),
        ("89161234567", None, ""),
        ("7707083893", None, ""),
        ("жук", None, ""),
        ("2026-0147", None, ""),
    ],
)
def test_what_a_text_may_mean(typed: str, kopecks: int | None, last4: str) -> None:
    meaning = read_meaning(typed)

    assert (meaning.kopecks, meaning.last4) == (kopecks, last4)


@given(st.text(max_size=40), st.text(max_size=12))
def test_marking_changes_nothing_but_the_marks(text: str, typed: str) -> None:
    shown = marked(text, typed)

    assert Markup(re.sub(r"</?mark>", "", shown)).unescape() == text
    assert shown.count("<mark>") == shown.count("</mark>")
