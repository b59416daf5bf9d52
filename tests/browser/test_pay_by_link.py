"""A customer without a login pays by the link in a letter: from the mailbox to «paid», and nobody signs in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import WITHOUT_A_LOGIN, bill_somebody_without_a_login, pay_on_the_gateways_page
from tests.support.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def test_an_invoice_is_paid_from_the_mailbox_without_a_login(page: Page, stack: Stack) -> None:
    link = bill_somebody_without_a_login(stack)
    page.goto(link)
    expect(page.get_by_text("Замена замка")).to_be_visible()
    assert "Гущин" not in page.content()
    page.get_by_role("button", name=re.compile("Оплатить")).click()
    pay_on_the_gateways_page(page, link)
    page.evaluate("window.stayed = true")
    expect(page.get_by_role("heading", name="Счёт оплачен")).to_be_visible(timeout=60_000)
    assert page.evaluate("window.stayed") is True
    assert "Оплачено" in " ".join(stack.letters(WITHOUT_A_LOGIN))
    assert page.context.cookies() == []
