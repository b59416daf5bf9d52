"""Redis carries hints to the workers: messages hold a job's name and row ids, never data.

It may lose everything at any moment; the sweeps of the scheduler find the same rows in PostgreSQL.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerError

from kernel.errors import KabinetError
from kernel.fault import fault
from kernel.settings import get_settings

if TYPE_CHECKING:
    from dramatiq import Broker

DELIVER = "deliver"
_NAMESPACE = "kabinet"
_lock = threading.Lock()
_state: dict[str, RedisBroker] = {}


class RedisAway(KabinetError):
    """Redis did not take the hint; the row stays due and a sweep finds it again."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work on rows by their ids. `run` must be harmless when called twice or for rows that are done.

    No clock breaks it off: what calls others has deadlines of its own.
    """

    name: str
    run: Callable[[list[str]], None]
    queue: str = "default"


class Jobs:
    """The jobs of this installation by name."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.by_name = {job.name: job for job in jobs}

    def send(self, name: str, ids: Sequence[UUID | int]) -> None:
        """Put a hint into Redis.

        Raises:
            RedisAway: the hint did not get through.
        """
        job = self.by_name[name]
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=job.queue, actor_name=job.name, args=([str(item) for item in ids],), kwargs={}, options={}
        )
        try:
            broker().declare_queue(job.queue)
            broker().enqueue(message)
        except (BrokerError, redis.RedisError) as error:
            raise RedisAway(type(error).__name__) from error

    def declare(self) -> Broker:
        """Make the jobs known to the broker, for a process that works them off."""
        found = broker()
        for job in self.by_name.values():
            make = dramatiq.actor(
                actor_name=job.name,
                queue_name=job.queue,
                broker=found,
                max_retries=0,
            )
            make(_done_before_acknowledged(job.run))
        return found


def _done_before_acknowledged(run: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
    # Redis forgets a message when its job returns: whoever dies here does the job a second time.
    def work(ids: list[str]) -> None:
        run(ids)
        fault("job.before_acknowledgement")

    return work


@dataclass(frozen=True, slots=True)
class QueueSize:
    """How many hints wait in a queue, and how many a worker has in hand."""

    name: str
    waiting: int
    under_way: int


def queue_sizes(queues: Sequence[str]) -> list[QueueSize]:
    """What lies in the queues now, in one question.

    Raises:
        RedisAway: Redis did not answer.
    """
    try:
        with broker().client.pipeline(transaction=False) as asked:
            for name in queues:
                asked.llen(f"{_NAMESPACE}:{name}")
                asked.hlen(f"{_NAMESPACE}:{name}.msgs")
            said = asked.execute()
    except redis.RedisError as error:
        raise RedisAway(type(error).__name__) from error
    pairs = zip(queues, said[::2], said[1::2], strict=True)
    return [QueueSize(name, waiting, max(kept - waiting, 0)) for name, waiting, kept in pairs]


def broker() -> RedisBroker:
    """The Redis broker of this process, built on first use.

    With Dramatiq's own defaults (60 s heartbeat, maintenance on 0.1 % of commands) a killed worker's message did not
    come back within 800 s; with these it does in 6 s. docs/adr/0005-dramatiq-carries-hints.md
    """
    with _lock:
        if "broker" not in _state:
            _state["broker"] = RedisBroker(  # type: ignore[no-untyped-call]  # its __init__ is not annotated
                # A client of our own: given an address, Dramatiq does not pass its timeouts on.
                client=redis.Redis.from_url(get_settings().redis_url, socket_connect_timeout=2, socket_timeout=5),
                namespace=_NAMESPACE,
                heartbeat_timeout=6_000,
                maintenance_chance=1_000_000,
            )
        return _state["broker"]


def dispose() -> None:
    """Forget the broker; the next use builds one from the settings of that moment."""
    with _lock:
        found = _state.pop("broker", None)
    if found is not None:
        found.close()
