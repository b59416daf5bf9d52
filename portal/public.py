"""What the packages above may use of the portal, besides `portal.web.kit`: the shape of what they bring, some words.

A composition root joins what they bring: parts in `portal.wiring.Wiring`, places on the desk's pages in `portal.app.build_app`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from kernel.broker import Job
from kernel.clock import Wait
from kernel.db import ReadSession, Session
from kernel.inbox import Handler
from kernel.relay import Send
from payments.doctor.check import Check
from portal.audit.recording import record_act
from portal.notifications.reasons import reason_for_staff
from portal.web.staff.roles import REPEATS_SYNC, Right, SyncRepeater, may

__all__ = [
    "REPEATS_SYNC",
    "Check",
    "CustomerAct",
    "CustomerExtension",
    "CustomerFact",
    "Duty",
    "Part",
    "SyncRepeater",
    "may",
    "reason_for_staff",
    "record_act",
]


@dataclass(frozen=True, slots=True)
class Duty:
    """What the scheduler does when rows of its waits are due; it says how much it found, and two at once do no harm.

    `charges`: it writes charges or has them sent, which is not done while nobody knows whether the database went back.
    """

    name: str
    run: Callable[[Send], int]
    waits: tuple[Wait, ...]
    charges: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What one package does with events, jobs and time, and what the doctor asks of it.

    Composition roots join the parts: `portal.wiring.Wiring`.
    """

    handlers: tuple[Handler, ...] = ()
    jobs: tuple[Job, ...] = ()
    duties: tuple[Duty, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerFact:
    """A line on the customer's card: «Битрикс24: Контакт 1093». `url` is where it leads, if anywhere."""

    name: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CustomerAct:
    """A button on the card for whoever has the right: it posts to `url`, in which `{id}` stands for the customer's."""

    text: str
    url: str
    right: Right


@dataclass(frozen=True, slots=True)
class CustomerExtension:
    """What another system knows of a customer: facts and buttons for the card, events for the timeline under a tab.

    `events` is a query over one customer, whose id it is given, with the columns at (instant), id (text, unique among
    the events of this kind), title, text and url (texts). It is cut to a page before it is run, so it needs no limit.
    `tab` and `icon` say what the events are called and how they look.
    """

    kind: str
    tab: str
    icon: str
    facts: Callable[[ReadSession | Session, UUID], Sequence[CustomerFact]]
    events: Callable[[UUID], Select[*tuple[Any, ...]]]
    acts: tuple[CustomerAct, ...] = ()
