"""The whole product in one process: production duties, relay and jobs, called inline until nothing is left to do."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import httpx

from kernel.broker import InlineJobs
from kernel.relay import relay_once
from payments.charging.sending import sender
from portal.playing import Follower
from portal.scheduler import run_duties
from portal.wiring import Duty, build_handlers, build_jobs

_RECORD_S = 90.0
_PLAY_S = 600.0


def _stop(_duty: Duty, error: Exception) -> None:
    # Nobody reads a log here: a duty that breaks ends the run.
    raise error


class InlineProduct:
    """Workers, scheduler and relay without processes and without Redis; each pass does what theirs would."""

    def __init__(self) -> None:
        self._handlers = build_handlers()
        self._jobs = InlineJobs(build_jobs(self._handlers).by_name.values())

    def pass_once(self) -> int:
        """One pass over everything; returns how much was found."""
        found = run_duties(self._jobs, broken=_stop)
        found += relay_once(self._handlers, self._jobs.send)
        sender().wait_idle(_RECORD_S)
        return found

    def follow(self, clock_url: str) -> None:
        """Take the sandbox clock's present shift over."""
        with Follower(clock_url) as follower:
            follower.step(found=0)

    def play(self, clock_url: str, order: Mapping[str, str]) -> dict[str, Any]:
        """Play time through (`{"advance": "P1M"}` or `{"to": "2027-01-31"}`) and return the clock's answer."""
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(httpx.post(f"{clock_url}/control/clock", json=order, timeout=_PLAY_S, trust_env=False))

        asking = threading.Thread(target=ask)
        asking.start()
        with Follower(clock_url) as follower:
            while asking.is_alive():
                follower.step(found=self.pass_once())
            follower.step(found=self.pass_once())
        asking.join()
        answers[0].raise_for_status()
        clock: dict[str, Any] = answers[0].json()
        return clock

    def drain(self) -> None:
        """Pass until there is nothing left to do at this instant."""
        while self.pass_once():
            pass
