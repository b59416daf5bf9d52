"""The worker process: charges on two threads, everything else on four. Scale by starting more of them."""

from __future__ import annotations

import signal
import threading
import time

import dramatiq
import structlog

from kernel import clock, db, log
from kernel.settings import get_settings
from payments.charging.sending import sender
from portal.checks import check_start
from portal.wiring import build_handlers, build_jobs

_log = log.get(__name__)
_CHARGE_THREADS = 2
_OTHER_THREADS = 4
# Actors, the recorder and one to spare; the clock's LISTEN connection is not of the pool.
_CONNECTIONS = _CHARGE_THREADS + _OTHER_THREADS + 2
# Longer than one call may take (60 s), shorter than the supervisor's patience (75 s).
_GRACE_S = 65.0


def run() -> None:
    """Work until SIGTERM or SIGINT; then take no new work, let calls under way end, and leave the rest to others."""
    log.configure(get_settings().log_level)
    structlog.contextvars.bind_contextvars(process="worker")
    db.size_pool(_CONNECTIONS)
    check_start()
    clock.follow()
    jobs = build_jobs(build_handlers())
    broker = jobs.declare()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    queues = {job.queue for job in jobs.by_name.values()}
    workers = [
        dramatiq.Worker(broker, queues={"charge"}, worker_threads=_CHARGE_THREADS),
        dramatiq.Worker(broker, queues=queues - {"charge"}, worker_threads=_OTHER_THREADS),
    ]
    for worker in workers:
        worker.start()
    _log.info("worker.ready")
    stop.wait()
    until = time.monotonic() + _GRACE_S
    for worker in workers:
        worker.stop(timeout=int(max(1.0, until - time.monotonic()) * 1000))
    _log.info("worker.stopped", drained=sender().stop(max(1.0, until - time.monotonic())))
