"""Invoices at the desk: found, added up, issued for once, sent, linked to, voided; each act recorded."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kernel import clock
from kernel.clock import business_date, business_now
from kernel.db import begin, read
from payments.charging.checkout import prepare_checkout
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.customers.models import Customer
from payments.events import InvoiceIssued, InvoiceVoided
from payments.invoicing.models import Invoice, PayLink
from portal.audit.models import AuditEntry
from portal.notifications.handlers import invoice_issued, invoice_voided
from portal.notifications.models import Message
from portal.web.kit.paging import write_cursor
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, answer, at_noon, customer_of, pay_first, play
from tests.support.business import Agreement

pytestmark = pytest.mark.committed

LIST = "/staff/invoices"


@pytest.fixture
def anna(company: None) -> Agreement:
    """Anna has paid her first month and owes the second; it is 3 April 2027."""
    at_noon(date(2027, 3, 1))
    with begin() as session:
        it = agreement(session, customer_of(session, "Ковалёва Анна", email="anna@example.com"))
        pay_first(session, it, saves=False)
    play(date(2027, 4, 3))
    return it


def rows(page: str) -> list[str]:
    """The lines of the list, without markup."""
    body = page.split("<tbody")[1].split("</tbody", maxsplit=1)[0] if "<tbody" in page else ""
    return [re.sub(r"(?:<[^>]+>|\s)+", " ", row).replace("\u00a0", " ") for row in body.split("<tr")[1:]]


def text(page: Response) -> str:
    return page.text.replace("\u00a0", " ").replace("\u202f", " ")


def open_invoice(it: Agreement) -> UUID:
    with read() as session:
        found = select(Invoice.id).where(Invoice.contract_id == it.contract_id, Invoice.status == "open")
        return session.scalars(found).one()


def acts() -> list[str]:
    with read() as session:
        return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


def fields(client: TestClient, it: Agreement, **changes: str) -> dict[str, str]:
    """What the form of a new invoice sends."""
    page = client.get(f"{LIST}/new?customer={it.customer_id}").text
    key = re.search(r'name="key" value="([\w-]+)"', page)
    assert key
    day = (business_date(clock.now()) + timedelta(days=7)).strftime("%d.%m.%Y")
    known = {"customer": str(it.customer_id), "key": key[1], "title": "Замена замка", "amount": "1 500,50"}
    return {**known, "due_on": day, "contract": "", "told": "y", **changes}


def test_the_newest_comes_first_with_its_state_and_the_total(desk: Desk, anna: Agreement) -> None:
    page = text(desk().get(LIST))

    found = rows(page)
    assert ["Просрочен" in row for row in found] == [True, False]
    assert "Оплачен" in found[1]
    assert "Итого счетов: 2" in page
    assert "6 000,00 ₽" in page
    assert "3 000,00 ₽" in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("view=open", 1),
        ("view=overdue", 1),
        ("status=paid", 1),
        ("status=void", 0),
        ("q=Ковалева", 2),
        ("q=Гущин", 0),
        ("first_on=02.03.2027", 1),
        ("last_on=02.03.2027", 1),
        ("first_on=01.03.2027&last_on=30.04.2027", 2),
        ("customer=rubbish", 2),
    ],
)
def test_it_is_narrowed_by_state_period_and_words(desk: Desk, anna: Agreement, query: str, count: int) -> None:
    assert len(rows(desk().get(f"{LIST}?{query}").text)) == count


def test_it_is_narrowed_to_a_customer_and_by_a_number(desk: Desk, anna: Agreement) -> None:
    with begin() as session:
        other = agreement(session, customer_of(session, "Гущин Олег"))
        pay_first(session, other, saves=False)
        number = session.get_one(Invoice, open_invoice(anna)).number

    mine = desk().get(f"{LIST}?customer={anna.customer_id}").text
    assert len(rows(mine)) == 2
    assert "Клиент:" in mine
    assert any(f"№ {number} " in row for row in rows(desk().get(f"{LIST}?q={number}").text))
    assert rows(desk().get(f"{LIST}?q=1999-0001").text) == []


def test_a_condition_that_makes_no_sense_is_told(desk: Desk, anna: Agreement) -> None:
    answer = desk().get(f"{LIST}?first_on=вчера")

    assert answer.status_code == 422
    assert "Таких счетов не нашлось" not in answer.text, "the error is all there is to say"
    assert rows(answer.text) == []
    assert "вчера" in answer.text


def test_a_list_longer_than_a_page_goes_on_where_it_stopped(desk: Desk, anna: Agreement) -> None:
    first = desk().get(LIST).text
    newest = open_invoice(anna)

    assert rows(desk().get(f"{LIST}?after={write_cursor((str(newest),))}").text) == rows(first)[1:]
    assert rows(desk().get(f"{LIST}?after=rubbish").text) == rows(first)


def test_the_card_tells_everything_about_it(desk: Desk, anna: Agreement) -> None:
    invoice_id = open_invoice(anna)
    with begin() as session:
        invoice_issued(session, InvoiceIssued(invoice_id), business_now(session))
        now = business_now(session)
        prepare_checkout(session, invoice_id, customer_id=anna.customer_id, consent_id=None, now=now)
        payment = session.scalars(select(Payment).where(Payment.invoice_id == invoice_id)).one()
        answer(session, [(payment, "insufficient_funds")])

    page = text(desk().get(f"{LIST}/{invoice_id}"))

    for expected in (
        "3 000,00 ₽",
        "Абонемент",
        "Ковалёва Анна",
        "На счёте не хватило денег",
        "anna@example.com",
        "http://localhost:8000/pay/",
        "Отправить письмом",
        "Аннулировать",
        "30 апреля 2027",
    ):
        assert expected in page, expected
    assert desk().get(f"{LIST}/{uuid4()}").status_code == 404


def test_a_new_one_is_issued_sent_and_recorded(desk: Desk, anna: Agreement) -> None:
    client = desk("accountant")

    made = client.post(LIST, data=fields(client, anna))

    assert made.status_code == 303
    page = text(client.get(made.headers["location"]))
    assert "1 500,50 ₽" in page
    assert "Разовый счёт" in page
    assert acts() == ["invoice.issued"]
    with begin() as session:
        invoice_id = UUID(made.headers["location"].rpartition("/")[2])
        assert session.get_one(Invoice, invoice_id).kopecks == 150_050
        invoice_issued(session, InvoiceIssued(invoice_id), business_now(session))
        letter = session.scalars(select(Message).where(Message.invoice_id == invoice_id)).one()
        assert "/pay/" in letter.text_body


def test_it_may_stand_beside_a_contract(desk: Desk, anna: Agreement) -> None:
    client = desk()
    with read() as session:
        number = session.get_one(Contract, anna.contract_id).number

    made = client.post(LIST, data=fields(client, anna, contract=str(anna.contract_id)))

    assert f"№ {number}/1" in text(client.get(made.headers["location"]))
    assert "Замена замка" in client.get(f"/staff/contracts/{anna.contract_id}").text


def test_pressing_twice_issues_one(desk: Desk, anna: Agreement) -> None:
    client = desk()
    sent = fields(client, anna)

    first, second = (client.post(LIST, data=sent) for _ in range(2))

    assert first.headers["location"] == second.headers["location"]
    with read() as session:
        assert session.scalar(select(func.count()).where(Invoice.kopecks == 150_050)) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": " "}, "Напишите, за что платит клиент"),
        ({"amount": ""}, "Введите сумму"),
        ({"amount": "0,99"}, "меньше одного рубля"),
        ({"amount": "много"}, "Введите сумму цифрами"),
        ({"due_on": "01.01.2020"}, "Эта дата уже прошла"),
        ({"due_on": "31.02.2027"}, "Такой даты нет"),
        ({"contract": str(uuid4())}, "Такого договора у клиента нет"),
    ],
)
def test_what_makes_no_sense_is_told_kept_and_stores_nothing(
    desk: Desk, anna: Agreement, changes: dict[str, str], said: str
) -> None:
    client = desk()

    refused = client.post(LIST, data=fields(client, anna, **changes))

    assert refused.status_code == 422
    assert said in refused.text
    assert "<title>Ошибка" in refused.text
    if "title" not in changes:
        assert "Замена замка" in refused.text
    assert acts() == []
    with read() as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 2


def test_a_customer_is_chosen_first_and_one_without_an_address_gets_no_letter(desk: Desk, anna: Agreement) -> None:
    client = desk()
    assert "Кому счёт?" in client.get(f"{LIST}/new").text
    assert "Ковалёва" in client.get(f"{LIST}/new?q=ковал").text
    with begin() as session:
        session.get_one(Customer, anna.customer_id).email = None

    page = client.get(f"{LIST}/new?customer={anna.customer_id}").text
    assert "Почты нет: письмо не уйдёт" in page
    assert 'name="told"' not in page
    assert client.post(LIST, data={"customer": str(uuid4())}).status_code == 404


def test_it_is_sent_once_however_often_the_button_is_pressed(desk: Desk, anna: Agreement) -> None:
    client, invoice_id = desk("accountant"), open_invoice(anna)

    answers = [client.post(f"{LIST}/{invoice_id}/letters") for _ in range(2)]

    assert [answer.headers["location"] for answer in answers] == [f"{LIST}/{invoice_id}"] * 2
    assert acts() == ["invoice.sent"]
    with begin() as session:
        (letter,) = session.scalars(select(Message).where(Message.invoice_id == invoice_id))
        letter.status = "sent"
        letter.created_at = business_now(session) - timedelta(minutes=2)
    client.post(f"{LIST}/{invoice_id}/letters")
    with read() as session:
        assert session.scalar(select(func.count()).where(Message.invoice_id == invoice_id)) == 2


def test_a_paid_one_one_being_paid_and_one_without_an_address_are_not_sent(desk: Desk, anna: Agreement) -> None:
    client, invoice_id = desk(), open_invoice(anna)
    with read() as session:
        paid = session.scalars(select(Invoice.id).where(Invoice.status == "paid")).one()
    client.post(f"{LIST}/{paid}/letters")
    with begin() as session:
        now = business_now(session)
        prepare_checkout(session, invoice_id, customer_id=anna.customer_id, consent_id=None, now=now)
    client.post(f"{LIST}/{invoice_id}/letters")
    with begin() as session:
        payment = session.scalars(select(Payment).where(Payment.invoice_id == invoice_id)).one()
        answer(session, [(payment, "general_decline")])
        session.get_one(Customer, anna.customer_id).email = None
    client.post(f"{LIST}/{invoice_id}/letters")

    assert acts() == []
    with read() as session:
        assert session.scalar(select(func.count()).where(Message.invoice_id.is_not(None))) == 0


def test_voiding_is_asked_for_once_more_and_done_once(desk: Desk, anna: Agreement) -> None:
    client, invoice_id = desk("manager"), open_invoice(anna)
    question = text(client.get(f"{LIST}/{invoice_id}/void"))
    assert "Аннулировать счёт?" in question
    assert "Договор продолжится" in question

    for _ in range(2):
        assert client.post(f"{LIST}/{invoice_id}/void").status_code == 303

    with read() as session:
        assert session.get_one(Invoice, invoice_id).status == "void"
    assert acts() == ["invoice.voided"]
    page = client.get(f"{LIST}/{invoice_id}").text
    assert "Отправить письмом" not in page
    assert "Аннулирован" in page
    assert client.get(f"{LIST}/{invoice_id}/void").status_code == 303


@pytest.mark.parametrize("sent", [True, False])
def test_whoever_was_sent_an_invoice_is_told_once_that_it_is_void(desk: Desk, anna: Agreement, *, sent: bool) -> None:
    client = desk("manager")
    made = client.post(LIST, data=fields(client, anna)).headers["location"]
    invoice_id = UUID(made.rpartition("/")[2])
    if sent:
        with begin() as session:
            invoice_issued(session, InvoiceIssued(invoice_id), business_now(session))
    assert ("ему уйдёт письмо" in client.get(f"{made}/void").text) == sent

    client.post(f"{made}/void")
    for _ in range(2):
        with begin() as session:
            invoice_voided(session, InvoiceVoided(invoice_id), business_now(session))

    with read() as session:
        about = select(Message).where(Message.invoice_id == invoice_id, Message.kind == "invoice_voided")
        letters = list(session.scalars(about))
    assert len(letters) == sent
    for letter in letters:
        assert letter.recipient == "anna@example.com"
        assert letter.subject.endswith("аннулирован, платить не нужно")
        said = letter.text_body.replace("\u00a0", " ")
        assert "1 500,50 ₽" in said
        assert "Замена замка" in said
        assert "/pay/" not in said
    assert ("аннулирован, платить не нужно" in client.get("/staff/messages?q=anna").text) == sent


def test_one_that_is_being_paid_is_not_voided(desk: Desk, anna: Agreement) -> None:
    client, invoice_id = desk(), open_invoice(anna)
    with begin() as session:
        now = business_now(session)
        prepare_checkout(session, invoice_id, customer_id=anna.customer_id, consent_id=None, now=now)

    assert "По счёту идёт платёж" in client.get(f"{LIST}/{invoice_id}").text
    client.post(f"{LIST}/{invoice_id}/void")

    assert acts() == []
    with read() as session:
        assert session.get_one(Invoice, invoice_id).status == "open"


def shown_link(client: TestClient, invoice_id: UUID) -> str:
    found = re.search(
        r'id="pay-link" value="(http://localhost:8000/pay/[\w-]{43})"', client.get(f"{LIST}/{invoice_id}").text
    )
    assert found
    return found[1]


def test_its_link_is_made_shown_and_replaced(desk: Desk, anna: Agreement) -> None:
    client, invoice_id = desk("accountant"), open_invoice(anna)
    assert "/pay/" not in client.get(f"{LIST}/{invoice_id}").text

    client.post(f"{LIST}/{invoice_id}/link")
    made = shown_link(client, invoice_id)
    client.post(f"{LIST}/{invoice_id}/link", data={"link": made})

    assert shown_link(client, invoice_id) != made
    assert acts() == ["invoice.link_made", "invoice.link_replaced"]
    with read() as session:
        assert session.scalar(select(func.count()).where(PayLink.revoked_at.is_(None))) == 1
    assert client.post(f"{LIST}/{uuid4()}/link").status_code == 404


@pytest.mark.parametrize("press", ["Создать ссылку", "Заменить"])
def test_a_page_that_is_older_than_the_link_does_not_take_it_away(desk: Desk, anna: Agreement, press: str) -> None:
    client, invoice_id = desk("accountant"), open_invoice(anna)
    client.post(f"{LIST}/{invoice_id}/link")
    first = shown_link(client, invoice_id)
    client.post(f"{LIST}/{invoice_id}/link", data={"link": first})
    second = shown_link(client, invoice_id)

    client.post(f"{LIST}/{invoice_id}/link", data={"link": first} if press == "Заменить" else {})

    assert shown_link(client, invoice_id) == second
    assert acts() == ["invoice.link_made", "invoice.link_replaced"]


def test_a_viewer_sees_no_button_and_no_wrong_role_does_anything(desk: Desk, anna: Agreement) -> None:
    viewer, invoice_id = desk("viewer"), open_invoice(anna)

    page = viewer.get(LIST).text + viewer.get(f"{LIST}/{invoice_id}").text
    assert "Выставить счёт" not in page
    assert "Отправить письмом" not in page
    assert f"{invoice_id}/void" not in page
    assert f"{invoice_id}/link" not in page
    for rest in ("letters", "link", "void"):
        assert viewer.post(f"{LIST}/{invoice_id}/{rest}").status_code == 403
    assert desk("accountant").post(f"{LIST}/{invoice_id}/void").status_code == 403
    assert acts() == []
