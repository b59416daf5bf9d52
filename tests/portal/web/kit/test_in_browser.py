"""The kit's layouts and macros as a real browser shows them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright

from portal.web.kit import assets

pytestmark = pytest.mark.browser
AXE = (assets.ROOT / "tests/support/axe-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# Playwright keeps an event loop in this thread: it ends with the module, before tests that run loops of their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def site(app: FastAPI) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    with chromium.new_context(base_url=site, viewport={"width": 1280, "height": 900}) as context:
        yield context.new_page()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_every_layout_is_accessible_quiet_and_no_wider_than_the_screen(
    chromium: Browser, site: str, width: int, theme: Any
) -> None:
    with chromium.new_context(
        base_url=site, viewport={"width": width, "height": 800}, color_scheme=theme, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        for path in ("/pages/customer", "/pages/staff", "/pages/entry", "/nowhere"):
            page.goto(path)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert [text for text in said if "404" not in text] == []
        assert all(url.startswith(site) for url in asked)


def test_an_invalid_form_takes_the_focus_and_leads_to_its_fields(page: Page) -> None:
    page.goto("/pages/entry")
    page.get_by_label("Почта").fill("anna@")
    page.get_by_role("button", name="Создать кабинет").click()
    page.wait_for_load_state()
    assert page.title().startswith("Ошибка:")
    assert "summary" in page.evaluate("document.activeElement.className")
    assert page.get_by_label("Почта").input_value() == "anna@"
    page.get_by_role("link", name="Введите почту целиком").click()
    assert page.evaluate("document.activeElement.id") == "email"
    assert violations(page) == []


def test_the_skip_link_comes_first_and_shows_itself(page: Page) -> None:
    page.goto("/pages/customer")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).transform") == "none"


def test_a_question_opens_over_the_page_and_closes(page: Page) -> None:
    page.goto("/pages/customer")
    page.get_by_role("link", name="Отключить").click()
    dialog = page.get_by_role("dialog", name="Отключить автоплатёж?")
    assert dialog.is_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Не отключать").click()
    assert not dialog.is_visible()


def test_a_password_can_be_looked_at(page: Page) -> None:
    page.goto("/pages/entry")
    page.get_by_label("Пароль", exact=True).fill("correct horse")
    page.get_by_role("button", name="Показать пароль").click()
    assert page.locator("#password").get_attribute("type") == "text"


def test_slash_goes_to_the_search_of_the_rail(page: Page) -> None:
    page.goto("/pages/staff")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "jump"


def test_a_second_press_does_not_send_a_form_twice(page: Page) -> None:
    page.goto("/pages/entry")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    with page.expect_navigation():
        page.evaluate("""() => {
            const button = document.querySelector("button.btn-primary");
            button.click();
            button.click();
        }""")
    assert sent.count("POST") == 1


def test_a_failed_fragment_becomes_a_toast_and_leaves_the_page_as_it_was(page: Page) -> None:
    page.goto("/pages/customer")
    page.evaluate("htmx.ajax('GET', '/refused', {target: '#main', swap: 'innerHTML'})")
    page.get_by_text("Автоплатёж уже отключён").wait_for()
    assert page.get_by_role("heading", name="Платежи", exact=True).is_visible()
    page.get_by_role("button", name="Убрать сообщение").click()
    assert page.get_by_text("Автоплатёж уже отключён").count() == 0


def test_a_lost_connection_is_told_in_words(page: Page) -> None:
    page.goto("/pages/customer")
    page.context.set_offline(True)
    page.evaluate("htmx.ajax('GET', '/saved', {target: '#main'}).catch(() => {})")
    page.get_by_text("Нет связи.").wait_for()


def test_a_form_cannot_be_turned_to_another_site(page: Page, site: str) -> None:
    page.goto("/pages/entry")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    with page.expect_console_message(lambda message: "form-action" in message.text):
        page.evaluate(
            "url => { const form = document.querySelector('main form'); form.action = url; form.requestSubmit() }",
            f"{site.replace('localhost', '127.0.0.1')}/pages/entry",
        )
    assert "POST" not in sent


def test_a_page_cannot_be_shown_inside_another(page: Page) -> None:
    page.goto("/pages/entry")
    with page.expect_console_message(lambda message: "frame" in message.text):
        page.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {src: '/pages/customer'}))")


def violations(page: Page) -> list[tuple[str, list[str]]]:
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [(item["id"], [node["html"][:200] for node in item["nodes"]]) for item in found["violations"]]
