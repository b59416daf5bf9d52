"""The exact words that somebody agrees to: an edition with its values filled in, as evidence keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parseaddr

from kernel.db import ReadSession, Session
from kernel.settings import get_settings
from payments.autopay.consents import Wording
from payments.installation.models import Installation, LegalEntity
from payments.installation.setup import current_shop
from portal.legal.editions import Edition, current

OFFER = "offer"
PERSONAL_DATA = "personal_data"
MARKETING = "marketing"
RECURRING = "recurring"
# What each kind of consent agrees to.
SLUG_OF = {OFFER: "offer", PERSONAL_DATA: "personal-data", MARKETING: "marketing", RECURRING: "autopay"}
# The values of the automatic payments' text that depend on the contract, as its public page names them.
OF_THE_CONTRACT = {
    "contract": "[номер договора]",
    "amount": "[сумма]",
    "amount_rule": "[постоянная или не более]",
    "period": "[как часто]",
    "next_date": "[дата]",
    "notice": "[срок предупреждения]",
}


def company_values(session: Session | ReadSession) -> dict[str, str]:
    """The company as the texts name it.

    Raises:
        CompanyNotNamed: the company is not named yet.
    """
    settings = get_settings()
    shop = current_shop(session, settings)
    entity = session.get_one(LegalEntity, shop.legal_entity_id)
    installation = session.get_one(Installation, 1)
    return {
        "brand": installation.brand,
        "company": entity.name,
        "inn": entity.inn,
        "address": entity.address or "по запросу",
        "email": entity.email or parseaddr(settings.mail_from)[1],
        "phone": entity.phone or "на сайте",
        "site": settings.base_url,
        "offer_link": f"{settings.base_url}/documents/offer",
    }


def wording(kind: str, values: Mapping[str, str]) -> Wording:
    """The text of a consent in the edition in force, filled in. A recurring one needs `OF_THE_CONTRACT` too.

    Raises:
        KeyError: a value that the text names is missing.
    """
    found = current(SLUG_OF[kind])
    shown = {"title": found.title, "box": found.box, **values}
    return Wording(fill(found, values), version=found.version, shown=shown)


def fill(edition: Edition, values: Mapping[str, str]) -> str:
    """The text with its values.

    Raises:
        KeyError: a value that the text names is missing.
    """
    return edition.body.format_map(dict(values))
