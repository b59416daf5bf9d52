from __future__ import annotations

import re

import pytest

from payments.charging import permits
from payments.charging.declines import RULES
from portal.notifications.reasons import HELD_BACK, REASONS, UNKNOWN, reason_for_staff, reason_words


@pytest.mark.parametrize("code", sorted(RULES))
def test_each_reason_that_decides_about_retries_has_words(code: str) -> None:
    assert code in REASONS


def test_each_reason_for_which_a_charge_is_held_back_has_words() -> None:
    reasons = re.findall(r"THEN\s+'(\w+)'", str(permits._REFUSE))

    assert len(reasons) > 5
    assert set(reasons) <= set(HELD_BACK)


@pytest.mark.parametrize("code", sorted(REASONS | HELD_BACK))
def test_the_words_are_whole_russian_sentences_without_codes(code: str) -> None:
    words = reason_words(code)
    what, todo = str(words.what), str(words.todo)

    assert re.match(r"[А-ЯЁ]", what)
    assert not what.endswith(".")
    assert todo.endswith(".")
    assert "_" not in what + todo


def test_an_unknown_reason_is_a_plain_refusal_whose_code_staff_see() -> None:
    assert reason_words("weather_too_bad") is UNKNOWN
    assert reason_for_staff("weather_too_bad") == "Банк отклонил платёж (weather_too_bad)"
    assert reason_for_staff("card_expired") == "Срок действия карты истёк"
    assert reason_for_staff(None) == "Банк отклонил платёж"
