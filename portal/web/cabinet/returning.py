"""Back from the gateway: the page that tells by itself what became of the payment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from kernel import clock
from kernel.db import ReadSession
from payments.charging.looking import look_soon
from portal.accounts.sessions import SignedIn
from portal.notifications.reasons import reason_words
from portal.web.cabinet.queries.lines import DueLine, read_due_lines
from portal.web.cabinet.queries.payment import PaymentFacts, payment_by_token
from portal.web.kit.guards import CurrentCustomer, Db, ReadDb
from portal.web.kit.redirects import go_to, leave_to
from portal.web.kit.render import render

router = APIRouter()
_PAGE = "pages/cabinet/return.html"
_LONG_WAIT_S = 120
# Nobody sits in front of a page for this long; the letter tells the rest.
_LONGEST_WAIT_S = 3600

Stage = Literal["starting", "asking", "open", "waiting", "paid", "failed", "not_sent"]


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
        return self.waited < _LONGEST_WAIT_S


@router.get("/payments/{token}/return", name="cabinet.payments.return")
def show_return(request: Request, customer: CurrentCustomer, db: Db, token: str) -> Response:
    """The whole page. Opening it has a worker ask the gateway at once; nobody is called from here."""
    payment = payment_by_token(db, token, customer.customer_ids)
    look_soon(db, payment.id)
    return render(request, _PAGE, _context(db, customer, payment, Poll(0)))


@router.get("/payments/{token}/status", name="cabinet.payments.status")
def show_status(
    request: Request,
    customer: CurrentCustomer,
    db: ReadDb,
    token: str,
    was: str = "",
    waited: Annotated[int, Query(ge=0, le=_LONGEST_WAIT_S)] = 0,
) -> Response:
    """The new state when it is not what the page showed (`was`); else only the next question: nothing is read out twice.

    A final state asks no more.
    """
    payment = payment_by_token(db, token, customer.customer_ids)
    poll = Poll(waited)
    context = _context(db, customer, payment, poll)
    if context["state"] == was:
        return render(request, _PAGE, context, fragment="poll")
    headers = {"HX-Retarget": "#pay-status", "HX-Reswap": "innerHTML"}
    return render(request, _PAGE, context | {"announce": True}, fragment="status", headers=headers)


@router.get("/payments/{token}/go", name="cabinet.payments.go")
def go_to_gateway(request: Request, customer: CurrentCustomer, db: ReadDb, token: str) -> Response:
    """On to the gateway's page while the payment waits for the customer, else back to what became of it."""
    payment = payment_by_token(db, token, customer.customer_ids)
    if payment.status == "pending" and payment.confirmation_url:
        return leave_to(request, payment.confirmation_url)
    return go_to(request, f"/payments/{token}/return")


def stage_of(payment: PaymentFacts) -> Stage:
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


def _context(db: ReadSession | Db, customer: SignedIn, payment: PaymentFacts, poll: Poll) -> dict[str, object]:
    stage = stage_of(payment)
    return {
        "payment": payment,
        "stage": stage,
        "poll": poll,
        # The two minutes are a change of what the page says, too.
        "state": f"{stage}-long" if poll.long and payment.is_live else stage,
        "reason": reason_words(payment.reason),
        "next_line": _next_line(db, customer, payment) if stage == "paid" else None,
        "email": customer.email,
        "announce": False,
    }


def _next_line(db: ReadSession | Db, customer: SignedIn, payment: PaymentFacts) -> DueLine | None:
    lines = read_due_lines(db, customer.customer_ids, now=clock.now(), contract_id=payment.contract_id)
    return next((line for line in lines if line.charge_on or line.status == "planned"), None)
