"""How often something may be tried. Counted in Redis for all processes; in this process alone while Redis is away.

Windows move with real time: nothing locks anybody out for good.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache

import redis
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from kernel import log
from kernel.clock import real_now
from kernel.errors import KabinetError
from kernel.settings import get_settings

_log = log.get(__name__)
_REDIS_ANSWERS_WITHIN_S = 0.5
_LEAVE_REDIS_ALONE_S = 5.0


class TooManyAttempts(KabinetError):
    """Not now; `seconds` says when the next attempt is counted again."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"again in {seconds} s")

    @property
    def minutes(self) -> int:
        """For people: whole minutes, at least one."""
        return max(1, math.ceil(self.seconds / 60))


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `amount` attempts of one kind in any `minutes`."""

    name: str
    amount: int
    minutes: int

    @property
    def item(self) -> RateLimitItemPerMinute:
        """The same in the words of the limits library."""
        return RateLimitItemPerMinute(self.amount, self.minutes, namespace=self.name)


# One account from one address; one address; one account from everywhere. Being refused by the first does not count in
# the others, so a guesser cannot keep the owner out.
LOGIN_HERE = Throttle("login-here", 10, 15)
LOGIN_FROM = Throttle("login-from", 60, 15)
LOGIN_TO = Throttle("login-to", 300, 60)
REGISTER_FROM = Throttle("register-from", 20, 60)
# The second step: one login, one account from everywhere, one address.
CODE_HERE = Throttle("code-here", 5, 10)
CODE_TO = Throttle("code-to", 30, 60)
CODE_FROM = Throttle("code-from", 60, 15)
PASSWORD_HERE = Throttle("password-here", 10, 15)
LETTER_TO = Throttle("letter-to", 5, 60)
LETTER_AGAIN = Throttle("letter-again", 1, 1)
LETTER_FROM = Throttle("letter-from", 30, 60)


def spend(*attempts: tuple[Throttle, str]) -> None:
    """Count one attempt in each throttle, for whom or what the text names; the first that is used up refuses.

    Raises:
        TooManyAttempts: with the time to wait.
    """
    try:
        _counters().spend(attempts)
    except redis.RedisError as error:
        _counters().leave_redis_alone(error)
        _counters().spend(attempts)


def forgive(throttle: Throttle, whom: str) -> None:
    """Forget the attempts of one throttle: the person has proved who they are."""
    try:
        _counters().forgive(throttle, whom)
    except redis.RedisError as error:
        _counters().leave_redis_alone(error)


@dataclass(slots=True)
class _Counters:
    shared: MovingWindowRateLimiter
    own: MovingWindowRateLimiter
    _own_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, attempts: tuple[tuple[Throttle, str], ...]) -> None:
        limiter = self._limiter()
        for throttle, whom in attempts:
            if not limiter.hit(throttle.item, _unreadable(whom)):
                reset_at = limiter.get_window_stats(throttle.item, _unreadable(whom)).reset_time
                raise TooManyAttempts(max(1, math.ceil(reset_at - real_now().timestamp())))

    def forgive(self, throttle: Throttle, whom: str) -> None:
        self._limiter().clear(throttle.item, _unreadable(whom))

    def leave_redis_alone(self, error: redis.RedisError) -> None:
        with self._lock:
            self._own_until = time.monotonic() + _LEAVE_REDIS_ALONE_S
        _log.warning("throttle.redis_away", error=type(error).__name__)

    def _limiter(self) -> MovingWindowRateLimiter:
        return self.own if time.monotonic() < self._own_until else self.shared


def _counters() -> _Counters:
    return _counters_at(get_settings().redis_url)


@lru_cache(maxsize=4)
def _counters_at(redis_url: str) -> _Counters:
    shared = RedisStorage(
        redis_url,
        key_prefix="kabinet-throttle",
        socket_timeout=_REDIS_ANSWERS_WITHIN_S,
        socket_connect_timeout=_REDIS_ANSWERS_WITHIN_S,
    )
    return _Counters(MovingWindowRateLimiter(shared), MovingWindowRateLimiter(MemoryStorage()))


def _unreadable(whom: str) -> str:
    # Addresses of people have no business in Redis.
    return hashlib.sha256(whom.encode()).hexdigest()[:32]
