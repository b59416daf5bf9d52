"""A contract is suspended, resumed and ended at the desk: asked for first, done once, and honest about what is left."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.models import Autopay
from payments.charging.due import create_due_payments
from payments.charging.models import CREATED, Payment
from payments.charging.permits import permit_scheduled
from payments.contracts.models import BY_CALENDAR, Contract, Installment
from payments.history.models import StatusHistory
from payments.invoicing.issue import issue_due
from payments.invoicing.models import Invoice
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first, play, play_day
from tests.support.business import Agreement

pytestmark = pytest.mark.committed


@pytest.fixture
def anna(company: None) -> Agreement:
    """Paid on 10 January with a card that is charged every month by the calendar."""
    at_noon(date(2027, 1, 10))
    with begin() as session:
        it = agreement(session, customer_of(session, "Анна Ковалёва", email="anna@example.com"), advance=BY_CALENDAR)
        pay_first(session, it)
    return it


def url(it: Agreement, act: str = "") -> str:
    return f"/staff/contracts/{it.contract_id}{'/' + act if act else ''}"


def states(it: Agreement) -> tuple[str, str | None]:
    with read() as session:
        autopay = select(Autopay.status).where(Autopay.contract_id == it.contract_id)
        return session.get_one(Contract, it.contract_id).status, session.scalars(autopay).one_or_none()


def words(page: str) -> str:
    """What a page says, without markup."""
    body = page.split("<main", 1)[1].split("</main", maxsplit=1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " "))


@pytest.mark.parametrize(
    ("act", "after", "said"),
    [("suspension", ("suspended", "paused"), "приостановлен"), ("end", ("ended", "ended"), "завершён")],
)
def test_it_is_asked_for_once_more_done_once_and_noted(
    desk: Desk, anna: Agreement, act: str, after: tuple[str, str], said: str
) -> None:
    client = desk("manager")
    question = client.get(url(anna, act)).text
    assert f'action="{url(anna, act)}"' in question
    assert "письмо на anna@example.com" in words(question)
    assert "Неоплаченных счетов нет" in words(question)
    assert states(anna) == ("active", "active"), "asking changes nothing"

    answers = [client.post(url(anna, act)) for _ in range(2)]

    assert [(it.status_code, it.headers["location"]) for it in answers] == [(303, url(anna))] * 2
    assert states(anna) == after
    assert f"Договор уже {said}" in client.get(url(anna)).text, "the second press says so"
    with read() as session:
        moves = select(StatusHistory).where(StatusHistory.object_id == anna.contract_id, StatusHistory.new == after[0])
        assert session.scalars(moves).one().source.startswith("staff:")


def test_the_question_names_the_debt_that_stays_and_the_line_that_goes(desk: Desk, anna: Agreement) -> None:
    play(date(2027, 2, 20), lambda _payment: "insufficient_funds")

    suspension, end = (words(desk().get(url(anna, act)).text) for act in ("suspension", "end"))

    assert "1 неоплаченный счёт на 3 000,00 ₽ останется долгом" in suspension
    assert "Автоплатёж встанет на паузу" in suspension
    assert "Счёта на 3 000,00 ₽ к 10 марта 2027 не будет" in end
    desk().post(url(anna, "end"))
    with read() as session:
        lines = select(Installment.status).where(Installment.contract_id == anna.contract_id)
        assert sorted(session.scalars(lines.order_by(Installment.number))) == ["invoiced", "paid", "void"]
        invoices = select(Invoice.status).where(Invoice.contract_id == anna.contract_id)
        assert sorted(session.scalars(invoices)) == ["open", "paid"]


def test_a_resumption_says_which_dates_passed_and_they_are_asked_for_at_once(desk: Desk, anna: Agreement) -> None:
    client = desk()
    client.post(url(anna, "suspension"))
    at_noon(date(2027, 5, 1))
    play_day()

    question = words(client.get(url(anna, "resumption")).text)
    assert "прошло дат: 3, с 10 февраля 2027 по 10 апреля 2027. Счета за них, всего 9 000,00 ₽, уйдут сразу" in question
    assert "Автоплатёж включится снова: Карта" in question
    assert client.post(url(anna, "resumption")).status_code == 303

    assert states(anna) == ("active", "active")
    with begin() as session:
        while issue_due(session, now=business_now(session)):
            pass
        due = select(Invoice.due_on).where(Invoice.contract_id == anna.contract_id, Invoice.status == "open")
        assert sorted(session.scalars(due)) == [date(2027, month, 10) for month in (2, 3, 4)]


def test_a_charge_that_had_left_is_named_and_the_others_never_leave(
    desk: Desk, anna: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.autopay.stopping._WAIT_S", 0.1)
    left = _send_a_charge(anna)
    client = desk()
    assert f"Платёж № {left.number} на 3 000,00 ₽ уже в банке" in words(client.get(url(anna, "end")).text)

    client.post(url(anna, "end"))

    page = words(client.get(url(anna)).text)
    assert f"№ {left.number} (3 000,00 ₽)" in page or "Одно списание ушло раньше остановки" in page
    assert f"/staff/payments/{left.id}" in client.get(url(anna)).text
    with begin() as session:
        assert create_due_payments(session, now=business_now(session)) == 0


def _send_a_charge(it: Agreement) -> Payment:
    at_noon(date(2027, 2, 7))
    play_day()
    at_noon(date(2027, 2, 11))
    with begin() as session:
        create_due_payments(session, now=business_now(session))
        payment = session.scalars(select(Payment).where(Payment.status == CREATED)).one()
        assert payment.contract_id == it.contract_id
        assert permit_scheduled(session, [payment.id], worker="test")
    return payment


def test_whatever_is_impossible_is_said_in_words_and_changes_nothing(desk: Desk, anna: Agreement) -> None:
    client = desk()
    for method in ("GET", "POST"):
        answer = client.request(method, url(anna, "resumption"))
        assert (answer.status_code, answer.headers["location"]) == (303, url(anna))
        assert "Договор и так действует" in client.get(url(anna)).text
    with begin() as session:
        session.execute(update(Contract).values(status="draft"))
    for act in ("suspension", "resumption", "end"):
        client.post(url(anna, act))
        assert "покупка, которую не оплатили" in client.get(url(anna)).text
    assert states(anna)[0] == "draft"
    nothing = Agreement(uuid4(), uuid4(), uuid4())
    for act in ("suspension", "resumption", "end"):
        assert client.get(url(nothing, act)).status_code == client.post(url(nothing, act)).status_code == 404


def test_without_autopay_or_address_nobody_promises_a_letter(desk: Desk, anna: Agreement) -> None:
    with begin() as session:
        plain = agreement(session, anna.customer_id, title="Склад", in_days=3)
        deaf = agreement(session, customer_of(session, "Гущин Олег"), title="Гараж", in_days=3)
    client = desk()

    assert "Письма не будет" in words(client.get(url(plain, "end")).text)
    assert "Почты у клиента нет" in words(client.get(url(deaf, "suspension")).text)
    assert "клиент платит сам" in words(client.get(url(deaf, "suspension")).text)


def test_the_card_offers_what_is_possible_to_those_who_may(desk: Desk, anna: Agreement) -> None:
    def offered(role: str) -> set[str]:
        return set(re.findall(rf'href="{url(anna)}/(\w+)"', desk(role).get(url(anna)).text))

    assert offered("manager") == {"suspension", "end"}
    assert offered("accountant") == offered("viewer") == set()
    desk().post(url(anna, "suspension"))
    assert offered("owner") == {"resumption", "end"}
    desk().post(url(anna, "end"))
    assert offered("owner") == set()


def test_nobody_and_a_viewer_stop_nothing(desk: Desk, anna: Agreement) -> None:
    for act in ("suspension", "end"):
        assert desk("viewer").post(url(anna, act)).status_code == 403
        assert desk(role=None).post(url(anna, act)).headers["location"].startswith("/staff/login")
    assert states(anna) == ("active", "active")
