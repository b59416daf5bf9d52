"""The whole product in one process: production duties, relay and jobs, without Redis, until nothing is left to do."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx

from kernel.broker import Job, Jobs
from kernel.errors import Refused
from kernel.relay import relay_once
from payments.charging.sending import sender
from portal.playing import Follower, Rest, look
from portal.public import Duty
from portal.scheduler import run_duties
from portal.wiring import Wiring

_RECORD_S = 90.0
_PLAY_S = 600.0
_THREADS = 4


def _stop(_duty: Duty, error: Exception) -> None:
    # Nobody reads a log here: a duty that breaks ends the run.
    raise error


class ThreadedJobs(Jobs):
    """Jobs done by a few threads of this process instead of through Redis; a job that raises ends the run."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        super().__init__(jobs)
        self._threads = ThreadPoolExecutor(_THREADS)
        self._under_way: set[Future[None]] = set()

    def send(self, name: str, ids: Sequence[UUID | int]) -> None:
        """Begin the job at once."""
        self._under_way.add(self._threads.submit(self.by_name[name].run, [str(item) for item in ids]))

    def wait(self) -> bool:
        """Wait for the end of all jobs under way; False when there is none."""
        done, self._under_way = self._under_way, set()
        for job in futures.wait(done).done:
            job.result()
        return bool(done)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


class InlineProduct:
    """Workers, scheduler and relay without processes and without Redis; each pass does what theirs would."""

    def __init__(self, clock_url: str, wiring: Wiring) -> None:
        self._sandbox = httpx.Client(base_url=clock_url, timeout=_PLAY_S, trust_env=False)
        self._follower = Follower(clock_url)
        self._wiring = wiring
        self._jobs = ThreadedJobs(wiring.jobs.by_name.values())

    def pass_once(self, due: Collection[str]) -> bool:
        """Do what these waits ask for and whatever follows from it; False when there was nothing to do."""
        found = run_duties(self._wiring.duties, self._jobs, due=due, broken=_stop)
        return self._settle() or bool(found)

    def play(self, order: Mapping[str, str]) -> dict[str, Any]:
        """Play time through (`{"advance": "P1M"}` or `{"to": "2027-01-31"}`) and return the clock's answer."""
        answers: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: answers.append(self._sandbox.post("/control/clock", json=order)))
        asking.start()
        while asking.is_alive():
            self._come_to_rest()
        asking.join()
        self._come_to_rest()
        answers[0].raise_for_status()
        clock: dict[str, Any] = answers[0].json()
        return clock

    def follow(self) -> None:
        """Take the sandbox clock's present shift over."""
        self._follower.report(self._look())

    def control(self, what: str, body: Mapping[str, object]) -> None:
        """Tell the sandbox something.

        Raises:
            Refused: it does not do that; the text is its own.
        """
        answer = self._sandbox.post(f"/control/{what}", json=body)
        if answer.is_error:
            raise Refused(f"sandbox: {answer.text[:300]}")

    def close(self) -> None:
        """End the connections to the sandbox."""
        self._jobs.close()
        self._follower.close()
        self._sandbox.close()

    def drain(self) -> None:
        """Do whatever is due until nothing is left to do at this instant."""
        while (due := self._look().due) and self.pass_once(due):
            pass

    def _look(self) -> Rest:
        return look(self._wiring.waits)

    def _settle(self) -> bool:
        # What is on its way already would only look due to the duties: it is brought to its end before they are asked.
        moved = False
        while relay_once(self._wiring.handlers, self._jobs.send) or self._jobs.wait() or self._recorded():
            moved = True
        return moved

    def _recorded(self) -> bool:
        return not sender().wait_idle(0) and sender().wait_idle(_RECORD_S)

    def _come_to_rest(self) -> None:
        rest = self._look()
        if rest.due:
            self.pass_once(rest.due)
        else:
            self._follower.report(rest)
