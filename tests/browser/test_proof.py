"""The proof as its reader sees it, wide and narrow, light and dark; a button repairs, and the page is green."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, expect
from sqlalchemy import func, select, text, update

from kernel.clock import business_now, real_now
from kernel.db import begin
from payments.doctor.check import Breach, Examined
from payments.installation.models import Shop
from payments.installation.pausing import pause_until_reconciled
from payments.invoicing.models import Invoice
from payments.reconciliation.models import Reconciliation
from portal.accounts.sessions import STAFF
from portal.app import build_app
from portal.doctor.examining import keep
from tests.browser.pages import THEMES, WIDTHS, Theme, open_context
from tests.browser.test_pages import violations
from tests.portal.web.differing import plant_differences
from tests.portal.web.staff.conftest import session_of, staff_member
from tests.portal.web.staff.played import agreement, at_noon, customer_of, pay_first
from tests.sandbox.process import Sandbox
from tests.support.business import open_company
from tests.support.gateway_cabinet import pay_past_us

pytestmark = [pytest.mark.browser, pytest.mark.committed]
FOUND = (
    Examined("success_is_posted", 1, (Breach("payment", str(uuid4()), {"came_kopecks": 100, "posted_kopecks": 0}),), 3),
    Examined("debt_agrees", 0, (), 5),
)


@pytest.fixture
def site(committed: str, sandbox: Sandbox) -> Iterator[str]:
    """The product before a gateway that has three payments and a refund more than we."""
    with begin() as session:
        open_company(session)
    at_noon(date(2027, 3, 5))
    gateway_ids = tuple(pay_past_us(sandbox, "300.00")["id"] for _ in range(3))
    with begin() as session:
        pay_first(session, agreement(session, customer_of(session, "Анна Ковалёва"), kopecks=100_000))
        shop_id = session.scalars(select(Shop.id)).one()
        plant_differences(session, shop_id, session.scalars(select(Invoice.id)).one(), gateway_ids)
        now = business_now(session)
        window = {"since_at": now - timedelta(days=35), "until_at": now, "lease_until": now}
        session.add(Reconciliation(shop_id=shop_id, status="done", deep=True, payments=4, refunds=1, **window))
        keep(session, FOUND, real_now())
    server = uvicorn.Server(uvicorn.Config(build_app(), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def _window(chromium: Browser, site: str, width: int, theme: Theme) -> BrowserContext:
    context = open_context(chromium, site, width, theme)
    context.add_cookies([{"name": "kabinet_staff", "value": session_of(staff_member("owner"), STAFF), "url": site}])
    return context


def test_the_page_is_accessible_whole_and_turns_green(chromium: Browser, site: str) -> None:
    for width in WIDTHS:
        for theme in THEMES:
            with _window(chromium, site, width, theme) as context:
                page = context.new_page()
                page.goto("/staff/proof")
                for path in ("list", "one"):
                    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    assert (wider, violations(page)) == (0, []), f"{path} {width} {theme}"
                    if path == "list":
                        page.get_by_role("link", name="Разобрать").last.click()
                        page.wait_for_load_state("load")

    with _window(chromium, site, 1280, "light") as context:
        page = context.new_page()
        page.goto("/staff/proof")
        page.get_by_role("button", name=re.compile("Исправить все: 2")).click()
        expect(page.get_by_text("Исправлено 2 расхождения")).to_be_visible()
        for _ in range(2):
            page.get_by_role("link", name="Разобрать").first.click()
            page.get_by_label("Что сделано").fill("Сверили в кабинете ЮKassa")
            page.get_by_role("button", name="Отметить разобранным").click()
        expect(page.get_by_text("Всё сходится")).to_be_visible()


def _box(it: Locator) -> FloatRect:
    box = it.bounding_box()
    assert box
    return box


@pytest.mark.parametrize("width", WIDTHS)
def test_buttons_keep_their_distance_and_words_their_room(chromium: Browser, site: str, width: int) -> None:
    with begin() as session:
        pause_until_reconciled(session, "База восстановлена из копии", now=business_now(session))
    with _window(chromium, site, width, "light") as context:
        page = context.new_page()
        page.goto("/staff")
        resume = _box(page.get_by_role("button", name="Возобновить списания"))
        prove = _box(page.get_by_role("link", name="Открыть сверку"))
        beside = resume["x"] - prove["x"] - prove["width"]
        below = resume["y"] - prove["y"] - prove["height"]
        assert max(beside, below) >= 8, "what can be done first stands first"

        page.goto("/staff/proof")
        promise = _box(page.get_by_text("Каждый успешный платёж проведён ровно один раз"))
        assert promise["width"] > 250, "the badge takes no room from it"
        if width == max(WIDTHS):
            rows = page.get_by_role("region", name="Расхождения").get_by_role("row").all()
            assert max(_box(row)["height"] for row in rows) < 110


def test_the_page_renews_itself_when_a_reading_has_ended(chromium: Browser, site: str) -> None:
    with begin() as session:
        now, lease = business_now(session), func.clock_timestamp() + text("interval '1 minute'")
        window = {"since_at": now - timedelta(days=2), "until_at": now, "lease_until": lease}
        session.add(Reconciliation(shop_id=session.scalars(select(Shop.id)).one(), deep=False, **window))
    with _window(chromium, site, 1280, "light") as context:
        page = context.new_page()
        page.goto("/staff/proof")
        expect(page.get_by_text("Читаем списки ЮKassa…")).to_be_visible()
        expect(page.get_by_role("button", name="Сверить сейчас")).to_be_disabled()

        with begin() as session:
            session.execute(update(Reconciliation).values(status="done", payments=77))

        expect(page.get_by_role("button", name="Сверить сейчас")).to_be_enabled()
        expect(page.get_by_text("Читаем списки ЮKassa…")).to_have_count(0)
        expect(page.get_by_role("cell", name="77").first).to_be_visible()
