"""Passwords: argon2id hashes, and what makes a new password acceptable.

Nothing is cut or normalised: the password is what the person typed.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from portal.accounts.errors import WeakPassword
from portal.web.kit.i18n import gettext as _
from portal.web.kit.turns import waiting

SHORTEST = 10
LONGEST = 128
FEWEST_DIFFERENT = 4
# Stored instead of a hash until an invited person sets a password; it matches nothing.
NO_PASSWORD = "!"  # noqa: S105  a mark, not a password
# OWASP's memory figure with more passes: 19 MiB and about 70 ms each. Two at a time bound memory and keep a core free.
_hasher = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=3, parallelism=1),))
_at_a_time = threading.BoundedSemaphore(2)
_SHORTEST_PERSONAL = 4
_WORD = re.compile(r"\w+")


def hash_password(password: str) -> str:
    """The argon2id hash, its parameters included."""
    with waiting(), _at_a_time:
        return _hasher.hash(password)


def verify_password(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether the password is right, and a fresh hash when the stored one has outdated parameters.

    Without a stored hash it works as long and answers no, so that time does not tell who has an account.
    """
    with waiting(), _at_a_time:
        try:
            right, renewed = _hasher.verify_and_update(password, stored or _decoy())
        except UnknownHashError:
            _hasher.verify(password, _decoy())
            return False, None
    return (right, renewed) if stored else (False, None)


def mark_of(stored: str) -> str:
    """What the browser that set a password may keep to be known by: it tells nothing of the password or its hash."""
    return hashlib.sha256(stored.encode()).hexdigest()


def refuse_weak(password: str, *, personal: Iterable[str]) -> None:
    """Check a new password. `personal` holds what others know of its owner: address, name, brand of the site.

    Raises:
        WeakPassword: with the reason in the reader's words.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(_("Слишком короткий пароль: нужно не меньше 10 знаков"))
    if len(password) > LONGEST:
        raise WeakPassword(_("Слишком длинный пароль: не больше 128 знаков"))
    lowered = password.casefold()
    if lowered.strip() in common_passwords() or len(set(lowered)) < FEWEST_DIFFERENT:
        raise WeakPassword(_("Такой пароль подбирают первым. Придумайте другой, например из трёх случайных слов"))
    if any(part in lowered for text in personal for part in _parts(text)):
        raise WeakPassword(_("В пароле не должно быть вашей почты, имени и названия сайта: их легко угадать"))


def _parts(text: str) -> list[str]:
    # «anna.k@mail.ru» gives "anna": short pieces («mail», «ru») would refuse too much, so the domain's end is dropped.
    known_to_all = text.casefold().rpartition(".")[0] if "@" in text else text.casefold()
    return [part for part in _WORD.findall(known_to_all) if len(part) >= _SHORTEST_PERSONAL]


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Passwords of ten characters and more that guessing programs try first, in lower case."""
    path = Path(__file__).with_name("common_passwords.txt")
    return frozenset(path.read_text(encoding="utf-8").splitlines())


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe())
