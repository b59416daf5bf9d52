"""The consent page: the terms, the exact text, and two equal choices, with autopay and without."""

from __future__ import annotations

from uuid import UUID

import wtforms
from fastapi import Request
from starlette.responses import Response

from kernel import clock
from kernel.clock import business_now
from kernel.db import ReadSession, Session, repeating
from kernel.errors import NotFound
from payments.charging.checkout import Checkout, PaymentUnderWay
from portal.accounts.sessions import SignedIn
from portal.web.cabinet.posted import posted_id
from portal.web.cabinet.rhythm import notice_words, rhythm
from portal.web.cabinet.starting import agree_and_prepare, evidence_of, explain_under_way, go_and_pay
from portal.web.cabinet.terms import Terms, terms_of_contract, terms_of_price
from portal.web.kit.forms import Form, Posted, ticked
from portal.web.kit.guards import CurrentCustomer
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext
from portal.web.kit.render import render
from portal.web.kit.routing import ReadDb, Router

router = Router()
_PAGE = "pages/cabinet/agree.html"


class AgreeForm(Form):
    """The box, and the digest of the text beside it: what is agreed to must be what was read."""

    agree = wtforms.BooleanField(
        lazy_gettext("Согласен(на) на автоматические списания на этих условиях"),
        [ticked(lazy_gettext("Отметьте согласие на автоматические списания или оплатите без автоплатежа"))],
    )
    text = wtforms.HiddenField()


@router.get("/autopay/new", name="cabinet.autopay.new")
def offer_autopay(
    request: Request,
    customer: CurrentCustomer,
    db: ReadDb,
    price: UUID | None = None,
    contract: UUID | None = None,
) -> Response:
    """The terms of buying a price, or of switching a contract's autopay on. The box is never ticked beforehand."""
    terms = _terms(db, customer, price, contract)
    return _page(request, terms, AgreeForm(data={"text": terms.wording.sha256}))


@router.post("/autopay/new", name="cabinet.autopay.create")
def agree(request: Request, customer: CurrentCustomer, posted: Posted) -> Response:
    """Keep the consent and lead to the gateway's page. The permission begins with the first successful payment.

    An error leaves the reader at the address of the same terms.
    """
    form = AgreeForm(posted)
    agreed = form.validate()

    def work(session: Session) -> tuple[Terms, Checkout | None]:
        now = business_now(session)
        terms = _terms(session, customer, posted_id(posted, "price"), posted_id(posted, "contract"))
        if not agreed or form.text.data != terms.wording.sha256:
            return terms, None
        return terms, agree_and_prepare(session, terms, evidence=evidence_of(request, customer), now=now)

    try:
        terms, checkout = repeating(work)
    except PaymentUnderWay as clash:
        return explain_under_way(request, customer, clash)
    if checkout:
        return go_and_pay(request, checkout)
    if form.text.data != terms.wording.sha256:
        form = AgreeForm(data={"text": terms.wording.sha256})
        form.refuse("agree", _("Условия изменились, пока страница была открыта. Прочитайте их и отметьте согласие"))
    return _page(request, terms, form, status=422)


def _terms(session: Session | ReadSession, customer: SignedIn, price: UUID | None, contract: UUID | None) -> Terms:
    now = clock.now()
    if price:
        return terms_of_price(session, price, customer.customer_ids, now=now)
    if contract:
        return terms_of_contract(session, contract, customer.customer_ids, now=now)
    raise NotFound


def _page(request: Request, terms: Terms, form: AgreeForm, status: int = 200) -> Response:
    context = {
        "terms": terms,
        "earlier": terms.earlier,
        "form": form,
        "how_often": rhythm(terms.period, terms.anchor_on),
        "notice": notice_words(terms.notice),
    }
    return render(request, _PAGE, context, status=status, fragment="content")
