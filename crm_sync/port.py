"""The CRM as the rest of the product sees it: look for objects, write objects, in groups; and what may come of it.

Field names are ours; an adapter knows what the CRM calls them. Sums are kopecks, dates ISO texts, so that what was
written can be kept and compared as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from kernel.errors import KabinetError

CONTACT = "contact"
COMPANY = "company"
REQUISITE = "requisite"
DEAL = "deal"
INVOICE = "invoice"
PAYMENT = "payment"
COMMENT = "comment"
LOG = "log"
# What comes first: an object is written after those it hangs on.
RANKS = {CONTACT: 1, COMPANY: 1, REQUISITE: 2, DEAL: 3, INVOICE: 4, PAYMENT: 5, COMMENT: 6, LOG: 6}

Fields = dict[str, Any]


class CrmFailure(KabinetError):
    """What the CRM did not do. The text is for staff; it holds no personal data and no secret."""


class NotExecuted(CrmFailure):
    """Surely not done: over the rate, or no connection. Anything may be repeated after `retry_after_s` seconds.

    `kinds`: nothing of these kinds is taken until then, whoever asks.
    """

    def __init__(
        self, message: str, *, retry_after_s: float, away: bool = False, kinds: frozenset[str] = frozenset()
    ) -> None:
        self.retry_after_s = retry_after_s
        self.away = away
        self.kinds = kinds
        super().__init__(message)


class Uncertain(CrmFailure):
    """Nobody knows whether it was done: a timeout, a reset, 5xx, HTML. Never repeat a creation: look for it first."""


class Rejected(CrmFailure):
    """This object is refused as it is, now and later. `code` is the CRM's word for it."""

    def __init__(self, message: str, *, code: str = "") -> None:
        self.code = code
        super().__init__(message)


class NotFound(CrmFailure):
    """The object that was to be changed is not there any more."""


class Shut(CrmFailure):
    """The CRM lets nobody in: a wrong or rotated address, a lapsed tariff, a missing funnel. Staff must act."""


@dataclass(frozen=True, slots=True)
class Look:
    """A search for an object of ours: by its external id, a person also by phone, e-mail and ИНН, requisites by ИНН.

    Requisites are searched among those of their owner `parent` (its kind and remote id), comments and log lines in the
    timeline of the deal `parent`, where they cannot be older than `since`.
    """

    kind: str
    external_id: str
    phone: str | None = None
    email: str | None = None
    inn: str | None = None
    parent: tuple[str, int] | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought.

    `own` carry our external id; `alike` carry no other's of ours and have the same ИНН, e-mail or phone, those with the
    surest sign first.
    """

    own: tuple[int, ...] = ()
    alike: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Write:
    """An object to create (`remote_id` is None) or change. `fields` holds only what is to be written.

    `before` holds what these fields were when we last wrote them. `adopting`: the object was
    found there and gets our external id, if it has none of its own.
    """

    kind: str
    external_id: str
    fields: Fields
    remote_id: int | None = None
    before: Fields = field(default_factory=dict)
    adopting: bool = False


class Crm(Protocol):
    """What we ask of a CRM. Each answer stands for the question at the same place; none of the verbs raises."""

    def look(self, looks: Sequence[Look]) -> list[Found | CrmFailure]:
        """Search for objects."""
        ...

    def write(self, writes: Sequence[Write], *, not_after: float) -> list[int | CrmFailure]:
        """Create or change objects; the remote id of each. What cannot leave by `not_after` (monotonic) never does."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as it should stand in the CRM now. `needs` are the local objects whose remote ids go into its fields."""

    kind: str
    local_id: UUID
    customer_id: UUID
    external_id: str
    fields: Fields
    needs: dict[str, tuple[str, UUID]] = field(default_factory=dict)
    phone: str | None = None
    email: str | None = None
    inn: str | None = None
    since: datetime | None = None
    stale_on: str | None = None
