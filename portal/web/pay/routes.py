"""The page of a link: what is to be paid, the button, and what became of it. Nobody has to sign in."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_date, business_now
from kernel.db import Session, read, repeating
from kernel.errors import NotFound, Refused
from payments.charging.checkout import Checkout, PaymentUnderWay, prepare_checkout, send_checkout
from payments.charging.looking import look_soon
from payments.invoicing.links import invoice_of_link
from portal.accounts.sessions import CUSTOMER, SignedIn
from portal.accounts.throttles import LINK_FROM
from portal.imports import contacts
from portal.imports.problems import BadCell
from portal.notifications.reasons import reason_words
from portal.web.entry.attempts import check, note
from portal.web.kit.fields import EmailField
from portal.web.kit.forms import Form, Posted
from portal.web.kit.guards import signed_in, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.redirects import go_to, leave_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.kit.turns import waiting
from portal.web.pay.queries import LinkedInvoice, read_linked_invoice
from portal.web.pay.state import failed_try, state_of
from portal.web.payment_stage import LONGEST_WAIT_S, Poll

router = Router(include_in_schema=False)
_PAGE = "pages/pay/invoice.html"
_GONE = 410
# No search engine keeps the page, and its address goes to no other site.
_HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "same-origin"}


class PayForm(Form):
    """Where to tell of the payment, asked for when the customer has no address."""

    email = EmailField(lazy_gettext("Почта для подтверждения оплаты"))

    def check(self) -> bool:
        """Validate; an address that letters cannot travel to is refused as well."""
        if not self.validate():
            return False
        if not self.email.data:
            self.refuse("email", _("Введите почту: на неё придёт подтверждение оплаты"))
            return False
        try:
            contacts.email(self.email.data)
        except BadCell:
            self.refuse("email", _("Наберите адрес латинскими буквами: на такой письма не доходят"))
            return False
        return True


def linked_invoice(request: Request, token: str) -> UUID:
    """The invoice that the address opens. Whoever brings too many wrong ones has to wait.

    Raises:
        NotFound: no such link, whatever the reason.
    """
    whom = visitor(request).network
    check(LINK_FROM, whom)
    try:
        with read() as session:
            return invoice_of_link(session, token)
    except NotFound:
        note(LINK_FROM, whom)
        raise


def signed_in_customer(request: Request) -> SignedIn | None:
    """Somebody who is signed in to the cabinet beside it, if anybody is."""
    return signed_in(request, CUSTOMER)


Linked = Annotated[UUID, Depends(linked_invoice)]
Beside = Annotated[SignedIn | None, Depends(signed_in_customer)]


@router.get("/pay/{token}", name="pay.show")
def show(request: Request, token: str, invoice_id: Linked, beside: Beside, db: Db) -> Response:
    """What is to be paid, or what became of it. Opening it has a worker ask the gateway; nobody is called from here."""
    invoice = read_linked_invoice(db, invoice_id)
    if invoice.payment and invoice.payment.is_live:
        look_soon(db, invoice.payment.id)
    return _page(request, token, invoice, PayForm(), beside=beside)


@router.get("/pay/{token}/status", name="pay.status")
def show_status(
    request: Request,
    token: str,
    invoice_id: Linked,
    db: ReadDb,
    was: str = "",
    waited: Annotated[int, Query(ge=0, le=LONGEST_WAIT_S)] = 0,
) -> Response:
    """The new state when it is not what the page showed (`was`); else only the next question."""
    context = _context(token, read_linked_invoice(db, invoice_id), PayForm(), Poll(waited))
    if context["shown"] == was:
        return render(request, _PAGE, context, fragment="poll", headers=_HEADERS)
    headers = _HEADERS | {"HX-Retarget": "#pay-status", "HX-Reswap": "innerHTML"}
    return render(request, _PAGE, context | {"announce": True}, fragment="status", headers=headers)


@router.post("/pay/{token}/payments", name="pay.create")
def pay(request: Request, token: str, invoice_id: Linked, beside: Beside, posted: Posted) -> Response:
    """Write the intent and lead to the gateway's page; a second press or tab gets the payment of the first."""
    with read() as session:
        invoice = read_linked_invoice(session, invoice_id)
    form = PayForm(posted)
    asked = not invoice.has_email and state_of(invoice, now=clock.now()) == "pay"
    if asked and not form.check():
        return _page(request, token, invoice, form, beside=beside, status=422)

    def work(session: Session) -> Checkout:
        return prepare_checkout(
            session,
            invoice_id,
            customer_id=invoice.customer_id,
            consent_id=None,
            now=business_now(session),
            receipt_email=form.email.data if asked else None,
        )

    try:
        checkout = repeating(work)
    except PaymentUnderWay:
        return go_to(request, f"/pay/{token}")  # the page says what stands in the way
    except Refused as error:
        return go_to(request, f"/pay/{token}", say=_(str(error)), tone="warn")
    with waiting():
        url = send_checkout(checkout.payment_id)
    return go_to(request, f"/pay/{token}/go" if url else f"/pay/{token}")


@router.get("/pay/{token}/go", name="pay.go")
def go_to_gateway(request: Request, token: str, invoice_id: Linked, db: ReadDb) -> Response:
    """On to the gateway's page while the payment waits for its payer, else back to what became of it."""
    payment = read_linked_invoice(db, invoice_id).payment
    if payment is None or not payment.waits_for_payer or not payment.confirmation_url:
        return go_to(request, f"/pay/{token}")
    response = leave_to(request, payment.confirmation_url)
    response.headers.update(_HEADERS)
    return response


def _page(
    request: Request, token: str, invoice: LinkedInvoice, form: PayForm, *, beside: SignedIn | None, status: int = 200
) -> Response:
    context = _context(token, invoice, form, Poll(0))
    if beside and invoice.customer_id in beside.customer_ids:
        context["cabinet_url"] = f"/invoices/{invoice.id}"
    return render(request, _PAGE, context, status=_GONE if context["state"] == "old" else status, headers=_HEADERS)


def _context(token: str, invoice: LinkedInvoice, form: PayForm, poll: Poll) -> dict[str, Any]:
    now = clock.now()
    state, failed = state_of(invoice, now=now), failed_try(invoice, now=now)
    waits = state in ("starting", "asking", "open", "waiting", "charging", "elsewhere")
    return {
        "here": f"/pay/{token}",
        "invoice": invoice,
        "payment": invoice.payment,
        "state": state,
        "stage": state,
        "waits": waits,
        "poll": poll,
        # The two minutes are a change of what the page says, too.
        "shown": f"{state}-long" if poll.long and waits else state,
        "failed": failed if state == "pay" else None,
        "reason": reason_words(failed.reason if failed else None),
        "today": business_date(now),
        "form": form,
        "cabinet_url": "",
        "announce": False,
    }
