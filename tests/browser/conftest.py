"""A real browser before the whole product."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.sandbox.process import start_sandbox
from tests.support.stack import Stack, start_stack


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
def stack(committed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product on a database of its own, with a fresh sandbox."""
    before = dict(os.environ)
    sandbox = start_sandbox(tmp_path_factory.mktemp("sandbox"))
    stack = start_stack(sandbox)
    yield stack
    stack.stop()
    sandbox.stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def visitor(chromium: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A person's own browser window on a wide screen."""
    with chromium.new_context(
        base_url=stack.base_url, viewport={"width": 1280, "height": 900}, locale="ru-RU"
    ) as context:
        context.set_default_timeout(20_000)
        yield context


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    return visitor.new_page()
