"""One bucket in Redis for all processes: Bitrix24 counts the requests of an address, not those of a process.

A leaky bucket, as theirs: each request adds one, `per_second` leak out, a full bucket takes none. It runs on business
time, so that a played month is a month for the bucket too.
"""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from functools import lru_cache
from typing import cast

import redis

from crm_sync.port import NotExecuted
from kernel import clock
from kernel.settings import get_settings

# Ours counts at departure, theirs at arrival: a little room for what was on its way.
_SPARE = 2
_PATIENCE_S = 30.0
_REDIS_AWAY_S = 10.0
_KEY_LIFE_S = 3600
_TAKE = """
local level, at = unpack(redis.call('HMGET', KEYS[1], 'level', 'at'))
local now, burst, per_second = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
level, at = tonumber(level or '0'), tonumber(at or ARGV[1])
-- The clocks of two machines differ a little: no moment may leak twice. One that differs by more was set back.
if now < at and at - now < 60 then now = at end
level = math.max(0, level - math.max(0, now - at) * per_second)
local over = level + 1 - burst
if over <= 0 then level = level + 1 end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], ARGV[4])
if over <= 0 then return '0' end
return tostring(over / per_second)
"""


@lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)


def wait_turn(base_url: str) -> None:
    """Wait until one more request may leave for this portal.

    Raises:
        NotExecuted: Redis is away, or the bucket stayed full for half a minute; nothing was sent.
    """
    until = time.monotonic() + _PATIENCE_S
    while (pause := take(base_url, clock.now())) > 0:
        if time.monotonic() + pause > until:
            raise NotExecuted("очередь к Битрикс24 занята", retry_after_s=pause)
        time.sleep(pause)


def take(base_url: str, now: datetime) -> float:
    """Take one turn at this instant, or say after how many seconds to ask again.

    Raises:
        NotExecuted: Redis is away.
    """
    settings = get_settings()
    key = f"kabinet:crm:{hashlib.sha256(base_url.encode()).hexdigest()[:16]}"
    arguments = (now.timestamp(), settings.bitrix24_burst - _SPARE, settings.bitrix24_per_second, _KEY_LIFE_S)
    try:
        answer = _redis(settings.redis_url).eval(_TAKE, 1, key, *map(str, arguments))
    except redis.RedisError as error:
        raise NotExecuted("Redis не отвечает, очередь к Битрикс24 ждёт", retry_after_s=_REDIS_AWAY_S) from error
    return float(cast("bytes", answer))
