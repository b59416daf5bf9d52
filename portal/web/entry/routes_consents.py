"""What the person agreed to, in the words they saw."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from portal.accounts.agreements import answer_marketing, contracts_of, list_agreements, read_agreement, wants_marketing
from portal.legal.blocks import blocks
from portal.legal.wording import SLUG_OF
from portal.web.kit.forms import Posted
from portal.web.kit.guards import CurrentCustomer, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router

router = Router()
# What BIGINT holds: a larger number names nothing.
ConsentId = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/settings/consents", name="consents.list")
def show_consents(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:
    """Everything given and taken back."""
    agreements = list_agreements(db, customer.customer_ids)
    context = {
        "agreements": agreements,
        "contracts": contracts_of(db, agreements),
        "wants_marketing": wants_marketing(agreements),
    }
    return render(request, "pages/profile/consents.html", context)


@router.get("/settings/consents/{consent_id}", name="consents.show")
def show_consent(request: Request, consent_id: ConsentId, customer: CurrentCustomer, db: ReadDb) -> Response:
    """The exact text that was agreed to."""
    found = read_agreement(db, consent_id, customer.customer_ids)
    context = {
        "consent": found,
        "contract": contracts_of(db, [found]).get(found.contract_id) if found.contract_id else None,
        "blocks": blocks(found.text),
        "slug": SLUG_OF[found.kind],
    }
    return render(request, "pages/profile/consent.html", context)


@router.post("/settings/consents/marketing", name="consents.marketing")
def answer(request: Request, posted: Posted, customer: CurrentCustomer, db: Db) -> Response:
    """Give or take back the marketing consent: one button each way."""
    agreed = posted.get("answer") == "yes"
    answer_marketing(db, customer.customer_ids, agreed=agreed, user_id=customer.user_id, visitor=visitor(request))
    said = _("Согласие на рассылку дано") if agreed else _("Рассылка отключена")
    return go_to(request, "/settings/consents", say=said)
