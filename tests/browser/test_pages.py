"""The pages that people meet first, wide and narrow, light and dark: accessible, whole, and without a complaint."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from sqlalchemy import select

from kernel.db import begin, read
from payments.charging.models import Payment
from portal.demo import acting
from portal.demo.cast import anna
from portal.web.kit import assets
from tests.browser.pages import PAGES, THEMES, WIDTHS, Shown, open_context, show, sign_in
from tests.support.stack import PASSWORD, STAFF, Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]
AXE = (assets.ROOT / "tests/support/axe-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EMAIL = "anna@example.com"


def _prepare(stack: Stack) -> str:
    """A customer with two contracts on autopay; the address of the return page of the first payment."""
    first, second = anna(EMAIL, (19, 4))
    customer_id = acting.join(first)
    with begin() as session:
        login = acting.add_login(session, email=EMAIL, name="Анна Ковалёва", password=PASSWORD)
        acting.give_cabinet(session, login, customer_id)
    for role in (first, second):
        acting.sign_up(role, customer_id)
    stack.control("clock", {"advance": "PT20M"})
    with read() as session:
        token = session.scalars(select(Payment.return_token).order_by(Payment.number).limit(1)).one()
    return f"/payments/{token}/return"


def _context(chromium: Browser, stack: Stack, who: str, width: int, theme: str) -> BrowserContext:
    context = open_context(chromium, stack.base_url, width, theme)
    if who == "customer":
        sign_in(context, "/login", EMAIL, PASSWORD)
    elif who == "staff":
        sign_in(context, "/staff/login", STAFF, PASSWORD)
    return context


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    return [f"{item['id']}: {node['target']}" for item in found["violations"] for node in item["nodes"]]


def _complaints(page: Page, shown: Shown, *, return_path: str, control_url: str) -> list[str]:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", hear)
    show(page, shown, return_path=return_path, control_url=control_url)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if overflow > 0:
        said.append(f"{overflow} px wider than the screen")
    # What axe itself does to the page is not the page's complaint.
    return [*said, *violations(page)]


def test_the_eight_pages_are_accessible_and_fit_wide_and_narrow_light_and_dark(chromium: Browser, stack: Stack) -> None:
    return_path = _prepare(stack)
    control_url = f"{stack.sandbox.url}/control/"
    complaints: dict[str, list[str]] = {}
    for width in WIDTHS:
        for theme in THEMES:
            for who in ("anyone", "customer", "staff"):
                context = _context(chromium, stack, who, width, theme)
                for shown in (item for item in PAGES if item.who == who):
                    page = context.new_page()
                    found = _complaints(page, shown, return_path=return_path, control_url=control_url)
                    if found:
                        complaints[f"{shown.name} {width} {theme}"] = found
                    page.close()
                context.close()
    assert complaints == {}
