"""Sender threads call the gateway, one recorder thread writes down what came of it. Senders never touch the database.

A permit is good for two seconds, so permits are only asked for as many threads as are idle. When the database is away
the recorder keeps outcomes in memory and no further permits are given; rows it never gets to write are found by lease.
"""

from __future__ import annotations

import queue
import threading
import time
from functools import partial

from kernel import log
from kernel.clock import elapsed
from kernel.db import Session, is_away, repeating
from kernel.fault import fault
from kernel.settings import get_settings
from payments.charging.models import SEND
from payments.charging.permits import Permit
from payments.charging.recording import Outcome, record
from payments.gateway import transport
from payments.gateway.port import Gateway, GatewayError, GatewayPayment, NotExecuted, OutcomeUnknown
from payments.gateway.yookassa import YooKassa

_log = log.get(__name__)
_PERMIT_LIFE_S = 2.0
# Answers that wait are recorded together, as many as there are: what waits in a queue would be no better off.
_BATCH = 100
_LINGER_S = 0.004
_TOO_MANY_REQUESTS = 429
_RECOVER_AFTER = 10
# Jobs of several threads ask for the sender at once, also for the first time.
_lock = threading.Lock()
_state: dict[str, Sender] = {}


class Sender:
    """T threads, each with its own connection to the gateway, and the recorder behind them.

    A few threads more are kept for repeats: an unknown outcome must not wait behind a long queue of first sends.
    """

    kept_for_repeats = 4

    def __init__(self, gateway: Gateway, threads: int) -> None:
        self._gateway = gateway
        self._threads = threads
        self._limit = threads
        self._calm = 0
        self._busy = 0
        self._unrecorded = 0
        self._closing = False
        self._turn = threading.Lock()
        self._awaited = 1  # so many idle threads are worth a word to the job whose turn it is
        self._repeats_wait = 0
        self._changed = threading.Condition()
        self._work: queue.SimpleQueue[Permit | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._senders: list[threading.Thread] = []
        self._recorder = threading.Thread(target=self._record_forever, name="recorder", daemon=True)
        self._recorder.start()
        self._begin_threads(threads)

    def _begin_threads(self, count: int) -> None:
        for _ in range(count):
            thread = threading.Thread(target=self._send_forever, name=f"sender-{len(self._senders)}", daemon=True)
            self._senders.append(thread)
            thread.start()

    def take_slots(self, wanted: int, timeout: float) -> int:
        """Reserve between one and `wanted` idle threads; 0 when none came free in `timeout` seconds, or it closes.

        A permit costs as much for one as for many: when one thread is idle, others are waited for, 4 ms at most. Jobs
        do so by turns, or they would share between them what is idle.
        """
        until = time.monotonic() + timeout
        if not self._turn.acquire(timeout=timeout):
            return 0
        try:
            with self._changed:
                while self._wait_for(1, until - time.monotonic()):
                    self._wait_for(min(wanted, self._limit), _LINGER_S)
                    taken = min(wanted, self._free())
                    if taken > 0 or self._closing:  # else the recorder fell behind, or the gateway asked for less
                        self._busy += taken
                        return taken
                return 0
        finally:
            self._turn.release()

    def take_repeat_slot(self, timeout: float) -> int:
        """Reserve a thread for a payment that was sent before; 0 when none came free in `timeout` seconds, or it closes."""
        with self._changed:
            if not self._closing and len(self._senders) == self._threads:
                self._begin_threads(self.kept_for_repeats)  # with the first repeat: each costs some megabytes
            self._repeats_wait += 1
            self._changed.wait_for(lambda: self._closing or self._free(self.kept_for_repeats) > 0, timeout)
            self._repeats_wait -= 1
            taken = 1 if self._free(self.kept_for_repeats) > 0 else 0
            self._busy += taken
            return taken

    def _wait_for(self, idle: int, timeout: float) -> bool:
        self._awaited = idle
        return self._changed.wait_for(lambda: self._closing or self._free() >= idle, timeout)

    def give_back(self, slots: int) -> None:
        """Return reserved threads for which no permit was given."""
        with self._changed:
            self._busy -= slots
            self._changed.notify_all()

    def send(self, permits: list[Permit]) -> None:
        """Hand permits to reserved threads at once."""
        for permit in permits:
            self._work.put(permit)

    def wait_idle(self, timeout: float) -> bool:
        """Wait until nothing is being called or recorded; False when `timeout` seconds were not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: self._busy == 0 and self._unrecorded == 0, timeout)

    def close(self) -> None:
        """From now on nobody gets a thread, so that nobody asks for a permit; calls under way go on."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def stop(self, timeout: float) -> bool:
        """Close, let calls under way finish and be recorded, then end the threads."""
        self.close()
        idle = self.wait_idle(timeout)
        for _ in self._senders:
            self._work.put(None)
        self._outcomes.put(None)
        for thread in (*self._senders, self._recorder):
            thread.join(1 if idle else 0)
        return idle

    def _free(self, more: int = 0) -> int:
        if self._closing or self._unrecorded > 2 * self._threads:
            return 0
        return self._limit + more - self._busy

    def _send_forever(self) -> None:
        while (permit := self._work.get()) is not None:
            outcome = self._call(permit)
            with self._changed:
                self._busy -= 1
                self._unrecorded += 1
                self._adapt(outcome)
                if self._repeats_wait or self._free() >= self._awaited:
                    self._changed.notify_all()
            self._outcomes.put(outcome)
        transport.close()

    def _call(self, permit: Permit) -> Outcome:
        started = time.monotonic()
        result = send_once(self._gateway, permit)
        return Outcome(permit.payment_id, SEND, result, int((time.monotonic() - started) * 1000))

    def _adapt(self, outcome: Outcome) -> None:
        # 429 halves the number of calls in flight, ten calm answers give one back.
        if isinstance(outcome.result, GatewayError) and outcome.result.http_status == _TOO_MANY_REQUESTS:
            self._limit, self._calm = max(1, self._limit // 2), 0
            return
        self._calm += 1
        if self._calm >= _RECOVER_AFTER:
            self._limit, self._calm = min(self._threads, self._limit + 1), 0

    def _record_forever(self) -> None:
        while (first := self._outcomes.get()) is not None:
            batch = self._gather(first)
            while not _record_batch(batch):
                time.sleep(1)
            with self._changed:
                self._unrecorded -= len(batch)
                self._changed.notify_all()

    def _gather(self, first: Outcome) -> list[Outcome]:
        batch = [first]
        until = time.monotonic() + _LINGER_S
        while len(batch) < _BATCH and (left := until - time.monotonic()) > 0:
            try:
                more = self._outcomes.get(timeout=left)
            except queue.Empty:
                break
            if more is None:
                self._outcomes.put(None)
                break
            batch.append(more)
        return batch


def send_once(gateway: Gateway, permit: Permit) -> GatewayPayment | GatewayError:
    """Call the gateway under one permit and return its object or a `GatewayError`; never raises.

    A permit older than two seconds is not used: what it checked may no longer hold. The machine may have slept since.
    """
    if elapsed() - permit.granted > _PERMIT_LIFE_S:
        return NotExecuted("permit too old")
    fault("charge.before_send")
    try:
        result: GatewayPayment | GatewayError = gateway.create_payment(permit.body, permit.key)
    except GatewayError as error:
        result = error
    except Exception as error:  # noqa: BLE001  whatever broke here, the call may have arrived
        _log.exception("sender.broke", payment_id=str(permit.payment_id))
        result = OutcomeUnknown(type(error).__name__)
    fault("charge.after_answer")
    return result


def _record_batch(batch: list[Outcome]) -> bool:
    # False: the database is away, and the whole batch is to be kept until it is back.
    try:
        repeating(partial(_write, batch=batch))
    except Exception as error:  # noqa: BLE001  whatever broke, an outcome is kept or asked about again
        if is_away(error):
            _log.warning("recorder.waits", error=type(error).__name__, outcomes=len(batch))
            return False
        # One outcome that is unreadable, or whose rows somebody holds, must not take the others with it: each is tried
        # alone, and what still fails keeps its lease, expires into `unknown` and is asked about again.
        _log.exception("recorder.broke", outcomes=len(batch))
        if len(batch) == 1:
            return True
        return all(_record_batch([outcome]) for outcome in batch)
    fault("charge.after_record_commit")
    return True


def _write(session: Session, batch: list[Outcome]) -> None:
    record(session, batch, source="answer")
    fault("charge.before_record_commit")


def sender() -> Sender:
    """The one sender of this process, started on first use. Whoever took slots of it gives them back to the same."""
    with _lock:
        if "sender" not in _state:
            settings = get_settings()
            _state["sender"] = Sender(YooKassa.of(settings), settings.gateway_concurrency)
        return _state["sender"]


def dispose(timeout: float) -> bool:
    """Let calls under way end, and forget the sender; the next use builds one from the settings of that moment."""
    with _lock:
        found = _state.pop("sender", None)
    return found is None or found.stop(timeout)
