"""A customer without a login pays by the link in a letter: from the mailbox to «paid», and nobody signs in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from kernel.clock import business_date, business_now
from kernel.db import begin
from payments.customers.registration import CustomerData, create_customer
from payments.installation.models import Shop
from payments.invoicing.one_off import OneOff, issue_one_off
from portal.web.kit import assets
from tests.browser.pages import THEMES, WIDTHS, open_context
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]
AXE = (assets.ROOT / "tests/support/axe-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EMAIL = "oleg@example.com"


def test_an_invoice_is_paid_from_the_mailbox_without_a_login(page: Page, stack: Stack, chromium: Browser) -> None:
    _issue()
    link = re.search(r"http\S+/pay/[\w-]{43}", stack.letter(EMAIL, "Счёт №"))
    assert link
    _is_accessible(chromium, stack, link[0])

    page.goto(link[0])
    expect(page.get_by_text("Замена замка")).to_be_visible()
    assert "Гущин" not in page.content()
    page.get_by_role("button", name=re.compile("Оплатить")).click()
    page.wait_for_url(re.compile("/yookassa/pay/"))
    page.get_by_label(re.compile("Номер карты")).fill("5555 5555 5555 4477")
    page.get_by_label(re.compile("Срок")).fill("12/30")
    page.get_by_label(re.compile("CVC|Код")).fill("123")
    page.get_by_role("button", name=re.compile("Заплатить")).click()
    page.wait_for_url(re.compile("/3ds"))
    page.get_by_role("button", name="Да, подтверждаю").click()

    page.wait_for_url(link[0])
    page.evaluate("window.stayed = true")
    expect(page.get_by_role("heading", name="Счёт оплачен")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.stayed") is True
    assert "Оплачено" in " ".join(stack.letters(EMAIL))
    assert page.context.cookies() == []


def _issue() -> None:
    with begin() as session:
        now = business_now(session)
        customer = create_customer(session, CustomerData(name="Гущин Олег", email=EMAIL))
        shop = session.scalars(select(Shop)).one()
        due_on = business_date(now) + timedelta(days=5)
        issue_one_off(
            session, OneOff(uuid4(), customer.id, "Замена замка", 150_000, due_on), shop=shop, by=uuid4(), now=now
        )


def _is_accessible(chromium: Browser, stack: Stack, link: str) -> None:
    complaints: dict[str, Any] = {}
    for width in WIDTHS:
        for theme in THEMES:
            context = open_context(chromium, stack.base_url, width, theme)
            page = context.new_page()
            page.goto(link)
            page.evaluate(AXE)
            found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            problems = [f"{item['id']}: {node['target']}" for item in found["violations"] for node in item["nodes"]]
            if problems or wider > 0:
                complaints[f"{width} {theme}"] = (problems, wider)
            context.close()
    assert complaints == {}
