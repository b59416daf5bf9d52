"""Back from the gateway: the page that tells by itself what became of the payment."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Query, Request
from starlette.responses import Response

from kernel import clock
from kernel.db import ReadSession, read
from payments.charging.looking import look_soon
from portal.accounts.sessions import SignedIn
from portal.notifications.reasons import reason_words
from portal.web.cabinet.queries.lines import DueLine, read_due_lines
from portal.web.cabinet.queries.link import link_of_payment
from portal.web.cabinet.queries.payment import PaymentFacts, payment_by_token
from portal.web.kit.guards import CurrentCustomer, current_customer
from portal.web.kit.redirects import go_to, leave_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.payment_stage import LONGEST_WAIT_S, Poll, stage_of

router = Router()
_PAGE = "pages/cabinet/return.html"


def returning_customer(request: Request, token: str) -> SignedIn:
    """The customer whose payment it is. Whoever paid by a link, signed in as nobody or as somebody else, goes on to it.

    The gateway knows one address to return to, whoever began the payment; this one was told to the payer alone.
    """
    try:
        customer = current_customer(request)
    except HTTPException as refused:
        _go_on_to_link(token, ())
        raise refused from None
    _go_on_to_link(token, customer.customer_ids)
    return customer


def _go_on_to_link(token: str, customer_ids: tuple[UUID, ...]) -> None:
    with read() as session:
        url = link_of_payment(session, token, not_of=customer_ids)
    if url:
        raise HTTPException(303, headers={"Location": url})


@router.get("/payments/{token}/return", name="cabinet.payments.return")
def show_return(
    request: Request, customer: Annotated[SignedIn, Depends(returning_customer)], db: Db, token: str
) -> Response:
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
    waited: Annotated[int, Query(ge=0, le=LONGEST_WAIT_S)] = 0,
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
        "announce": False,
    }


def _next_line(db: ReadSession | Db, customer: SignedIn, payment: PaymentFacts) -> DueLine | None:
    lines = read_due_lines(db, customer.customer_ids, now=clock.now(), contract_id=payment.contract_id)
    return next((line for line in lines if line.charge_on or line.status == "planned"), None)
