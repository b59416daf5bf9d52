"""One job of a round, with all that is known about its object."""

from __future__ import annotations

from dataclasses import dataclass

from crm_sync.claiming import Taken
from crm_sync.port import Fields, Wanted


@dataclass(frozen=True, slots=True)
class Step:
    """The object as it should be, its id in the CRM if it has one, and what we last wrote there.

    `named_there`: its name is that of the CRM's people and not ours to write.
    """

    job: Taken
    wanted: Wanted
    remote_id: int | None
    written: Fields
    named_there: bool = False

    @property
    def fields(self) -> Fields:
        """The fields that are ours to write."""
        return {name: value for name, value in self.wanted.fields.items() if name != "name" or not self.named_there}

    @property
    def changes(self) -> Fields:
        """Which fields differ from what we last wrote; None for those that are no more."""
        fields = self.fields
        gone: Fields = dict.fromkeys(self.written.keys() - fields.keys())
        return gone | {name: value for name, value in fields.items() if self.written.get(name, ...) != value}

    @property
    def is_adopted(self) -> bool:
        """Whether the object was found in the CRM and we have written nothing to it yet."""
        return self.remote_id is not None and "url" not in self.written
