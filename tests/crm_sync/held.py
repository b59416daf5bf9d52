"""What the sandbox's Bitrix24 holds, as its own people would see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.support.web import WEB

TYPES = {"contact": 3, "company": 4, "deal": 2, "invoice": 31, "payment": 1038}


@dataclass(frozen=True)
class Held:
    """Everything in the portal of the sandbox at this address."""

    url: str

    def items(self, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind, oldest first."""
        return self._listed("items", entity_type_id=TYPES[kind])

    def timeline(self) -> list[dict[str, Any]]:
        """Every line of every timeline, oldest first."""
        return self._listed("timeline")

    def call(self, method: str, **body: object) -> Any:
        """A call of somebody else by the portal's REST."""
        answer = WEB.post(f"{self.url}/bitrix24/rest/1/demo/{method}", json=body)
        answer.raise_for_status()
        return answer.json()["result"]

    def _listed(self, what: str, **query: int) -> list[dict[str, Any]]:
        answer = WEB.get(f"{self.url}/control/crm/{what}", params=query)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["items"]
        return found
