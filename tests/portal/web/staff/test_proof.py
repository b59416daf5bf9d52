"""The page of the proof: green, or what differs with what to do about it, for those who may."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.models import Payment
from payments.contracts.models import Contract
from payments.installation.models import Shop
from payments.invoicing.models import Invoice
from payments.reconciliation.models import APPLY, KINDS, Difference, Reconciliation, SeenPayment
from portal.audit.models import AuditEntry
from portal.web.staff.proof_words import KINDS as WORDS
from portal.web.staff.proof_words import tell
from portal.web.staff.queries.proof import read_difference
from tests.portal.web.differing import plant_differences
from tests.portal.web.staff.conftest import Desk
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first
from tests.sandbox.process import Sandbox
from tests.support.another_shop import Move
from tests.support.gateway_cabinet import pay_past_us

pytestmark = pytest.mark.committed

Ids = dict[str, object]


def _read(status: str = "done", *, hours_ago: int = 0, error: str | None = None) -> None:
    with begin() as session:
        at = business_now(session) - timedelta(hours=hours_ago)
        session.add(
            Reconciliation(
                shop_id=session.scalars(select(Shop.id)).one(),
                status=status,
                deep=True,
                since_at=at - timedelta(days=35),
                until_at=at,
                lease_until=at,
                finished_at=at,
                payments=40,
                refunds=2,
                error=error,
            )
        )


@pytest.fixture
def differing(company: None, sandbox: Sandbox) -> Ids:
    """Anna paid; the gateway has three payments more, and a refund."""
    at_noon(date(2027, 3, 5))
    gateway_ids = tuple(pay_past_us(sandbox, "300.00")["id"] for _ in range(3))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Анна Ковалёва"), kopecks=100_000))
        invoice_id = session.scalars(select(Invoice.id)).one()
        shop_id = session.scalars(select(Shop.id)).one()
        return plant_differences(session, shop_id, invoice_id, gateway_ids)


def _open() -> set[str]:
    with read() as session:
        return {str(key) for key in session.scalars(select(Difference.id).where(Difference.resolved_at.is_(None)))}


def test_before_the_first_reading_and_when_it_is_green_old_or_failed_the_page_says_so(
    desk: Desk, company: None
) -> None:
    client = desk("viewer")
    assert "Сверки ещё не было" in client.get("/staff/proof").text
    _read(hours_ago=5)
    assert "Сверено только до" in client.get("/staff/proof").text
    _read()
    page = client.get("/staff/proof").text
    assert "Всё сходится" in page
    assert "Сверить сейчас" not in page
    _read("failed", error="broken_list: payments, страница 2, строка 7, gw-bad: валюта USD")
    page = client.get("/staff/proof").text
    assert "Последняя сверка не вышла, ничего не изменено" in page
    assert "Списку ЮKassa нельзя верить: в нём то, чего быть не может. Попробуем снова через десять минут." in page
    details = page.split("<details")[-1].split("</details>")[0]
    assert "строка 7, gw-bad: валюта USD" in details, "the raw text is there for whoever wants it"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("unknown: HTTP 503", "ЮKassa не ответила или ответила ошибкой"),
        ("not_executed: no route", "До ЮKassa не удалось достучаться"),
        ("credentials_refused: 401", "ЮKassa не приняла ключ магазина"),
        ("rejected: 400", "ЮKassa отклонила запрос списка"),
        ("database: QueryCanceled", "База данных не смогла сравнить списки"),
        ("lost: прервана: процесс остановился", "Сверка прервалась"),
        ("прервана: процесс остановился", "Сверка прервалась"),
    ],
    ids=str,
)
def test_a_failed_reading_says_in_words_what_failed(desk: Desk, company: None, error: str, why: str) -> None:
    _read("failed", error=error)
    assert why in desk("viewer").get("/staff/proof").text


def test_green_is_said_up_to_the_time_before_which_nothing_is_left_out(desk: Desk, company: None) -> None:
    at_noon(date(2027, 3, 5))
    _read()
    page = desk("viewer").get("/staff/proof").text
    # A minute before noon passes for noon: time goes on between.
    assert re.search(r"Всё сходится, сверено до 5 марта 2027, 11:4[45]", page)
    assert "Более свежие сверит следующая сверка" in page


def test_dates_of_a_reading_stand_in_their_order(desk: Desk, company: None) -> None:
    _read()
    heads = re.findall(r'<th role="columnheader"[^>]*>([^<]*)</th>', desk("viewer").get("/staff/proof").text)
    assert [head.strip() for head in heads][:3] == ["С", "До", "Итог"]


def test_rows_say_what_differs_and_buttons_are_for_owner_and_accountant(desk: Desk, differing: Ids) -> None:
    _read()
    page = desk("accountant").get("/staff/proof").text
    assert "Расхождений: 4" in page
    assert "Исправить все: 2" in page
    assert page.count(">Учесть<") == 2
    assert "Счёт № " in page
    assert f'href="/staff/proof/differences/{differing["difference_id"]}"' in page
    assert "Всё сходится" not in page

    seen = desk("manager").get("/staff/proof").text
    assert "Расхождений: 4" in seen
    assert '<form method="post" action="/staff/proof' not in seen


def test_what_is_of_a_former_shop_has_no_button_and_can_be_seen_to(desk: Desk, differing: Ids, move: Move) -> None:
    _read()
    with begin() as session:
        move.here(session)
    client = desk("accountant")
    page = client.get("/staff/proof").text
    assert "Расхождений: 4" in page
    assert "Исправить все" not in page
    assert ">Учесть<" not in page

    here = f"/staff/proof/differences/{differing['lost_id']}"
    one = client.get(here).text
    assert "прежний магазин" in one
    assert f'action="{here}/repair"' not in one
    assert f'action="{here}/invoice"' not in one
    assert client.post(f"{here}/review", data={"note": "Проверили в прежнем кабинете"}).status_code == 303
    assert str(differing["lost_id"]) not in _open()


def test_the_dashboard_and_the_rail_count_them(desk: Desk, differing: Ids) -> None:
    assert "4 расхождения с ЮKassa" in desk().get("/staff").text


def test_a_button_repairs_once_and_all_at_once(desk: Desk, differing: Ids) -> None:
    client = desk("accountant")
    here = f"/staff/proof/differences/{differing['lost_id']}"
    for said in ("Исправлено", "уже закрыто"):
        answer = client.post(f"{here}/repair")
        assert answer.status_code == 303
        assert said in client.get("/staff/proof").text
    assert client.post("/staff/proof/repairs").status_code == 303
    assert _open() == {str(differing["difference_id"]), str(differing["refund_id"])}
    with read() as session:
        found = session.scalars(select(Payment.initiator).where(Payment.initiator == "gateway")).all()
    assert len(found) == 2
    payment_page = client.get("/staff/payments?initiator=gateway").text
    assert payment_page.split("<tbody")[1].split("</tbody")[0].count("<tr") == 2


def test_a_foreign_payment_is_taken_over_for_the_invoice_that_is_named(desk: Desk, differing: Ids) -> None:
    client = desk("owner")
    here = f"/staff/proof/differences/{differing['difference_id']}"
    assert "назовите его открытый счёт" in client.get(here).text
    for wrong, why in (("", "Назовите счёт"), ("2020-0001", "Счёта с таким номером нет")):
        answer = client.post(f"{here}/invoice", data={"number": wrong})
        assert answer.status_code == 422
        assert why in answer.text
    answer = client.post(f"{here}/invoice", data={"number": f" № {differing['invoice_number']} "})
    assert answer.status_code == 303
    assert str(differing["difference_id"]) not in _open()
    assert "Исправлено" in client.get(here).text
    assert f"Счёт: {differing['invoice_number']}" in client.get("/staff/audit").text


def test_what_no_button_repairs_is_marked_as_seen_to_with_what_was_done(desk: Desk, differing: Ids) -> None:
    client = desk("owner")
    here = f"/staff/proof/differences/{differing['refund_id']}"
    assert "Выполнен" in client.get(here).text
    for wrong, why in (("  ", "Напишите, что сделано"), ("я" * 501, "500")):
        answer = client.post(f"{here}/review", data={"note": wrong})
        assert answer.status_code == 422
        assert why in answer.text
        assert wrong.strip() in answer.text, "what was typed stays"
    assert len(_open()) == 4

    note = {"note": "Вернули сами <b>\nи списали долг"}
    assert client.post(f"{here}/review", data=note).status_code == 303

    page = client.get(here).text
    assert "Вернули сами &lt;b&gt;<br>и списали долг" in page
    assert "Разобрано сотрудником" in page
    assert "Ирина Мельник" in page
    with read() as session:
        acts = session.scalars(select(AuditEntry).where(AuditEntry.act == "difference.reviewed")).all()
    assert [act.details["note"] for act in acts] == ["Вернули сами <b>\nи списали долг"]
    answer = client.post(f"/staff/proof/differences/{differing['lost_id']}/review", data=note)
    assert answer.status_code == 409
    assert "Это исправляется кнопкой" in answer.text
    assert 'class="rail"' in answer.text, "it is said at the desk"
    assert client.post(f"/staff/proof/differences/{differing['refund_id']}/repair").status_code == 303
    assert len(_open()) == 3


def test_money_of_a_paid_invoice_is_taken_over_as_an_advance_and_said_to_be_one(desk: Desk, differing: Ids) -> None:
    client = desk("owner")
    here = f"/staff/proof/differences/{differing['lost_id']}"
    for status, told in (("open", False), ("paid", True)):
        with begin() as session:
            session.execute(update(Invoice).values(status=status))
        assert ("Счёт уже оплачен другим платежом" in client.get(here).text) is told


def test_a_silent_gateway_is_told_and_nothing_is_done(
    desk: Desk, differing: Ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kernel.settings import get_settings

    monkeypatch.setenv("KABINET_YOOKASSA_API_URL", "http://127.0.0.1:9/yookassa/v3")
    get_settings.cache_clear()
    client = desk("owner")
    answer = client.post(f"/staff/proof/differences/{differing['lost_id']}/repair")
    assert answer.status_code == 409
    assert "ничего не изменено" in answer.text
    answer = client.post("/staff/proof/repairs")
    assert answer.status_code == 303
    assert "Не вышло" in client.get("/staff/proof").text
    assert len(_open()) == 4


def test_a_row_without_an_invoice_names_the_contract_and_customer_that_the_gateway_names(
    desk: Desk, differing: Ids
) -> None:
    with begin() as session:
        contract = session.scalars(select(Contract)).one()
        difference = session.get_one(Difference, UUID(str(differing["difference_id"])))
        seen = {"shop_id": difference.shop_id, "currency": "RUB", "refunded_kopecks": 0, "status": "succeeded"}
        now = business_now(session)
        instants = {"created_at": now, "captured_at": now, "read_at": now}
        gateway_id = difference.gateway_id
        session.add(
            SeenPayment(
                gateway_id=gateway_id, kopecks=30_000, contract_id=contract.id, numbers=["ТК-77"], **seen, **instants
            )
        )
    client = desk("viewer")
    row = client.get("/staff/proof").text.split(f"/staff/proof/differences/{differing['difference_id']}")[1]
    row = row.split("</tr>")[0]
    assert f'href="/staff/contracts/{contract.id}">Договор № {contract.number}<' in row
    assert f'href="/staff/customers/{contract.customer_id}">Анна Ковалёва<' in row
    assert f">{gateway_id}<" not in row, "a UUID makes no row tall"

    page = client.get(f"/staff/proof/differences/{differing['difference_id']}").text
    assert f'href="/staff/contracts/{contract.id}"' in page
    assert "ТК-77" in page
    assert gateway_id in page


def test_a_row_that_names_nobody_shows_the_number_in_its_description(desk: Desk, differing: Ids) -> None:
    with begin() as session:
        difference = session.get_one(Difference, UUID(str(differing["difference_id"])))
        difference.gateway_id = "gw-named"
        now = business_now(session)
        session.execute(
            update(SeenPayment)
            .where(SeenPayment.gateway_id == session.get_one(Difference, UUID(str(differing["lost_id"]))).gateway_id)
            .values(gateway_id="gw-named", invoice_id=None, numbers=["2020-0001"], read_at=now)
        )
    assert "Назван № 2020-0001" in desk("viewer").get("/staff/proof").text


def test_every_kind_has_its_words(desk: Desk, differing: Ids) -> None:
    assert set(WORDS) == set(KINDS)
    with begin() as session:
        difference = session.get_one(Difference, UUID(str(differing["refund_id"])))
        for kind in KINDS:
            for repair in (None, APPLY, "import"):
                possible = repair is None or kind in ("missing_here", "foreign", "other_status")
                if not possible or (kind, repair) in {("other_status", "import"), ("foreign", APPLY)}:
                    continue
                difference.kind, difference.repair = kind, repair
                session.flush()
                words = tell(read_difference(session, difference.id))  # type: ignore[arg-type]  # reads alike
                assert words.what, kind
                assert words.todo, kind
                assert bool(words.button) == (repair is not None)
