"""What the packages above may use of the portal, besides `portal.web.kit`: the shape of what they bring, some words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kernel.broker import Job
from kernel.clock import Wait
from kernel.inbox import Handler
from kernel.relay import Send
from portal.accounts.sessions import SignedIn
from portal.audit.recording import record_act
from portal.notifications.reasons import reason_for_staff

__all__ = ["Duty", "Part", "SignedIn", "reason_for_staff", "record_act"]


@dataclass(frozen=True, slots=True)
class Duty:
    """What the scheduler does when rows of its waits are due; it says how much it found, and two at once do no harm."""

    name: str
    run: Callable[[Send], int]
    waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one package does with events, jobs and time. Composition roots join the parts: `portal.wiring.Wiring`."""

    handlers: tuple[Handler, ...] = ()
    jobs: tuple[Job, ...] = ()
    duties: tuple[Duty, ...] = ()
