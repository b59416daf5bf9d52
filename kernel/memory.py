"""What a process holds for as long as it lives."""

from __future__ import annotations

import gc


def keep_loaded() -> None:
    """Take what is loaded by now out of the collector's sight; call when a process is about to begin its work.

    A whole collection looks at every object there is: a million after the start, 0.13 s in which nobody gets an answer.
    """
    gc.collect()
    gc.freeze()
