"""The customer as the company's people see her in the CRM: there within seconds, and told of when a charge fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from sqlalchemy import select

from kernel.db import read
from payments.autopay.models import PaymentMethod
from tests.browser.steps import (
    EMAIL,
    MONTHLY,
    choose_monthly_and_agree,
    pay_on_the_gateways_page,
    register_and_confirm,
    see_paid_without_reload,
)
from tests.support.stack import Stack

# A month is played through beside a real browser: minutes, not seconds.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]
_WITHIN_S = 10.0
_SUM = "3\u00a0900,00\u00a0₽"


def test_who_pays_stands_in_the_crm_within_ten_seconds_and_a_decline_and_its_retry_in_the_timeline(
    page: Page, visitor: BrowserContext, stack: Stack
) -> None:
    register_and_confirm(page, stack)
    choose_monthly_and_agree(page)
    pay_on_the_gateways_page(page)
    see_paid_without_reload(page)
    crm = visitor.new_page()
    with _in_time():
        _see(crm, stack, "payments", "Орлова", "Проведён", "•• 4477", _SUM)
        _see(crm, stack, "invoices", "Орлова", "Оплачен", _SUM)
        _see(crm, stack, "contacts", "Орлова", EMAIL, "+79161234567")
        _open_the_deal(crm, stack, "Оплачен")
        _is_told(crm, f"Оплата {_SUM}")

    _script_the_next_charge(stack, "insufficient_funds", "succeeded")
    stack.control("clock", {"advance": "P1M"})
    _open_the_deal(crm, stack, "Ждём оплаты")
    _is_told(crm, f"Списание {_SUM} не прошло", f"Оплата {_SUM}")
    declined = _history(crm).filter(has_text="не прошло")
    expect(declined).to_contain_text("На счёте не хватило денег")
    expect(declined).to_contain_text("Следующая попытка")

    stack.control("clock", {"advance": "P2D"})
    _open_the_deal(crm, stack, "Оплачен")
    _is_told(crm, f"Оплата {_SUM}", f"Списание {_SUM} не прошло", f"Оплата {_SUM}")
    _see(crm, stack, "contacts", "Орлова")


@contextmanager
def _in_time() -> Iterator[None]:
    begun = time.monotonic()
    yield
    took = time.monotonic() - begun
    print(f"contact, invoice, payment and deal stand in the CRM {took:.1f} s after the page said «paid»")
    assert took < _WITHIN_S


def _see(crm: Page, stack: Stack, place: str, *words: str) -> None:
    """A list of the CRM has one row, and it comes to say these words; the list renews itself."""
    crm.goto(f"{stack.sandbox.url}/bitrix24/{place}")
    for said in words:
        expect(crm.locator("#live tbody tr")).to_contain_text(said, timeout=_WITHIN_S * 1000)


def _open_the_deal(crm: Page, stack: Stack, stage: str) -> None:
    """The board's one deal comes to stand in the column of this stage; its card opens."""
    crm.goto(f"{stack.sandbox.url}/bitrix24/deals")
    deal = crm.get_by_role("region", name=stage).locator(".deal")
    expect(deal).to_contain_text(_SUM, timeout=_WITHIN_S * 1000)
    expect(crm.locator(".deal")).to_have_count(1)
    deal.get_by_role("link").click()
    expect(crm.get_by_role("heading", level=1)).to_contain_text(MONTHLY)


def _history(crm: Page) -> Locator:
    return crm.get_by_role("region", name="История").get_by_role("listitem")


def _is_told(crm: Page, *titles: str) -> None:
    """The timeline comes to say this of money, the newest first; a card is reloaded to see what is new."""
    until = time.monotonic() + _WITHIN_S
    while (told := _money_lines(crm)) != [*titles] and time.monotonic() < until:
        crm.reload()
    assert told == [*titles]


def _money_lines(crm: Page) -> list[str]:
    return [title for title in _history(crm).locator("b").all_inner_texts() if _SUM in title]


def _script_the_next_charge(stack: Stack, *outcomes: str) -> None:
    with read() as session:
        token = session.scalars(select(PaymentMethod.gateway_id)).one()
    stack.control("outcomes", {"payment_method_id": token, "outcomes": outcomes})
