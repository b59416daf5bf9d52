"""The pages that are looked at, in two sets: who sees each, and how to get there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page

Who = Literal["anyone", "customer", "staff"]
Theme = Literal["light", "dark"]
WIDTHS = (1280, 360)
THEMES: tuple[Theme, ...] = ("light", "dark")


@dataclass(frozen=True)
class Shown:
    """One page of the product.

    `path` may name in braces what only the running product knows: the return page of a payment, a link that pays, the
    sandbox. `opens` is a link's name to follow from there.
    """

    name: str
    who: Who
    path: str
    opens: str = ""


CABINET = (
    Shown("registration", "anyone", "/register"),
    Shown("pay-by-link", "anyone", "{link}"),
    Shown("home", "customer", "/"),
    Shown("consent", "customer", "/services", "с регулярной оплатой"),
    Shown("return", "customer", "{returned}"),
    Shown("history", "customer", "/payments"),
)
DESK = (
    Shown("staff-dashboard", "staff", "/staff"),
    Shown("staff-customers", "staff", "/staff/customers"),
    Shown("staff-customer", "staff", "/staff/customers?q=Ковалёва", "Ковалёва"),
    Shown("staff-contract", "staff", "/staff/contracts?q=Ковалёва", "№"),
    Shown("staff-invoices", "staff", "/staff/invoices"),
    Shown("staff-payments", "staff", "/staff/payments"),
    Shown("staff-failed-charges", "staff", "/staff/failed-charges"),
    Shown("staff-search", "staff", "/staff/search?q=4477"),
    Shown("staff-exports", "staff", "/staff/exports"),
    Shown("staff-mails", "staff", "/staff/messages"),
    Shown("staff-sync", "staff", "/staff/sync"),
    Shown("staff-jobs", "staff", "/staff/jobs"),
    Shown("staff-users", "staff", "/staff/users"),
    Shown("staff-audit", "staff", "/staff/audit"),
    Shown("sandbox-control", "anyone", "{sandbox}/control/"),
    Shown("crm-deals", "anyone", "{sandbox}/bitrix24/deals"),
    Shown("crm-deal", "anyone", "{sandbox}/bitrix24/deals", "Абонемент"),
)


def sign_in(context: BrowserContext, path: str, email: str, password: str) -> None:
    """Come in through the login page."""
    page = context.new_page()
    page.goto(path)
    page.get_by_label("Почта").first.fill(email)
    page.get_by_label("Пароль", exact=True).fill(password)
    page.get_by_role("button", name="Войти", exact=True).click()
    page.wait_for_url(lambda url: "login" not in url)
    page.close()


def ask_for_a_file(context: BrowserContext) -> None:
    """Ask for a file of all payments at the desk, unless there is one; wait until it is made."""
    page = context.new_page()
    page.goto("/staff/exports")
    ready = page.get_by_role("link", name="Скачать")
    if not ready.count():
        page.goto("/staff/payments")
        page.get_by_role("button", name="Выгрузить XLSX").click()
    ready.first.wait_for()
    page.close()


def link_that_pays(context: BrowserContext) -> str:
    """The link of the newest open invoice, made at the desk unless there is one."""
    page = context.new_page()
    page.goto("/staff/invoices?status=open")
    page.locator("tbody a").first.click()
    page.get_by_role("heading", name="Ссылка на оплату").wait_for()
    made = page.get_by_role("textbox", name="Ссылка на оплату")
    if not made.count():
        page.get_by_role("button", name="Создать ссылку").click()
    address = made.input_value()
    page.close()
    return address


def open_context(chromium: Browser, base_url: str, width: int, theme: Theme) -> BrowserContext:
    """A window of this width whose system prefers this theme."""
    context = chromium.new_context(
        base_url=base_url,
        viewport={"width": width, "height": 900 if width > 600 else 740},
        color_scheme=theme,
        locale="ru-RU",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    return context


def show(page: Page, shown: Shown, places: Mapping[str, str]) -> None:
    """Bring a page up and wait until it is quiet."""
    page.goto(shown.path.format_map(places))
    if shown.opens:
        listed = page.url
        page.get_by_role("link", name=shown.opens).first.click()
        page.wait_for_url(lambda url: url != listed)
