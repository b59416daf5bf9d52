"""The main story, as a customer lives it: register, agree, pay, be warned and charged, stop it with two clicks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import (
    EMAIL,
    choose_monthly_and_agree,
    pay_on_the_gateways_page,
    register_and_confirm,
    see_paid_without_reload,
)
from tests.support.stack import Stack

# Months are played through beside a real browser: minutes, not seconds.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def test_a_customer_registers_agrees_pays_is_warned_charged_and_told(page: Page, stack: Stack) -> None:
    register_and_confirm(page, stack)
    choose_monthly_and_agree(page)
    pay_on_the_gateways_page(page)
    see_paid_without_reload(page)
    _see_the_next_charge_at_home(page)

    stack.control("clock", {"advance": "P1M1D"})
    subjects = stack.letters(EMAIL)
    assert len([s for s in subjects if "спиш" in s.lower()]) == 1, subjects
    charges = _charges(stack)
    assert len(charges) == 1, charges
    page.goto("/payments")
    expect(page.get_by_text("Оплачен").first).to_be_visible()

    token = charges[0]["payment_method_id"]
    stack.control("outcomes", {"payment_method_id": token, "outcomes": ["insufficient_funds", "succeeded"]})
    stack.control("clock", {"advance": "P1M"})
    text = stack.letter(EMAIL, "не прош")
    assert re.search(r"недостаточно|не хватило", text.lower()), text
    stack.control("clock", {"advance": "P2D"})
    assert [entry["status"] for entry in _charges(stack)] == [200, 200, 200]
    page.goto("/")
    expect(page.get_by_text(re.compile("4477")).first).to_be_visible()


def test_two_clicks_from_home_stop_everything(page: Page, stack: Stack) -> None:
    register_and_confirm(page, stack)
    choose_monthly_and_agree(page)
    pay_on_the_gateways_page(page)
    see_paid_without_reload(page)
    page.goto("/")
    page.get_by_role("link", name=re.compile("Автоплатёж|автоплатежом")).last.click()
    page.get_by_role("link", name="Отвязать").first.click()
    page.get_by_role("button", name=re.compile("Отвязать")).click()
    expect(page.get_by_text(re.compile("больше ничего не спишем", re.IGNORECASE)).first).to_be_visible()
    stack.control("clock", {"advance": "P2M"})
    assert _charges(stack) == []


def _see_the_next_charge_at_home(page: Page) -> None:
    page.goto("/")
    text = page.locator("main").inner_text()
    assert re.search(r"3\u00a0900,00\u00a0₽", text), text
    assert re.search(r"\d+ [а-я]+ 20\d\d", text), text
    assert "4477" in text, text


def _charges(stack: Stack) -> list[dict[str, object]]:
    return [
        entry
        for entry in stack.items("/control/journal", system="yookassa", limit=10000)
        if entry["payment_method_id"] and entry["method"] == "POST"
    ]
