"""The list of programs that the demo has started, kept in a file so that somebody else can end them."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from portal.demo.processes import Running

# Who ends first. Workers finish their calls to the gateway while everything they need still runs.
APPS, SANDBOX, VALKEY, POSTGRES = range(4)


@dataclass(frozen=True, slots=True)
class Member:
    """A started program: when in the order it ends, by which signal, and how many seconds it may take."""

    name: str
    running: Running
    stage: int
    signal: int = signal.SIGTERM
    patience: float = 10.0


def write(file: Path, members: Iterable[Member]) -> None:
    """Keep the list; a reader sees the old one or the new one, never half of it."""
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps([asdict(member) for member in members]), encoding="utf-8")
    partial.rename(file)


def read(file: Path) -> list[Member]:
    """The kept list; empty when there is none."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [Member(**row | {"running": Running(**row["running"])}) for row in rows]


def end_in_order(members: Iterable[Member], *, patience: float | None = None) -> None:
    """End all, stage by stage. `patience` shortens what each member may take."""
    remaining = list(members)
    for stage in sorted({member.stage for member in remaining}):
        group = [member for member in remaining if member.stage == stage]
        for member in group:
            _signal(member)
        started = time.monotonic()
        for member in group:
            allowed = member.patience if patience is None else min(member.patience, patience)
            member.running.end_by(started + allowed)


def _signal(member: Member) -> None:
    process = member.running.process()
    if process is not None:
        process.send_signal(member.signal)
