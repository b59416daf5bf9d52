"""What the customer's card shows of the CRM: where the customer stands there, and what was written to the deals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, cast, exists, literal, select

from crm_sync.models import CrmLink, SyncJob, TimelineEntry
from crm_sync.port import COMPANY, CONTACT
from crm_sync.web.words import KINDS
from kernel.db import ReadSession, Session
from kernel.settings import get_settings
from portal.public import REPEATS_SYNC, CustomerAct, CustomerExtension, CustomerFact
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import lazy_gettext

_PEOPLE = (CONTACT, COMPANY)


def _facts(session: ReadSession | Session, customer_id: UUID) -> Sequence[CustomerFact]:
    address = get_settings().bitrix24_url
    if not address:
        return ()
    waits = bool(session.scalar(select(exists().where(SyncJob.customer_id == customer_id))))
    link = session.execute(
        select(CrmLink.kind, CrmLink.remote_id).where(CrmLink.local_id == customer_id, CrmLink.kind.in_(_PEOPLE))
    ).first()
    if link is None:
        return (CustomerFact(_("Битрикс24"), _("Ещё не передан"), "/staff/sync?view=waiting"),)
    page = f"{address.rpartition('/rest/')[0]}/crm/{link.kind}/details/{link.remote_id}/"
    text = f"{KINDS[link.kind]} {link.remote_id}"
    return (CustomerFact(_("Битрикс24"), _("{what}, обновляется").format(what=text) if waits else text, page),)


def _events(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    entry = TimelineEntry
    # Beside the payment that it tells of, in one timeline, a line says where it stands.
    title = (literal(_("В сделке: ")) + entry.title).label("title")
    at, key = entry.created_at.label("at"), cast(entry.id, String).label("id")
    return select(at, key, title, entry.text, entry.url).where(entry.customer_id == customer_id)


CUSTOMER = CustomerExtension(
    "crm",
    lazy_gettext("CRM"),
    "refresh-cw",
    _facts,
    _events,
    (CustomerAct(lazy_gettext("Передать в CRM заново"), "/staff/sync/customers/{id}", REPEATS_SYNC),),
)
