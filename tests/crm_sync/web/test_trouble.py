"""While Bitrix24 takes nothing, every page of the desk says so; staff may ask it at once."""

from __future__ import annotations

import pytest

from crm_sync.web import trouble
from portal.web.staff.roles import EVERYBODY
from tests.crm_sync.conftest import Portal, connection
from tests.crm_sync.web.conftest import new_customer, words
from tests.portal.web.conftest import Door

pytestmark = pytest.mark.committed

PAGES = ("/staff", "/staff/customers", "/staff/payments", "/staff/sync")


def silence(portal: Portal) -> None:
    portal.fail("html_502", effect="before")
    for number in range(5):
        new_customer(f"Клиент {number}", f"c{number}@example.com")
    portal.settle(minutes=3)
    assert connection().status == "away"


def test_nothing_is_said_while_it_answers(desk: Door, portal: Portal) -> None:
    new_customer()
    portal.sync()
    assert trouble.trouble() is None
    for page in PAGES:
        assert "Битрикс24 не отвечает" not in words(desk.employee("owner").get(page))


@pytest.mark.parametrize("role", EVERYBODY)
def test_silence_is_told_on_every_page_to_everybody(desk: Door, portal: Portal, role: str) -> None:
    silence(portal)
    client = desk.employee(role)

    for page in PAGES:
        said = words(client.get(page))
        assert "Битрикс24 не отвечает" in said, page
        assert "Кабинет и списания работают" in said, page
    assert ("Проверить сейчас" in words(client.get("/staff/sync"))) == (role in ("owner", "manager"))
    assert "HTTP 502" in words(client.get("/staff/sync"))


def test_on_the_page_about_it_the_trouble_is_told_once(desk: Door, portal: Portal) -> None:
    silence(portal)
    assert words(desk.employee("owner").get("/staff/sync")).count("Битрикс24 не отвечает") == 1


def test_a_check_asked_for_ends_the_trouble_at_once(desk: Door, portal: Portal) -> None:
    silence(portal)
    portal.settle(minutes=10)
    portal.world.mend()
    client = desk.employee("manager")
    probe_at = connection().probe_at
    assert probe_at

    assert client.post("/staff/sync/probe").status_code == 303
    assert "Проверяем связь" in words(client.get("/staff/sync"))
    assert (connection().probe_at or probe_at) < probe_at
    assert connection().hinted_until is None, "the scheduler hints at once"
    portal.sync()
    portal.settle(minutes=2)

    for page in PAGES:
        assert "Битрикс24 не отвечает" not in words(client.get(page))
    assert len(portal.items("contact")) == 5


def test_a_lapsed_tariff_is_told_by_its_name_and_nothing_waits_for_a_decision(desk: Door, portal: Portal) -> None:
    portal.fail("commercial_plans")
    new_customer()
    portal.sync()
    client = desk.employee("viewer")

    for page in PAGES:
        assert "Битрикс24 нас не пускает" in words(client.get(page))
    page = words(client.get("/staff/sync"))
    assert "платном тарифе" in page
    assert "Ждут решения 0" in page


def test_the_customers_see_nothing_of_it(desk: Door, portal: Portal) -> None:
    silence(portal)
    client = desk.customer()
    for page in ("/", "/payments", "/services"):
        assert "Битрикс24" not in words(client.get(page))
