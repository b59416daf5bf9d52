"""Attempts are counted before anything else happens; too many are answered with the time to wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fastapi import HTTPException

from kernel import log
from portal.accounts.throttles import Throttle, TooManyAttempts, look, spend
from portal.web.kit.i18n import ngettext

_log = log.get(__name__)


def count(*attempts: tuple[Throttle, str]) -> None:
    """Count one attempt in each throttle.

    Raises:
        HTTPException: 429 with the minutes left and `Retry-After`.
    """
    with _told(attempts[0][0]):
        spend(*attempts)


def check(throttle: Throttle, whom: str) -> None:
    """Refuse whoever has used up a throttle; nothing is counted.

    Raises:
        HTTPException: 429 with the minutes left and `Retry-After`.
    """
    with _told(throttle):
        look(throttle, whom)


def note(throttle: Throttle, whom: str) -> None:
    """Count one attempt that is allowed in any case."""
    with suppress(TooManyAttempts):
        spend((throttle, whom))


@contextmanager
def _told(throttle: Throttle) -> Iterator[None]:
    try:
        yield
    except TooManyAttempts as error:
        _log.warning("throttle.refused", throttle=throttle.name, seconds=error.seconds)
        words = ngettext(
            "Слишком много попыток. Подождите %(n)d минуту и попробуйте снова.",
            "Слишком много попыток. Подождите %(n)d минут и попробуйте снова.",
            error.minutes,
        )
        text = words % {"n": error.minutes}
        raise HTTPException(429, text, headers={"Retry-After": str(error.seconds)}) from error
