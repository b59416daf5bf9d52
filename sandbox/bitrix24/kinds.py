"""The kinds of items that the portal keeps, each with its fields, its funnels and its way of telling of changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.bitrix24 import system_fields
from sandbox.bitrix24.fields import Field, user_field

CONTACT, COMPANY, DEAL, INVOICE, PAYMENT = 3, 4, 2, 31, 1038
PAYMENT_TYPE = 7


@dataclass(frozen=True)
class Category:
    """A funnel. `status_entity` is where its stages are listed, `prefix` what their names begin with."""

    id: int
    name: str
    sort: int
    is_default: bool
    status_entity: str
    prefix: str


@dataclass(frozen=True)
class Kind:
    """A kind of items. `event`: how events call it; `external`: the field with the id in a foreign system."""

    entity_type_id: int
    name: str
    title: str
    default_title: str
    user_entity: str
    event: str
    external: str
    fields: tuple[Field, ...]
    categories: tuple[Category, ...] = ()

    @property
    def is_dynamic(self) -> bool:
        """Whether it is a smart process or a smart invoice."""
        return self.event == "DYNAMICITEM"

    @property
    def has_ways(self) -> bool:
        """Whether it has phones and addresses."""
        return self.entity_type_id in {CONTACT, COMPANY}

    @cached_property
    def stored(self) -> dict[str, Field]:
        """Fields by the names under which records keep them: user fields by the original ones."""
        return {field.original or field.name: field for field in self.fields}

    @cached_property
    def camel(self) -> dict[str, Field]:
        """Fields by their camelCase names."""
        return {field.name: field for field in self.fields}

    @cached_property
    def blank(self) -> dict[str, Any]:
        """An empty item under the names of records."""
        return {name: field.blank for name, field in self.stored.items()}

    @cached_property
    def renamed(self) -> dict[str, str]:
        """The camelCase name of each user field."""
        return {field.original: field.name for field in self.fields if field.original}

    def fields_called(self, *, original: bool) -> dict[str, Field]:
        """Fields by the names that a call uses."""
        return self.stored if original else self.camel

    def category(self, category_id: int) -> Category | None:
        """The funnel of that id."""
        return next((category for category in self.categories if category.id == category_id), None)

    @property
    def default_category(self) -> Category | None:
        """Where an item goes that names no funnel."""
        return next((category for category in self.categories if category.is_default), None)


_LINK = "Карточка в кабинете"

KINDS = {
    kind.entity_type_id: kind
    for kind in (
        Kind(
            CONTACT, "contact", "Контакты", "Контакт", "CRM_CONTACT", "CONTACT", "originId",
            (*system_fields.CONTACT, user_field("UF_CRM_KABINET_URL", "url", _LINK)),
        ),
        Kind(
            COMPANY, "company", "Компании", "Компания", "CRM_COMPANY", "COMPANY", "originId",
            (*system_fields.COMPANY, user_field("UF_CRM_KABINET_URL", "url", _LINK)),
        ),
        Kind(
            DEAL, "deal", "Сделки", "Сделка", "CRM_DEAL", "DEAL", "originId",
            (
                *system_fields.DEAL,
                user_field("UF_CRM_KABINET_CONTRACT", "string", "Договор"),
                user_field("UF_CRM_KABINET_NEXT_ON", "date", "Следующее списание"),
                user_field("UF_CRM_KABINET_DEBT", "money", "Долг"),
                user_field("UF_CRM_KABINET_AUTOPAY", "string", "Автоплатёж"),
                user_field("UF_CRM_KABINET_URL", "url", _LINK),
            ),
            (
                Category(0, "Общая", 300, True, "DEAL_STAGE", ""),
                Category(1, "Автоплатежи", 200, False, "DEAL_STAGE_1", "C1:"),
            ),
        ),
        Kind(
            INVOICE, "invoice", "Счета", "Счёт", "CRM_SMART_INVOICE", "DYNAMICITEM", "xmlId",
            (*system_fields.INVOICE, user_field("UF_CRM_SMART_INVOICE_KABINET_URL", "url", _LINK)),
            (Category(1, "Общая", 500, True, "SMART_INVOICE_STAGE_1", "DT31_1:"),),
        ),
        Kind(
            PAYMENT, "payment", "Платежи", "Платёж", f"CRM_{PAYMENT_TYPE}", "DYNAMICITEM", "xmlId",
            (
                *system_fields.PAYMENT,
                user_field("UF_CRM_7_METHOD", "string", "Способ оплаты"),
                user_field("UF_CRM_7_REASON", "string", "Причина отказа"),
                user_field("UF_CRM_7_GATEWAY_ID", "string", "Номер в ЮKassa"),
                user_field("UF_CRM_7_AGGREGATOR", "string", "Платёжный сервис"),
                user_field("UF_CRM_7_PAID_AT", "datetime", "Когда оплачен"),
                user_field("UF_CRM_7_URL", "url", _LINK),
            ),
            (Category(1, "Общая", 500, True, f"DYNAMIC_{PAYMENT}_STAGE_1", f"DT{PAYMENT}_1:"),),
        ),
    )
}  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS.values()}
