"""What happened when: every kill, fault and act of the run, written down by all of its threads."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, `at` seconds (real, since the epoch)."""

    at: float
    kind: str
    what: str
    detail: str = ""


@dataclass
class Record:
    """The run's own log. `say` also tells the person at the terminal."""

    say: Callable[[str], None]
    happenings: list[Happening] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, what: str, detail: str = "") -> None:
        """Write one thing down."""
        with self._lock:
            self.happenings.append(Happening(time.time(), kind, what, detail))

    def tell(self, text: str) -> None:
        """A line for the person at the terminal, with the seconds since the beginning."""
        self.say(f"{time.time() - self.began:7.1f} s  {text}")

    def count(self, kind: str) -> Counter[str]:
        """How often each thing of this kind happened."""
        with self._lock:
            return Counter(item.what for item in self.happenings if item.kind == kind)

    def of(self, *kinds: str) -> list[Happening]:
        """What happened of these kinds, in order."""
        with self._lock:
            return [item for item in self.happenings if item.kind in kinds]

    def keep(self, path: Path) -> None:
        """Write all of it to a file, one JSON object a line."""
        lines: list[dict[str, Any]] = [asdict(item) for item in self.happenings]
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
