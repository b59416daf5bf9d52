"""The worker process: threads of its own for each queue. Scale by starting more of them."""

from __future__ import annotations

import logging
import signal
import threading
import time

import dramatiq
import structlog
from sqlalchemy.exc import SQLAlchemyError

from crm_sync import pushing
from crm_sync.part import CRM
from kernel import clock, db, log
from kernel.ids import process_name
from kernel.memory import keep_loaded
from kernel.settings import get_settings
from payments.charging.sending import sender
from payments.stops.keeping import pause_if_gone_back
from payments.stops.memory import MemoryAway
from portal.checks import check_start
from portal.duties.noting import give_worker_beat
from portal.duties.watching import Watch
from portal.wiring import Wiring

_log = log.get(__name__)
_THREADS = {"charge": 2, "lookup": 4, "default": 4, "crm": 2, "export": 1, "reconcile": 1}
# Charges and the rest of the jobs, the recorder, two for the look-ups, one for the CRM and one for the reconciliation,
# which hold none while they wait for an answer; a file is read from one and its progress told on another. The clock's LISTEN connection is not of
# the pool.
_CONNECTIONS = _THREADS["charge"] + _THREADS["default"] + 5 + 2 * _THREADS["export"]
# Longer than one call may take (60 s), shorter than the supervisor's patience (75 s).
_GRACE_S = 65.0
_BEAT_S = 5.0
_RETRY_S = 1.0


def run() -> None:
    """Work until SIGTERM or SIGINT; then take no new work, let calls under way end, and leave the rest to others."""
    log.configure(get_settings().log_level)
    structlog.contextvars.bind_contextvars(process="worker")
    db.size_pool(_CONNECTIONS)
    check_start()
    clock.follow()
    jobs = Wiring(CRM).jobs
    broker = jobs.declare()
    keep_loaded()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    queues = sorted({job.queue for job in jobs.by_name.values()})
    broker.logger.addFilter(_is_news)
    _wait_for_memory(stop)
    if stop.is_set():
        return
    workers = [dramatiq.Worker(broker, queues={queue}, worker_threads=_THREADS[queue]) for queue in queues]
    for worker in workers:
        worker.start()
    _log.info("worker.ready")
    _beat_until(stop, Watch(jobs.send))
    until = time.monotonic() + _GRACE_S
    pushing.end()
    sender().close()  # first: a message of a hundred charges must not go on while its thread is waited for
    _stop(workers)
    _log.info("worker.stopped", drained=sender().stop(max(1.0, until - time.monotonic())))


def _wait_for_memory(stop: threading.Event) -> None:
    # The hints that lie in Redis may be of a later state than this database's: none is taken before it is known.
    while not stop.is_set():
        try:
            pause_if_gone_back()
        except MemoryAway:
            _log.warning("worker.redis_away")
            stop.wait(_RETRY_S)
        else:
            return


def _is_news(record: logging.LogRecord) -> bool:
    # Each Worker adds the same middleware to the one broker, by intention.
    return "middleware of the same type twice" not in record.msg


def _beat_until(stop: threading.Event, watch: Watch) -> None:
    name = process_name()
    while not stop.is_set():
        try:
            give_worker_beat(name)
            watch.look()
        except SQLAlchemyError as error:  # both are for people: work goes on without them
            _log.warning("worker.beat_lost", error=type(error).__name__)
        stop.wait(_BEAT_S)


def _stop(workers: list[dramatiq.Worker]) -> None:
    # All at once: while one waits for its calls, no other may take new work.
    stopping = [threading.Thread(target=worker.stop, args=(int(_GRACE_S * 1000),)) for worker in workers]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join()
