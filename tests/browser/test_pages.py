"""The pages that people meet, wide and narrow, light and dark: accessible, whole, and without a complaint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from sqlalchemy import select

from kernel.db import begin, read
from payments.charging.models import Payment
from portal.demo import acting
from portal.demo.cast import anna
from portal.web.kit import assets
from tests.browser.pages import (
    CABINET,
    DESK,
    THEMES,
    WIDTHS,
    Shown,
    Theme,
    ask_for_a_file,
    open_context,
    show,
    sign_in,
)
from tests.browser.steps import bill_somebody_without_a_login
from tests.support.stack import PASSWORD, STAFF, Stack

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]
AXE = (assets.ROOT / "tests/support/axe-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EMAIL = "anna@example.com"


# Each page in both widths and both themes; the other two pairs of these are for the soak.
VIEWS = pytest.mark.parametrize(
    "views",
    [
        pytest.param([(WIDTHS[0], THEMES[0]), (WIDTHS[1], THEMES[1])], id="wide light, narrow dark"),
        pytest.param(
            [(WIDTHS[0], THEMES[1]), (WIDTHS[1], THEMES[0])], id="wide dark, narrow light", marks=pytest.mark.soak
        ),
    ],
)
Views = list[tuple[int, Theme]]


@VIEWS
def test_the_cabinets_pages_are_accessible_and_fit(chromium: Browser, stack: Stack, views: Views) -> None:
    _sign_up(stack)
    places = {"returned": _return_path(), "link": bill_somebody_without_a_login(stack), "sandbox": stack.sandbox.url}
    assert _complaints(chromium, stack, CABINET, places, views) == {}


@VIEWS
def test_the_desks_pages_are_accessible_and_fit(chromium: Browser, stack: Stack, views: Views) -> None:
    token = _sign_up(stack)
    stack.control("outcomes", {"payment_method_id": token, "outcomes": ["card_expired"]})
    stack.control("clock", {"advance": "P1M"})
    with open_context(chromium, stack.base_url, WIDTHS[0], THEMES[0]) as desk:
        _come_in(desk, "staff")
        ask_for_a_file(desk)
    assert _complaints(chromium, stack, DESK, {"sandbox": stack.sandbox.url}, views) == {}


def _sign_up(stack: Stack) -> str:
    """A customer takes out two contracts on autopay; what the gateway calls the card of one of them."""
    first, second = anna(EMAIL, (19, 4))
    customer_id = acting.join(first)
    with begin() as session:
        login = acting.add_login(session, email=EMAIL, name="Анна Ковалёва", password=PASSWORD)
        acting.give_cabinet(session, login, customer_id)
    contract_id = acting.sign_up(first, customer_id)
    acting.sign_up(second, customer_id)
    stack.control("clock", {"advance": "PT20M"})
    assert contract_id
    return acting.tokens_of(contract_id)[0]


def _complaints(
    chromium: Browser, stack: Stack, pages: Sequence[Shown], places: Mapping[str, str], views: Views
) -> dict[str, list[str]]:
    """What is wrong with each of these pages, by page, width and theme; a page is loaded once and then looked at."""
    found: dict[str, list[str]] = {}
    for who in ("anyone", "customer", "staff"):
        with open_context(chromium, stack.base_url, WIDTHS[0], THEMES[0]) as context:
            _come_in(context, who)
            for shown in (item for item in pages if item.who == who):
                found |= _look_at(context.new_page(), shown, places, views)
    return found


def _return_path() -> str:
    with read() as session:
        token = session.scalars(select(Payment.return_token).order_by(Payment.number).limit(1)).one()
    return f"/payments/{token}/return"


def _come_in(context: BrowserContext, who: str) -> None:
    if who == "customer":
        sign_in(context, "/login", EMAIL, PASSWORD)
    elif who == "staff":
        sign_in(context, "/staff/login", STAFF, PASSWORD)


def _look_at(page: Page, shown: Shown, places: Mapping[str, str], views: Views) -> dict[str, list[str]]:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", hear)
    show(page, shown, places)
    # Copied now: what axe itself does to the page is not the page's complaint.
    found = {shown.name: [*said]} if said else {}
    for width, theme in views:
        _turn(page, width, theme)
        if wrong := [*_overflow(page), *violations(page)]:
            found[f"{shown.name} {width} {theme}"] = wrong
    page.close()
    return found


def _turn(page: Page, width: int, theme: Theme) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)


def _overflow(page: Page) -> list[str]:
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{wider} px wider than the screen"] if wider > 0 else []


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES)
    return [f"{item['id']}: {node['target']}" for item in result["violations"] for node in item["nodes"]]
