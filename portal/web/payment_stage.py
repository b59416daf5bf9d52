"""Where a payment on the gateway's page stands, and how often its page asks: for the cabinet and for links alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

_LONG_WAIT_S = 120
# Nobody sits in front of a page for this long; the letter tells the rest.
LONGEST_WAIT_S = 3600

Stage = Literal["starting", "asking", "open", "waiting", "paid", "failed", "not_sent"]


class Staged(Protocol):
    """What must be known of a payment to tell its stage."""

    @property
    def status(self) -> str:
        """Its status."""

    @property
    def sends(self) -> int:
        """How often it was sent."""


@dataclass(frozen=True, slots=True)
class Poll:
    """When to ask again: `waited` seconds have passed since the page was opened."""

    waited: int

    @property
    def pause(self) -> int:
        """Seconds until the next question: 2, later 5, in the end 10."""
        if self.waited < 30:  # noqa: PLR2004  half a minute, in which nearly every bank answers
            return 2
        return 5 if self.waited < _LONG_WAIT_S else 10

    @property
    def long(self) -> bool:
        """Whether it has taken so long that the reader should be let go."""
        return self.waited >= _LONG_WAIT_S

    @property
    def following(self) -> int:
        """What the next question will say of the time waited."""
        return self.waited + self.pause

    @property
    def goes_on(self) -> bool:
        """Whether there will be a next question."""
        return self.waited < LONGEST_WAIT_S


def stage_of(payment: Staged) -> Stage:
    """What to tell about a payment that its customer started."""
    # A repeat of the call is no new beginning for the reader.
    if payment.status == "created" or (payment.status == "sending" and payment.sends <= 1):
        return "starting"
    if payment.status in ("sending", "unknown"):
        return "asking"
    if payment.status == "pending":
        return "open"
    if payment.status == "waiting_for_capture":
        return "waiting"
    if payment.status == "succeeded":
        return "paid"
    return "failed" if payment.status == "canceled" else "not_sent"
