"""What one portal keeps in memory: its settings, its stages, the buckets of those who call it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sandbox.bitrix24 import credentials
from sandbox.bitrix24.bucket import Bucket
from sandbox.bitrix24.operating import Operating
from sandbox.bitrix24.stages import Stages
from sandbox.database import Store

_LONGEST_PAUSE_S = 60.0


class SettingsError(ValueError):
    """Settings that the portal cannot take; the text says which part."""


@dataclass(frozen=True)
class Settings:
    """How the portal behaves.

    `bucket` and `per_second`: requests of one address. `operating`: whether answers tell the time that methods took.
    `pause_least_s` and `pause_most_s`: how long an event waits in the queue, in real seconds. `events`: which events
    the outgoing webhook asked for, as patterns.
    """

    bucket: float = 50
    per_second: float = 2
    operating: bool = True
    pause_least_s: float = 0.1
    pause_most_s: float = 0.5
    events: tuple[str, ...] = (
        "ONCRMCONTACT*", "ONCRMCOMPANY*", "ONCRMDEALADD", "ONCRMDEALUPDATE", "ONCRMDEALDELETE",
        "ONCRMDYNAMICITEMADD", "ONCRMDYNAMICITEMUPDATE", "ONCRMDYNAMICITEMDELETE",
    )  # fmt: skip


class Portal:
    """Settings and stages as the database keeps them; buckets and working times, which a restart empties."""

    def __init__(self, store: Store) -> None:
        """Take up what is stored; a new portal gets its stages and credentials."""
        self._store = store
        self.bucket = Bucket()
        self.operating = Operating()
        self.stages = Stages(store)
        self.settings = Settings()
        self.reload()

    def reload(self) -> None:
        """Read everything anew, making what a new portal has."""
        row = self._store.one("SELECT settings FROM crm_settings")
        stored = json.loads(row["settings"]) if row else {}
        self.settings = Settings(**{**stored, "events": tuple(stored["events"])} if stored else {})
        with self._store.transaction():
            credentials.ensure(self._store)
            self.stages.reload()
            self.stages.ensure()

    def forget(self) -> None:
        """After the tables were emptied: a portal as new."""
        self.bucket.forget()
        self.operating.forget()
        self.reload()

    def change(self, changes: dict[str, Any]) -> None:
        """Change the named settings; buckets and counts begin anew.

        Raises:
            SettingsError: an unknown setting or a wrong value.
        """
        known = {field.name for field in fields(Settings)}
        if unknown := set(changes) - known:
            raise SettingsError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        self.settings = replace(self.settings, **{name: _checked(name, value) for name, value in changes.items()})
        self._store.run(
            "INSERT OR REPLACE INTO crm_settings (one, settings) VALUES (1, ?)", json.dumps(asdict(self.settings))
        )
        self.bucket.forget()

    def shown(self) -> dict[str, Any]:
        """Settings, and how much of its ceiling each address used since they were set."""
        settings = self.settings
        return asdict(settings) | {"sources": self.bucket.shown(settings.bucket, settings.per_second)}


def _checked(name: str, value: Any) -> Any:
    if name == "operating":
        if not isinstance(value, bool):
            raise SettingsError("operating: true or false")
        return value
    if name == "events":
        if not isinstance(value, list) or not all(isinstance(pattern, str) for pattern in value):
            raise SettingsError("events: a list of patterns such as ONCRMDEAL*")
        return tuple(value)
    most = _LONGEST_PAUSE_S if name.startswith("pause") else math.inf
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
        raise SettingsError(f"{name}: a number of at least 0" + (f", at most {most:.0f}" if most < math.inf else ""))
    return value
