"""The same charges one by one: eight threads, each of which permits, calls and records a single charge at a time.

A process reads ids from its standard input after it has said that it is ready, and ends when all are recorded.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from bench.stand import ROOT
from kernel import db, log
from kernel.clock import business_now
from kernel.db import begin
from kernel.ids import process_name
from kernel.settings import get_settings
from payments.charging.models import SEND
from payments.charging.permits import permit_scheduled
from payments.charging.recording import Outcome, record
from payments.charging.sending import send_once
from payments.gateway.yookassa import YooKassa

PROCESSES = 2
THREADS = 8


def charge_one_by_one(ids: Sequence[UUID]) -> float:
    """Let two processes of eight threads charge these; how many seconds it took."""
    command = [sys.executable, "-m", "bench.one_by_one"]
    started = [
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    for process in started:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise RuntimeError("a process that charges one by one did not start")
    began = time.monotonic()
    for number, process in enumerate(started):
        if process.stdin is not None:
            process.stdin.write("\n".join(map(str, ids[number::PROCESSES])))
            process.stdin.close()
    for process in started:
        if process.wait():
            raise RuntimeError("a process that charges one by one broke")
    return time.monotonic() - began


def _charge(payment_id: UUID) -> None:
    gateway = YooKassa.of(get_settings())
    began = time.monotonic()
    with begin() as session:
        (permit,) = permit_scheduled(session, [payment_id], worker=process_name())
    result = send_once(gateway, permit)
    with begin() as session:
        record(session, [Outcome(payment_id, SEND, result, int(1000 * (time.monotonic() - began)))], source="answer")


def _main() -> None:
    log.configure("WARNING")
    db.size_pool(THREADS)
    with begin() as session:
        business_now(session)
    print("ready", flush=True)
    ids = [UUID(line.strip()) for line in sys.stdin]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(_charge, ids))


if __name__ == "__main__":
    _main()
