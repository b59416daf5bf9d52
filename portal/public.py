"""What the packages above may use of the portal, besides `portal.web.kit`: places that they fill on its pages.

A package makes a `CustomerExtension` and a composition root gives it to the desk: `portal.app.EXTENSIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from kernel.db import ReadSession, Session


@dataclass(frozen=True, slots=True)
class CustomerFact:
    """A line on the customer's card: «Битрикс24: Контакт 1093». `url` is where it leads, if anywhere."""

    name: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CustomerExtension:
    """What another system knows of a customer: facts for the card, events for the timeline under a tab of their own.

    `events` is a query over one customer, whose id it is given, with the columns at (instant), id (text, unique among
    the events of this kind), title, text and url (texts). It is cut to a page before it is run, so it needs no limit.
    `tab` and `icon` say what the events are called and how they look.
    """

    kind: str
    tab: str
    icon: str
    facts: Callable[[ReadSession | Session, UUID], Sequence[CustomerFact]]
    events: Callable[[UUID], Select[*tuple[Any, ...]]]
