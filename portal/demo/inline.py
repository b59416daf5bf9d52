"""The whole product in one process: production duties, relay and jobs, called inline until nothing is left to do."""

from __future__ import annotations

from kernel.broker import InlineJobs
from kernel.relay import relay_once
from payments.charging.sending import sender
from portal.scheduler import run_duties
from portal.wiring import Duty, build_handlers, build_jobs

_RECORD_S = 90.0


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

    def drain(self) -> None:
        """Pass until there is nothing left to do at this instant."""
        while self.pass_once():
            pass
