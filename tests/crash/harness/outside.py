"""The sandbox as the run speaks to it: its clock, its faults, its state. It is never killed."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.process import Sandbox


class Outside:
    """The outside world's knobs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._client = httpx.Client(base_url=sandbox.url, timeout=60, trust_env=False)

    def control(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        """Turn a knob.

        Raises:
            httpx.HTTPStatusError: it does not turn.
        """
        answer = self._client.post(f"/control/{what}", json=body)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def ask(self, what: str) -> dict[str, Any]:
        """Read a knob."""
        answer = self._client.get(f"/control/{what}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def mend(self) -> None:
        """Switch all faults off."""
        self._client.delete("/control/faults").raise_for_status()

    def fired(self) -> dict[str, int]:
        """How often each fault that is on has struck, by `system: kind`."""
        counts: dict[str, int] = {}
        for rule in self.ask("faults")["items"]:
            name = f"{rule['system']}: {rule['kind']}"
            counts[name] = counts.get(name, 0) + rule["fired"]
        return counts

    def jump(self, seconds: float) -> None:
        """Move the clock on."""
        self.control("clock", {"jump": f"PT{max(1, round(seconds))}S"})

    def jump_to(self, instant: str) -> None:
        """Move the clock to an instant."""
        self.control("clock", {"jump": instant})
