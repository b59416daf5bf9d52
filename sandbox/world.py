"""Everything that one running sandbox holds together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.bitrix24.portal import Portal
from sandbox.clock.timeline import Timeline
from sandbox.database import Store
from sandbox.faults import Faults
from sandbox.moments import SECOND


@dataclass
class World:
    """Passed to every verb. Verbs are synchronous and run inside one transaction, so each call is atomic."""

    store: Store
    clock: Timeline
    faults: Faults
    portal: Portal
    public_url: str | None = None
    answer_timeout: float = 10.0
    work: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: set[str] = field(default_factory=set)
    before_answer: list[int] = field(default_factory=list)

    def now(self) -> int:
        """The virtual instant, in milliseconds."""
        return self.clock.now()

    def shift_s(self) -> float:
        """How far virtual time is ahead of real time, in seconds."""
        return self.clock.shift_ms / SECOND


def open_world(state: Path, public_url: str | None = None) -> World:
    """Open or make the state file."""
    store = Store(state)
    return World(store, Timeline(store), Faults(store), Portal(store), public_url)
