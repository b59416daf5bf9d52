"""Staff hear when charging stops by itself, and not when one of them has stopped it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import business_now, real_now
from kernel.db import Session
from payments.charging.refused_shop import CREDENTIALS_REFUSED
from payments.installation.pausing import DAILY_LIMIT, pause_charging, resume_charging
from portal.accounts.models import User
from portal.notifications.models import Message
from tests.portal.notifications.story import hand_over_events
from tests.support.business import open_company

BOSS = UUID(int=7)


@pytest.fixture
def office(session: Session) -> Session:
    open_company(session)
    for email, role, locale in (
        ("owner@example.com", "owner", "ru"),
        ("books@example.com", "accountant", "en"),
        ("guest@example.com", "viewer", "ru"),
    ):
        user = User(email=email, name="Ирина Мельник", password_hash="-", staff_role=role, locale=locale)
        user.email_confirmed_at = real_now()
        session.add(user)
    session.flush()
    return session


def letters(session: Session) -> Sequence[Message]:
    hand_over_events(session)
    return session.scalars(select(Message).order_by(Message.recipient)).all()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (DAILY_LIMIT, "достигнут дневной предел списаний"),
        (CREDENTIALS_REFUSED, "ЮKassa не приняла ключ магазина"),
        ("База восстановлена из копии", "База восстановлена из копии"),
    ],
)
def test_the_letter_says_why_to_each_in_their_language(office: Session, reason: str, said: str) -> None:
    pause_charging(office, reason, now=business_now(office), by=None)

    books, owner = letters(office)
    assert (books.recipient, owner.recipient) == ("books@example.com", "owner@example.com")
    assert (books.subject, owner.subject) == ("Automatic charges have stopped", "Автосписания остановлены")
    assert said in owner.text_body
    assert said in owner.html_body
    assert ("поднимет предел" in owner.text_body) is (reason == DAILY_LIMIT)


def test_a_pause_by_hand_is_no_news(office: Session) -> None:
    pause_charging(office, "Сверяем суммы", now=business_now(office), by=BOSS)

    assert letters(office) == []


def test_a_second_pause_by_itself_is_told_again(office: Session) -> None:
    now = business_now(office)
    pause_charging(office, DAILY_LIMIT, now=now, by=None)
    pause_charging(office, DAILY_LIMIT, now=now, by=None)
    assert len(letters(office)) == 2, "to each of two, once"

    resume_charging(office, now=now, by=BOSS)
    pause_charging(office, DAILY_LIMIT, now=now.replace(microsecond=(now.microsecond + 1) % 1_000_000), by=None)
    assert len(letters(office)) == 4
