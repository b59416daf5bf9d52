"""The eight pages that are looked at: who sees each, and how to get there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page

Who = Literal["anyone", "customer", "staff"]
WIDTHS = (1280, 360)
THEMES = ("light", "dark")


@dataclass(frozen=True)
class Shown:
    """One page of the product; `opens` is a link's name to follow from the address."""

    name: str
    who: Who
    path: str
    opens: str = ""


PAGES = (
    Shown("registration", "anyone", "/register"),
    Shown("home", "customer", "/"),
    Shown("consent", "customer", "/services", "с регулярной оплатой"),
    Shown("return", "customer", "(return)"),
    Shown("history", "customer", "/payments"),
    Shown("staff-dashboard", "staff", "/staff"),
    Shown("staff-customer", "staff", "/staff/customers?q=Ковалёва", "Ковалёва"),
    Shown("sandbox-control", "anyone", "(control)"),
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


def open_context(chromium: Browser, base_url: str, width: int, theme: str) -> BrowserContext:
    """A window of this width whose system prefers this theme."""
    context = chromium.new_context(
        base_url=base_url,
        viewport={"width": width, "height": 900 if width > 600 else 740},
        color_scheme="dark" if theme == "dark" else "light",
        locale="ru-RU",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    return context


def show(page: Page, shown: Shown, *, return_path: str, control_url: str) -> None:
    """Bring a page up and wait until it is quiet."""
    page.goto({"(return)": return_path, "(control)": control_url}.get(shown.path, shown.path))
    if shown.opens:
        page.get_by_role("link", name=shown.opens).first.click()
    page.wait_for_load_state("load")
