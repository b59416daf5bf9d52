"""The sender without threads: a permit that it was handed is called, and an answer recorded, when the machine says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kernel.clock import elapsed
from payments.charging.permits import Permit
from payments.charging.recording import Outcome
from payments.charging.sending import Sender
from payments.gateway.port import Gateway

_THREADS = 8
_LATE_S = 60.0


@dataclass
class Held:
    """A permit in hand. `step`: when it was given; `late`: more time has passed since than it is good for."""

    permit: Permit
    step: int
    late: bool = False


class CrankedSender(Sender):
    """Its loops are the product's own, turned once for each call and each batch of answers."""

    kept_for_repeats = 0

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway, 0)
        self._threads = self._limit = _THREADS
        self.step = 0
        self.held: list[Held] = []
        self.answers: list[Outcome] = []
        self.calling: Held | None = None

    def take_slots(self, wanted: int, timeout: float) -> int:
        """Nobody waits here: a thread that is not idle now will not be before the next step."""
        del timeout
        return super().take_slots(wanted, 0)

    def take_repeat_slot(self, timeout: float) -> int:
        """Nor does a repeat."""
        del timeout
        return super().take_repeat_slot(0)

    def send(self, permits: list[Permit]) -> None:
        """Keep them in hand, in the same order each time."""
        self.held += [Held(permit, self.step) for permit in sorted(permits, key=lambda permit: permit.payment_id)]

    def call(self, which: int) -> None:
        """One of the permits in hand goes to the gateway; its answer stays in memory."""
        self.calling = self.held.pop(which)
        granted = elapsed() - (_LATE_S if self.calling.late else 0)
        self._work.put(replace(self.calling.permit, granted=granted))
        self._work.put(None)
        super()._send_forever()
        self.answers.append(_the_one_in(self))

    def record(self, count: int) -> None:
        """The oldest answers are written down."""
        batch, self.answers = self.answers[:count], self.answers[count:]
        for outcome in batch:
            self._outcomes.put(outcome)
        self._outcomes.put(None)
        super()._record_forever()

    def let_time_pass(self) -> None:
        """More than the two seconds for which a permit is good."""
        for held in self.held:
            held.late = True

    def _record_forever(self) -> None:
        """The thread of the product's own ends at once."""


def _the_one_in(sender: CrankedSender) -> Outcome:
    outcome = sender._outcomes.get_nowait()
    assert outcome is not None
    return outcome
