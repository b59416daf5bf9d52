"""What a customer does in the browser, one step at a time: register, choose, agree, pay, see it paid."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

from playwright.sync_api import Page, expect
from sqlalchemy import select

from kernel.clock import business_date, business_now
from kernel.db import begin
from payments.customers.registration import CustomerData, create_customer
from payments.installation.models import Shop
from payments.invoicing.one_off import OneOff, issue_one_off
from tests.support.stack import Stack

EMAIL = "vera@example.com"
PASSWORD = "plum-river-stone-42"
CARD = "5555 5555 5555 4477"
MONTHLY = "Абонемент в бассейн"
WITHOUT_A_LOGIN = "oleg@example.com"
RETURN_PAGE = re.compile("/payments/.+/return")


def register_and_confirm(page: Page, stack: Stack) -> None:
    """Register with two of the three consents and confirm the address by the link of the letter."""
    page.goto("/register")
    page.get_by_label("Имя").fill("Вера Орлова")
    page.get_by_label("Почта").fill(EMAIL)
    page.get_by_label("Телефон").fill("8 (916) 123-45-67")
    page.get_by_label("Пароль", exact=True).fill(PASSWORD)
    boxes = page.get_by_role("checkbox")
    assert boxes.count() == 3
    assert not any(box.is_checked() for box in boxes.all())
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("button", name=re.compile("Зарегистрироваться|Создать")).click()
    expect(page.get_by_text(EMAIL).first).to_be_visible()
    link = re.search(r"http\S+/email/confirm/\S+", stack.letter(EMAIL, "одтвердите"))
    assert link
    page.goto(link[0])
    page.get_by_role("button", name=re.compile("Подтвердить")).click()
    expect(page).to_have_url(re.compile(r"/$"))


def choose_monthly_and_agree(page: Page) -> None:
    """Choose the monthly service; the tick is asked for before the payment page opens."""
    page.goto("/services")
    page.get_by_role("link", name=f"Выбрать «{MONTHLY}» с регулярной оплатой").click()
    box = page.get_by_role("checkbox")
    assert not box.is_checked()
    page.get_by_role("button", name="Включить автоплатёж").click()
    expect(page).to_have_title(re.compile("^Ошибка"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Включить автоплатёж").click()


def pay_on_the_gateways_page(page: Page, back: str | re.Pattern[str] = RETURN_PAGE) -> None:
    """Enter the card on the gateway's page and confirm it at the bank, which leads back."""
    page.wait_for_url(re.compile("/yookassa/pay/"))
    page.get_by_label(re.compile("Номер карты")).fill(CARD)
    page.get_by_label(re.compile("Срок")).fill("12/30")
    page.get_by_label(re.compile("CVC|Код")).fill("123")
    page.get_by_role("button", name=re.compile("Заплатить")).click()
    page.wait_for_url(re.compile("/3ds"))
    page.get_by_role("button", name="Да, подтверждаю").click()
    page.wait_for_url(back)


def see_paid_without_reload(page: Page) -> None:
    """The return page says by itself that the money came and when the next charge is."""
    page.evaluate("window.stayed = true")
    expect(page.locator("#pay-status")).to_contain_text("Следующее списание", timeout=60_000)
    assert page.evaluate("window.stayed") is True


def bill_somebody_without_a_login(stack: Stack) -> str:
    """An employee bills a customer who has no login; the link that the letter brings."""
    with begin() as session:
        now = business_now(session)
        customer = create_customer(session, CustomerData(name="Гущин Олег", email=WITHOUT_A_LOGIN))
        shop = session.scalars(select(Shop)).one()
        due_on = business_date(now) + timedelta(days=5)
        issue_one_off(
            session, OneOff(uuid4(), customer.id, "Замена замка", 150_000, due_on), shop=shop, by=uuid4(), now=now
        )
    link = re.search(r"http\S+/pay/[\w-]{43}", stack.letter(WITHOUT_A_LOGIN, "Счёт №"))
    assert link
    return link[0]
