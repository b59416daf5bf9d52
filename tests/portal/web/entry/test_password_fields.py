"""A password is judged together with everything else, and nobody wonders where it went."""

from __future__ import annotations

from tests.portal.web.entry.conftest import Browser
from tests.portal.web.entry.visits import enter, form_of

AGAIN = "Введите пароль ещё раз"


def test_a_weak_password_is_told_beside_the_other_mistakes(browser: Browser) -> None:
    page = browser().post("/register", data=form_of(email="anna", password="коротко"))

    assert "Введите почту целиком" in page.text
    assert "не меньше 10 знаков" in page.text
    assert AGAIN not in page.text


def test_a_good_password_is_asked_for_again_when_something_else_is_wrong(browser: Browser) -> None:
    page = browser().post("/register", data=form_of(email="anna"))

    assert page.status_code == 422
    assert AGAIN in page.text


def test_a_change_of_password_says_all_at_once(browser: Browser) -> None:
    visitor = enter(browser())

    page = visitor.post("/settings/security", data={"current": "", "password": "коротко"})
    assert "Введите нынешний пароль" in page.text
    assert "не меньше 10 знаков" in page.text

    page = visitor.post("/settings/security", data={"current": "не тот пароль", "password": "сосна ветер лодка"})
    assert "Неверный пароль" in page.text
    assert AGAIN in page.text
