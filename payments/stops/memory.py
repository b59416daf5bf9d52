"""The memory of stops in Redis. It is no truth while PostgreSQL lives, only what is left when that came from a backup.

Stops are only added, each with its newest instant, so that nobody's order or repetition matters. Beside them lies a
marker: whose stops these are, and on which Redis they were whole. It is lost together with them, and so tells of the loss;
and among them lies a member that is no stop, so that their loss alone, by a Redis that evicts, is told too.
Both bear stable ids, digests and instants; nothing of people. docs/adr/0029
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kernel.errors import KabinetError
from kernel.settings import get_settings

CARD = "card"
WITHDRAWN = "withdrawn"
ENDED = "ended"
SUSPENDED = "suspended"
HELD = "held"

# A customer's refusal waits for a Redis that is away no longer than for two tries: the stop's event brings it later.
_ANSWERS_WITHIN_S = 0.5
_ONCE_MORE = 1  # a kept connection may be one to a Redis that was restarted
_CHUNK = 1000
_ANCHOR = "anchor:"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Only what was begun by this filling, and has lain here ever since, is whole.
_VOUCH = """
if redis.call('HGET', KEYS[1], 'filling') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'run', ARGV[2], 'logged', ARGV[3], 'seen', ARGV[4], 'vouched', ARGV[5])
return 1
"""


class MemoryAway(KabinetError):
    """Redis did not answer: nobody knows what it remembers."""

    def __init__(self) -> None:
        super().__init__("Redis не отвечает, а без него неизвестно, кто отказался от списаний после копии")


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that is not to be charged any more, and since when.

    `subject` is the contract's id; of a card the digest of its name at the gateway, because a restored database may
    give the same card another id.
    """

    kind: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Marker:
    """What a memory says of itself: its `name`, and the Redis `run` on which it was `seen` whole last (None: never).

    `filling` is that by which it came to be. `logged`: that Redis logs every write, so that its restart loses nothing.
    `vouched`: how often the database had vouched for it by then. `anchored`: the stops themselves are still there.
    """

    name: str
    filling: str
    run: str
    logged: bool
    seen_at: datetime | None
    vouched: int
    anchored: bool


@dataclass(frozen=True, slots=True)
class Server:
    """The Redis of this moment: its `run` changes with each start."""

    run: str
    logs: bool


class Memory:
    """The memory of one installation.

    Raises:
        MemoryAway: from everything here.
    """

    def __init__(self, installation_id: str) -> None:
        self._stops = f"kabinet:stops:{installation_id}"
        self._marker = f"{self._stops}:marker"

    def add(self, stops: Sequence[Stop]) -> None:
        """Remember these too; one that is known with a later instant stays as it is."""
        with _answering() as client:
            for first in range(0, len(stops), _CHUNK):
                some = stops[first : first + _CHUNK]
                client.zadd(self._stops, {f"{it.kind}:{it.subject}": _micros(it.at) for it in some}, gt=True)

    def all(self) -> list[Stop]:
        """Whatever is remembered."""
        with _answering() as client:
            rows = client.zscan_iter(self._stops, count=_CHUNK, score_cast_func=int)
            return [_stop(str(member), micros) for member, micros in rows if member != _ANCHOR]

    def marker(self) -> Marker | None:
        """What it says of itself; None when it was never begun, or is lost."""
        with _answering() as client, client.pipeline() as once:
            once.hgetall(self._marker)
            once.zscore(self._stops, _ANCHOR)
            held, anchor = once.execute()
        said = {str(name): str(value) for name, value in held.items()}
        if not said:
            return None
        seen_at = _EPOCH + int(said["seen"]) * _MICROSECOND if "seen" in said else None
        vouched = int(said.get("vouched", 0))
        logged, anchored = said.get("logged") == "1", anchor is not None
        return Marker(said["name"], said["filling"], said.get("run", ""), logged, seen_at, vouched, anchored)

    def begin(self, name: str, filling: str) -> None:
        """Begin to fill it, under this name. What it holds stays; it is whole only when vouched for."""
        with _answering() as client, client.pipeline() as once:
            once.hdel(self._marker, "run", "logged", "seen")
            once.hset(self._marker, mapping={"name": name, "filling": filling})
            once.zadd(self._stops, {_ANCHOR: 0})
            once.execute()

    def vouch(self, filling: str, server: Server, *, now: datetime, times: int) -> bool:
        """Say, for the `times`-th time, that it is whole at this moment; False when it was lost, or begun by another."""
        facts = (filling, server.run, int(server.logs), _micros(now), times)
        with _answering() as client:
            said = client.eval(_VOUCH, 1, self._marker, *facts)
        return bool(said)


def server() -> Server:
    """Which Redis this is.

    Raises:
        MemoryAway: it does not answer.
    """
    with _answering() as client:
        said = client.info()
    return Server(str(said["run_id"]), bool(said.get("aof_enabled")))


@contextmanager
def _answering() -> Iterator[redis.Redis]:
    try:
        yield _client_at(get_settings().redis_url)
    except redis.RedisError as error:
        raise MemoryAway from error


@lru_cache(maxsize=4)
def _client_at(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=_ANSWERS_WITHIN_S,
        socket_connect_timeout=_ANSWERS_WITHIN_S,
        retry=Retry(NoBackoff(), _ONCE_MORE),
        decode_responses=True,
    )


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _stop(member: str, micros: int) -> Stop:
    kind, _, subject = member.partition(":")
    return Stop(kind, subject, _EPOCH + micros * _MICROSECOND)
