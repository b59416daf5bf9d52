"""While the mail server takes no letters, pages that tell of one say so, to everybody alike."""

from __future__ import annotations

from sqlalchemy import update

from kernel.db import begin
from portal.notifications.models import Message
from tests.portal.web.entry.conftest import Browser
from tests.portal.web.entry.visits import enter, form_of

LATE = "Письма сейчас задерживаются"


def put_off() -> None:
    """What the mail job writes when the server is away."""
    with begin() as session:
        session.execute(update(Message).values(tries=1, error="почтовый сервер недоступен"))


def test_a_registration_is_told_that_its_letter_waits(browser: Browser) -> None:
    visitor = browser()
    visitor.post("/register", data=form_of())
    page = visitor.get("/email/confirm").text
    assert LATE not in page
    assert "Мы отправили" not in page, "nobody knows yet"
    assert 'hx-get="/email/confirm"' in page

    put_off()

    assert LATE in visitor.get("/email/confirm").text


def test_a_forgotten_password_gets_the_same_answer_whoever_asks(browser: Browser) -> None:
    enter(browser())
    visitor = browser()
    visitor.post("/password/forgot", data={"email": "anna@example.com"})
    put_off()
    known = visitor.get("/password/sent").text
    stranger = browser()
    stranger.post("/password/forgot", data={"email": "nobody@example.com"})

    assert LATE in known
    assert stranger.get("/password/sent").text == known
    assert "уже в пути" not in known
