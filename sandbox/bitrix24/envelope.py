"""The frame of every answer: the result, the counts of a list, and what the call took."""

from __future__ import annotations

import time
from typing import Any

from sandbox.bitrix24.call import Result
from sandbox.bitrix24.credentials import Credential
from sandbox.bitrix24.instants import written
from sandbox.moments import SECOND
from sandbox.world import World


def framed(result: Result, spent: dict[str, Any]) -> dict[str, Any]:
    """The answer to one call."""
    body: dict[str, Any] = {"result": result.value}
    if result.total is not None:
        body["total"] = result.total
    if result.next_start is not None:
        body["next"] = result.next_start
    return body | {"time": spent}


def time_spent(world: World, by: Credential, method: str, began: float) -> dict[str, Any]:
    """When a call came, on the portal's clock, and what it took; `began` is real time."""
    duration = time.time() - began
    start = began + world.shift_s()
    spent: dict[str, Any] = {
        "start": start,
        "finish": start + duration,
        "duration": duration,
        "processing": duration,
        "date_start": written(int(start * SECOND)),
        "date_finish": written(int((start + duration) * SECOND)),
    }
    operating, reset_at = world.portal.operating.add(by.caller, method, duration, at=start + duration)
    if world.portal.settings.operating:
        spent |= {"operating_reset_at": reset_at, "operating": operating}
    return spent
