"""What this product does with events, jobs and time: the lists that every composition root builds on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from kernel.broker import DELIVER, Job, Jobs
from kernel.clock import Wait, business_now
from kernel.db import Session, repeating
from kernel.fault import fault
from kernel.inbox import Handlers
from kernel.outbox import UNDELIVERED, UNDISPATCHED
from kernel.relay import Send, rehint_deliveries
from payments.charging import due
from payments.charging.charging import CHARGE, charge
from payments.charging.checking import CHECK, check
from payments.charging.models import ABANDONED, IN_FLIGHT, TO_CHECK, TO_SEND, TOO_EARLY
from payments.charging.sweeping import drop_abandoned, expire_leases, hint_created, hint_due_checks
from payments.charging.untold import TO_ANNOUNCE, announce_untold
from payments.contracts.models import TO_ISSUE
from payments.doctor.check import Check
from payments.doctor.checks import CHECKS
from payments.doctor.house import nothing_waits_too_long
from payments.invoicing.issue import issue_due
from payments.invoicing.lapsing import TO_LAPSE, lapse_unpaid
from payments.reconciliation.duty import TO_RECONCILE, hint_reconciliation
from payments.reconciliation.duty import run as reconcile
from payments.reconciliation.standing import RECONCILE
from payments.stops.remembering import HANDLERS as STOPS
from payments.webhooks.models import TO_PROCESS
from payments.webhooks.processing import WEBHOOK, hint_due_webhooks, process
from portal.audit.doctor import CHECKS as AUDIT
from portal.doctor import examining
from portal.doctor.duty import EXAMINE, PROVE, TO_EXAMINE, hint_examination
from portal.exports import models as files
from portal.exports.asking import drop_expired, sweep_exports
from portal.exports.making import EXPORT
from portal.notifications import models as letters
from portal.notifications.delivery import MAIL
from portal.notifications.handlers import HANDLERS
from portal.notifications.sweep import sweep_messages
from portal.public import Duty, Part


def _in_transaction(work: Callable[..., int]) -> Callable[[Send], int]:
    def once(session: Session) -> int:
        found = work(session, now=business_now(session))
        fault("duty.before_commit")
        return found

    # Once more for the loser of a deadlock; what is still locked then is due again in the next pass, after the others.
    return lambda _send: repeating(once, attempts=2)


DUTIES = (
    Duty("issue_due", _in_transaction(issue_due), (TO_ISSUE,)),
    Duty("create_due_payments", _in_transaction(due.create_due_payments), (due.TO_CHARGE,), charges=True),
    Duty("hint_created", hint_created, (TO_SEND, TOO_EARLY), charges=True),
    Duty("expire_leases", lambda _send: expire_leases(), (IN_FLIGHT,)),
    Duty("hint_due_checks", hint_due_checks, (TO_CHECK,)),
    Duty("hint_due_webhooks", hint_due_webhooks, (TO_PROCESS,)),
    Duty("rehint_deliveries", rehint_deliveries, (UNDELIVERED,)),
    Duty("sweep_messages", sweep_messages, (letters.TO_SEND, letters.IN_FLIGHT)),
    Duty("drop_abandoned", lambda _send: drop_abandoned(), (ABANDONED,)),
    Duty("announce_untold", _in_transaction(announce_untold), (TO_ANNOUNCE,)),
    Duty("sweep_exports", sweep_exports, (files.TO_MAKE, files.IN_HAND)),
    Duty("drop_expired_exports", _in_transaction(drop_expired), (files.KEPT,)),
    Duty("lapse_unpaid", _in_transaction(lapse_unpaid), (TO_LAPSE,)),
    Duty("hint_reconciliation", hint_reconciliation, (TO_RECONCILE,)),
    Duty("hint_examination", hint_examination, (TO_EXAMINE,)),
)

# No letter delays a charge, no slow gateway and no large file delays a letter: docs/adr/0016, 0021.
JOBS = (
    Job(CHARGE, charge, queue="charge"),
    Job(CHECK, check, queue="lookup"),
    Job(WEBHOOK, process, queue="lookup"),
    # A list of a year holds a thread for as long as it is.
    Job(RECONCILE, reconcile, queue="reconcile"),
    MAIL,
    EXPORT,
)
PORTAL = Part((*HANDLERS, *STOPS), JOBS, DUTIES, AUDIT)


class Wiring:
    """The consumers, jobs and duties of the portal and of the parts above it, as one process needs them.

    `waits` lists whatever waits for an instant: the played clock stops at each and passes none.
    """

    def __init__(self, *others: Part) -> None:
        parts = (PORTAL, *others)
        self.handlers = Handlers(handler for part in parts for handler in part.handlers)
        own = (
            Job(DELIVER, self._deliver),
            Job(EXAMINE, self._examine),
            Job(PROVE, self._prove, queue="reconcile"),
        )
        self.jobs = Jobs([*own, *(job for part in parts for job in part.jobs)])
        self.duties = tuple(duty for part in parts for duty in part.duties)
        self.waits: tuple[Wait, ...] = (UNDISPATCHED, *(wait for duty in self.duties for wait in duty.waits))
        self._parts = parts

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """What the doctor asks."""
        return (*CHECKS, nothing_waits_too_long(self.waits), *(check for part in self._parts for check in part.checks))

    def _deliver(self, ids: list[str]) -> None:
        self.handlers.deliver([int(delivery_id) for delivery_id in ids])

    def _examine(self, _ids: list[str]) -> None:
        examining.run(self.checks)

    def _prove(self, ids: list[str]) -> None:
        reconcile(ids)
        self._examine(ids)
