"""Our fields in Bitrix24's names: what a `crm.item.add` or `crm.item.update` says for each kind of object.

A field that is not given is not written. User fields keep their original names (`useOriginalUfNames`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crm_sync.bitrix24.schema import DEAL_STAGES, DEAL_TYPE, INVOICE_STAGES, INVOICE_TYPE, PAYMENT_STAGES, Schema
from crm_sync.port import COMPANY, CONTACT, DEAL, INVOICE, PAYMENT, Fields
from kernel.money import Money

CURRENCY = "RUB"
_PLAIN: dict[str, dict[str, str]] = {
    CONTACT: {"name": "name", "url": "UF_CRM_KABINET_URL"},
    COMPANY: {"name": "title", "url": "UF_CRM_KABINET_URL"},
    DEAL: {
        "title": "title",
        "begins_on": "begindate",
        "contract": "UF_CRM_KABINET_CONTRACT",
        "next_on": "UF_CRM_KABINET_NEXT_ON",
        "autopay": "UF_CRM_KABINET_AUTOPAY",
        "url": "UF_CRM_KABINET_URL",
        "company": "companyId",
    },
    INVOICE: {
        "title": "title",
        "number": "accountNumber",
        "due_on": "closedate",
        "url": "UF_CRM_SMART_INVOICE_KABINET_URL",
        "deal": "parentId2",
        "company": "companyId",
    },
    PAYMENT: {
        "title": "title",
        "deal": "parentId2",
        "invoice": "parentId31",
        "company": "companyId",
        "method": "UF_CRM_{process}_METHOD",
        "reason": "UF_CRM_{process}_REASON",
        "gateway_id": "UF_CRM_{process}_GATEWAY_ID",
        "aggregator": "UF_CRM_{process}_AGGREGATOR",
        "paid_at": "UF_CRM_{process}_PAID_AT",
        "url": "UF_CRM_{process}_URL",
    },
}


def item_fields(schema: Schema, kind: str, fields: Fields) -> dict[str, Any]:
    """The fields of an item, without phones and e-mails, which are no fields of it.

    Raises:
        Rejected: the stage it should stand in was deleted.
    """
    names = _PLAIN[kind]
    written = {names[name].format(process=schema.process_id): value for name, value in fields.items() if name in names}
    for name, write in _SPECIAL.items():
        if name in fields:
            written |= write(schema, kind, fields[name])
    return written


def _sum(_schema: Schema, _kind: str, kopecks: int) -> dict[str, Any]:
    return {"opportunity": Money(kopecks).value, "currencyId": CURRENCY, "isManualOpportunity": "Y"}


def _debt(_schema: Schema, _kind: str, kopecks: int) -> dict[str, Any]:
    return {"UF_CRM_KABINET_DEBT": f"{Money(kopecks).value}|{CURRENCY}"}


def _contact(_schema: Schema, _kind: str, contact_id: int | None) -> dict[str, Any]:
    # A batch has no empty lists.
    return {"contactIds": [contact_id] if contact_id else ""}


def _stage(schema: Schema, kind: str, stage: str) -> dict[str, Any]:
    # With its funnel: a stage alone is refused when somebody has moved the deal to another one.
    entity_type, funnel, codes = {
        DEAL: (DEAL_TYPE, schema.deal_funnel, DEAL_STAGES),
        INVOICE: (INVOICE_TYPE, schema.invoice_funnel, INVOICE_STAGES),
        PAYMENT: (schema.process_type, schema.process_funnel, PAYMENT_STAGES),
    }[kind]
    return {"categoryId": funnel, "stageId": schema.stage(entity_type, codes[stage])}


_SPECIAL: dict[str, Callable[[Schema, str, Any], dict[str, Any]]] = {
    "kopecks": _sum,
    "debt_kopecks": _debt,
    "contact": _contact,
    "stage": _stage,
}
