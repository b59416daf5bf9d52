"""Secrets that we must read again later, sealed with a key that is not in the database."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kernel.errors import KabinetError
from kernel.settings import get_settings


class SealBroken(KabinetError):
    """What was sealed is too old, damaged, or sealed with a key that is no longer in the settings."""


def seal(secret: str) -> bytes:
    """The secret under the first key of `KABINET_ENCRYPTION_KEY`."""
    return _keys(get_settings().encryption_keys).encrypt(secret.encode())


def unseal(sealed: bytes, *, within: timedelta | None = None) -> str:
    """The secret again, under whichever of the keys sealed it, if that was no longer ago than `within`.

    Raises:
        SealBroken: none of the keys opens it.
    """
    try:
        return (
            _keys(get_settings().encryption_keys)
            .decrypt(sealed, ttl=int(within.total_seconds()) if within else None)
            .decode()
        )
    except InvalidToken as error:
        raise SealBroken from error


@lru_cache(maxsize=4)
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
