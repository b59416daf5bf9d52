"""Named fault points: places where a test kills, stops or fails the process to prove that nothing is lost.

A point does nothing unless `KABINET_FAULTS` names it, and that variable is refused in live mode. Its form is
`point=action[:n]` separated by commas; `n` is the hit at which it acts (1 by default), and `*` stands for every point
that is not named: `*=crash:3` acts at the third one, whichever that is. Actions: `kill` (SIGKILL to
oneself), `raise` (InjectedFault), `crash` (Crashed, for a test that plays processes within its own), `sleep` (2 s, for
races). Where several points are armed, `KABINET_FAULTS_LOG` names a file that tells which one acted: a line with the
process id and the point, written before the act.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kernel.errors import ConfigurationError, KabinetError

VARIABLE = "KABINET_FAULTS"
LOG_VARIABLE = "KABINET_FAULTS_LOG"
_ANY = "*"
_hits: dict[str, int] = {}
_lock = threading.Lock()


class InjectedFault(KabinetError):
    """Raised at a fault point on purpose."""


class Crashed(BaseException):
    """The process would have died here. No error of ours and none that ours catch: what is in hand is left as it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens at one point, and at which of its hits."""

    action: str
    at_hit: int


@lru_cache(maxsize=1)
def _plans() -> dict[str, Plan]:
    text = os.environ.get(VARIABLE, "")
    if text and os.environ.get("KABINET_MODE", "live") == "live":
        raise ConfigurationError([f"{VARIABLE}: fault points are refused in live mode"])
    plans = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        point, _, rest = item.partition("=")
        action, _, hit = rest.partition(":")
        if action not in _ACTIONS:
            raise ConfigurationError([f"{VARIABLE}: unknown action in {item!r}"])
        plans[point] = Plan(action, int(hit or 1))
    return plans


def fault(point: str) -> None:
    """Act out the plan for this point, if there is one."""
    plans = _plans()
    name = point if point in plans else _ANY
    if name not in plans:
        return
    with _lock:
        _hits[name] = _hits.get(name, 0) + 1
        due = _hits[name] == plans[name].at_hit
    if due:
        _witness(point)
        _ACTIONS[plans[name].action](point)


def _witness(point: str) -> None:
    if path := os.environ.get(LOG_VARIABLE):
        with Path(path).open("a", encoding="utf-8") as log:
            log.write(f"{os.getpid()} {point}\n")


def _kill(_point: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise(point: str) -> None:
    raise InjectedFault(point)


def _crash(point: str) -> None:
    raise Crashed(point)


def _sleep(_point: str) -> None:
    time.sleep(2)


_ACTIONS = {"kill": _kill, "raise": _raise, "crash": _crash, "sleep": _sleep}
