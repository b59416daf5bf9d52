"""Failed charges at the desk: the reason, the next try, and what an employee may do about each, once."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.autopay.consents import Evidence
from payments.autopay.models import Autopay
from payments.autopay.stopping import withdraw
from payments.charging.checkout import prepare_checkout
from payments.charging.due import create_due_payments
from payments.charging.models import CREATED, Payment
from payments.installation.pausing import pause_charging
from payments.invoicing.models import Invoice
from portal.audit.models import AuditEntry
from portal.notifications.models import Message
from portal.web import surroundings
from portal.web.kit.paging import write_cursor
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, answer, at_noon, customer_of, pay_first, play
from tests.support.business import Agreement

pytestmark = pytest.mark.committed

LIST = "/staff/failed-charges"
REASONS = {"Ковалёва Анна": "insufficient_funds", "Гущин Олег": "card_expired", "Рощин Дмитрий": "issuer_unavailable"}


@pytest.fixture
def failed(company: None) -> dict[str, Agreement]:
    """On 1 April the charges of Anna, Oleg and Dmitry fail, each for its reason; Vera's passes."""
    at_noon(date(2027, 3, 1))
    people = {}
    with begin() as session:
        for number, name in enumerate((*REASONS, "Орлова Вера")):
            email = f"c{number}@example.com"
            people[name] = agreement(session, customer_of(session, name, email=email), kopecks=100_000 * (number + 1))
            pay_first(session, people[name])
    reasons = {people[name].contract_id: reason for name, reason in REASONS.items()}
    play(date(2027, 4, 1), lambda payment: reasons.get(payment.contract_id))
    return people


def text(page: Response) -> str:
    return page.text.replace("\u00a0", " ").replace("\u202f", " ")


def rows(page: str) -> dict[str, str]:
    """The lines of the list by their customer, without markup but for addresses."""
    body = page.split("<tbody")[1].split("</tbody", maxsplit=1)[0] if "<tbody" in page else ""
    lines = [row.replace("\u00a0", " ") for row in body.split("<tr")[1:]]
    return {name: row for row in lines for name in (*REASONS, "Орлова Вера") if name in row}


def invoice_of(it: Agreement) -> UUID:
    with read() as session:
        found = select(Invoice.id).where(Invoice.contract_id == it.contract_id).order_by(Invoice.id.desc())
        return session.scalars(found.limit(1)).one()


def acts() -> list[str]:
    with read() as session:
        return list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


def charges() -> int:
    """What the scheduler makes of it now."""
    with begin() as session:
        create_due_payments(session, now=business_now(session))
        count = select(func.count()).where(Payment.status == CREATED, Payment.initiator == "schedule")
        return session.scalar(count) or 0


def test_each_says_why_how_often_and_what_comes_next(desk: Desk, failed: dict[str, Agreement]) -> None:
    page = text(desk().get(LIST))
    found = rows(page)

    assert set(found) == set(REASONS)
    for name, said in (
        ("Ковалёва Анна", ("На счёте не хватило денег", "1 из 4", "2 апреля 2027", "1 000,00 ₽", "/retry")),
        ("Гущин Олег", ("Срок действия карты истёк", "1 из 1", "Повторить нельзя: карта больше не работает")),
        ("Рощин Дмитрий", ("Банк, выпустивший карту, не ответил", "1 из 4", "1 апреля 2027")),
    ):
        for expected in said:
            assert expected in found[name], (name, expected)
    assert "/retry" not in found["Гущин Олег"]
    assert "Итого неудачных списаний: 3" in page
    assert "6 000,00 ₽" in page


def test_the_menu_counts_them(desk: Desk, failed: dict[str, Agreement]) -> None:
    assert surroundings._read_counts() == {"failed-charges": 3, "proof": 0}
    assert "Отказы банка" in desk().get("/staff").text


def test_a_list_longer_than_a_page_goes_on_where_it_stopped(desk: Desk, failed: dict[str, Agreement]) -> None:
    with read() as session:
        newest = session.scalar(select(func.max(Payment.number)).where(Payment.status == "canceled"))

    rest = rows(desk().get(f"{LIST}?after={write_cursor((str(newest),))}").text)

    assert len(rest) == 2
    assert len(rows(desk().get(f"{LIST}?q=ковалева").text)) == 1
    assert "Таких списаний не нашлось" in desk().get(f"{LIST}?q=никого").text


def test_a_try_of_the_customers_own_that_failed_too_keeps_it_in_the_list(
    desk: Desk, failed: dict[str, Agreement]
) -> None:
    it = failed["Ковалёва Анна"]
    with begin() as session:
        now = business_now(session)
        prepare_checkout(session, invoice_of(it), customer_id=it.customer_id, consent_id=None, now=now)
    assert "Ковалёва Анна" not in rows(desk().get(LIST).text), "it is being paid"
    with begin() as session:
        payment = session.scalars(select(Payment).order_by(Payment.number.desc())).first()
        assert payment
        answer(session, [(payment, "general_decline")])

    assert "На счёте не хватило денег" in rows(desk().get(LIST).text)["Ковалёва Анна"]


def test_trying_again_is_asked_for_once_more_and_done_once_by_two(desk: Desk, failed: dict[str, Agreement]) -> None:
    invoice_id = invoice_of(failed["Ковалёва Анна"])
    boss, manager = desk("owner"), desk("manager")
    question = text(boss.get(f"{LIST}/{invoice_id}/retry"))
    assert "Списать 1 000,00 ₽" in question
    assert "раньше только по его просьбе" in question
    assert charges() == 0, "asking changes nothing"

    for client in (boss, manager, boss):
        assert client.post(f"{LIST}/{invoice_id}/retry").headers["location"] == LIST

    assert acts() == ["charge.retried"]
    assert charges() == 1
    boss.post(f"{LIST}/{invoice_id}/retry")
    assert (charges(), acts()) == (1, ["charge.retried"])
    assert "Ковалёва Анна" not in rows(boss.get(LIST).text)


def test_what_stands_against_it_is_said_instead_of_the_button(desk: Desk, failed: dict[str, Agreement]) -> None:
    client, it = desk(), failed["Ковалёва Анна"]
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))

    assert "Повторить нельзя: клиент отключил автоплатёж" in rows(client.get(LIST).text)["Ковалёва Анна"]
    assert "Списать" not in client.get(f"{LIST}/{invoice_of(it)}/retry").text
    client.post(f"{LIST}/{invoice_of(it)}/retry")

    assert (acts(), charges()) == ([], 0)


def test_a_pause_of_all_charging_is_said_above_the_list(desk: Desk, failed: dict[str, Agreement]) -> None:
    with begin() as session:
        pause_charging(session, "сверяем суммы", now=business_now(session), by=None)

    page = desk().get(LIST).text

    assert "Списания приостановлены: сверяем суммы" in page
    assert "/retry" not in page


def test_the_link_is_sent_once(desk: Desk, failed: dict[str, Agreement]) -> None:
    invoice_id = invoice_of(failed["Гущин Олег"])
    client = desk("accountant")

    for _ in range(2):
        assert client.post(f"{LIST}/{invoice_id}/letters").headers["location"] == LIST

    assert acts() == ["invoice.sent"]
    with read() as session:
        (letter,) = session.scalars(select(Message).where(Message.invoice_id == invoice_id))
    assert "/pay/" in letter.text_body
    assert "Сами мы этот счёт не спишем" in letter.text_body


def test_the_link_of_one_that_will_be_tried_again_says_so(desk: Desk, failed: dict[str, Agreement]) -> None:
    invoice_id = invoice_of(failed["Ковалёва Анна"])

    desk().post(f"{LIST}/{invoice_id}/letters")

    with read() as session:
        (letter,) = session.scalars(select(Message).where(Message.invoice_id == invoice_id))
    assert "Автоплатёж спишет эту сумму сам 2 апреля 2027" in letter.text_body.replace("\u00a0", " ")


def test_what_has_not_failed_cannot_be_tried_again(desk: Desk, failed: dict[str, Agreement]) -> None:
    client = desk()

    for unknown in (invoice_of(failed["Орлова Вера"]), uuid4()):
        assert client.get(f"{LIST}/{unknown}/retry").status_code == 409
        assert client.post(f"{LIST}/{unknown}/retry").status_code in (303, 404)
    assert (acts(), charges()) == ([], 0)


def test_a_viewer_reads_and_does_nothing(desk: Desk, failed: dict[str, Agreement]) -> None:
    client, invoice_id = desk("viewer"), invoice_of(failed["Ковалёва Анна"])
    page = client.get(LIST).text

    assert "Ковалёва Анна" in page
    assert not re.search(r"/retry|/letters|/autopay/pause", page)
    for rest in ("retry", "letters"):
        assert client.post(f"{LIST}/{invoice_id}/{rest}").status_code == 403
    assert desk("accountant").post(f"{LIST}/{invoice_id}/retry").status_code == 403
    assert acts() == []


def test_pausing_is_asked_for_done_once_told_and_ended(desk: Desk, failed: dict[str, Agreement]) -> None:
    it = failed["Ковалёва Анна"]
    client, here = desk("manager"), f"/staff/contracts/{it.contract_id}"
    assert f"{here}/autopay/pause" in rows(client.get(LIST).text)["Ковалёва Анна"]
    assert "с карты клиента ничего не спишется" in client.get(f"{here}/autopay/pause").text

    for _ in range(2):
        assert client.post(f"{here}/autopay/pause").headers["location"] == here

    assert acts() == ["autopay.paused"]
    card = client.get(here).text
    assert "Приостановлен сотрудником" in card
    assert "Повторить нельзя: автоплатёж на паузе" in rows(client.get(LIST).text)["Ковалёва Анна"]
    assert client.get(f"{here}/autopay/pause").status_code == 303
    assert "Возобновить автоплатёж?" in client.get(f"{here}/autopay/resumption").text
    for _ in range(2):
        assert client.post(f"{here}/autopay/resumption").headers["location"] == here
    assert acts() == ["autopay.paused", "autopay.resumed"]
    with read() as session:
        autopay = session.scalars(select(Autopay).where(Autopay.contract_id == it.contract_id)).one()
        assert (autopay.status, autopay.held_at) == ("active", None)
    question = client.get(f"{LIST}/{invoice_of(it)}/retry").text
    assert "Предупредить и списать" in question
    client.post(f"{LIST}/{invoice_of(it)}/retry")
    assert (charges(), acts()[-1]) == (0, "charge.retried")


def test_what_has_no_autopay_is_not_paused(desk: Desk, failed: dict[str, Agreement]) -> None:
    it = failed["Орлова Вера"]
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    client, here = desk(), f"/staff/contracts/{it.contract_id}/autopay"

    for rest in ("pause", "resumption"):
        assert client.get(f"{here}/{rest}").status_code == 303
        assert client.post(f"{here}/{rest}").status_code == 303
        assert client.post(f"/staff/contracts/{uuid4()}/autopay/{rest}").status_code == 404
    assert acts() == []
