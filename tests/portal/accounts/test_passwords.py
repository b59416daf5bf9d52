"""Passwords: what is refused, what is kept as typed, and that no answer is quick for an unknown login."""

from __future__ import annotations

import time
from statistics import median

import pytest

from portal.accounts.errors import WeakPassword
from portal.accounts.passwords import NO_PASSWORD, common_passwords, hash_password, refuse_weak, verify_password

ANNA = ("anna.kovaleva@teplo.example", "Анна Ковалёва", "Тёплый контур")


@pytest.mark.parametrize(
    "password",
    [
        "короткий",
        "x" * 129,
        "password123",
        "Qwertyuiop",
        "1234567890",
        "йцукенгшщз",
        "aaaaaaaaaaaa",
        "ababababab",
        "my-kovaleva-2026",
        "за тёплый контур!",
        "ковалёва навсегда",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        refuse_weak(password, personal=ANNA)


@pytest.mark.parametrize(
    "password",
    ["белый кит плывёт", "correct-horse-9-staple", "с пробелом в конце ", "🦊" + "лиса бежит", "x1" + "й" * 100 + "zq"],
)
def test_any_characters_and_length_are_allowed(password: str) -> None:
    refuse_weak(password, personal=ANNA)


def test_the_list_of_common_passwords_has_three_thousand_long_ones() -> None:
    assert len(common_passwords()) >= 3000
    assert all(len(password) >= 10 and password == password.casefold() for password in common_passwords())


def test_nothing_of_a_password_is_cut_or_changed() -> None:
    stored = hash_password("белый кит " * 12)

    assert stored.startswith("$argon2id$")
    assert verify_password("белый кит " * 12, stored) == (True, None)
    assert not verify_password(("белый кит " * 12).rstrip(), stored)[0]
    assert not verify_password("белый кит " * 11, stored)[0]


def test_a_hash_with_old_parameters_is_renewed_when_the_password_is_right() -> None:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    old = PasswordHash((Argon2Hasher(memory_cost=8_192, time_cost=1, parallelism=1),)).hash("белый кит")

    right, renewed = verify_password("белый кит", old)

    assert right
    assert renewed is not None
    assert verify_password("белый кит", renewed) == (True, None)


@pytest.mark.parametrize("stored", [None, NO_PASSWORD])
def test_without_a_password_nothing_is_right_and_it_takes_as_long(stored: str | None) -> None:
    real = hash_password("белый кит плывёт")

    assert verify_password("белый кит плывёт", stored) == (False, None)
    # Half is enough to notice a missing hash, which would be a hundred times quicker.
    assert _usual_time(stored) > _usual_time(real) / 2


def _usual_time(stored: str | None) -> float:
    times = []
    for _ in range(5):
        began = time.thread_time()  # not the clock's: another process may have the processor meanwhile
        verify_password("неверный пароль", stored)
        times.append(time.thread_time() - began)
    return median(times)
