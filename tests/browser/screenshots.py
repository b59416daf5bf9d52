"""`make screenshots`: pictures of the pages of the running demo, wide and narrow, light and dark."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from sqlalchemy import select

from kernel.db import read
from payments.charging.models import Payment
from payments.customers.models import Customer
from tests.browser.pages import (
    CABINET,
    DESK,
    THEMES,
    WIDTHS,
    Theme,
    ask_for_a_file,
    link_that_pays,
    open_context,
    show,
    sign_in,
)

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".kabinet"
FOLDER = ROOT / "docs" / "screenshots"


def main() -> int:
    """Take the pictures; needs `make demo` to be running."""
    if not (DEMO / "env").exists():
        print("start `make demo` first")
        return 1
    _take_over_settings()
    base_url = os.environ["KABINET_BASE_URL"]
    if httpx.get(f"{base_url}/readyz", trust_env=False).status_code != httpx.codes.OK:
        print("the demo is not ready")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        places = _places(browser, base_url)
        for width in WIDTHS:
            for theme in THEMES:
                _take(browser, base_url, places, width, theme)
        browser.close()
    return 0


def _take_over_settings() -> None:
    for line in (DEMO / "env").read_text(encoding="utf-8").splitlines():
        name, _, value = shlex.split(line)[1].partition("=")
        os.environ[name] = value


def _places(browser: Browser, base_url: str) -> dict[str, str]:
    with open_context(browser, base_url, WIDTHS[0], THEMES[0]) as desk:
        _come_in(desk, "staff")
        ask_for_a_file(desk)
        return {"returned": _return_path(), "link": link_that_pays(desk), "sandbox": os.environ["KABINET_CLOCK_URL"]}


def _take(browser: Browser, base_url: str, places: dict[str, str], width: int, theme: Theme) -> None:
    for who in ("anyone", "customer", "staff"):
        context = open_context(browser, base_url, width, theme)
        _come_in(context, who)
        for shown in (item for item in (*CABINET, *DESK) if item.who == who):
            page = context.new_page()
            show(page, shown, places)
            file = FOLDER / f"{shown.name}-{width}-{theme}.png"
            page.screenshot(path=file, full_page=True)
            print(file.relative_to(ROOT))
            page.close()
        context.close()


def _come_in(context: BrowserContext, who: str) -> None:
    secrets = json.loads((DEMO / "secrets.json").read_text(encoding="utf-8"))
    if who == "customer":
        sign_in(context, "/login", "anna@example.com", secrets["customer_password"])
    elif who == "staff":
        sign_in(context, "/staff/login", "staff@example.com", secrets["staff_password"])


def _return_path() -> str:
    with read() as session:
        token = session.scalars(
            select(Payment.return_token)
            .join(Customer, Customer.id == Payment.customer_id)
            .where(Customer.email == "anna@example.com", Payment.return_token.is_not(None))
            .order_by(Payment.number)
            .limit(1)
        ).one()
    return f"/payments/{token}/return"


if __name__ == "__main__":
    sys.exit(main())
