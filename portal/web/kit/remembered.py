"""Values that every page shows and no page should ask for anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Remembered(Generic[T]):
    """A value that is read again at most once in `life_s` seconds."""

    read: Callable[[], T]
    life_s: float
    _kept: tuple[float, T] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> T:
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > self.life_s:
                self._kept = (time.monotonic(), self.read())
            return self._kept[1]

    def forget(self) -> None:
        """Read it anew the next time: this process has just changed it."""
        with self._lock:
            self._kept = None
