"""The rows that must exist before the first customer: the installation, the company and its shop at the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import select

from kernel.db import ReadSession, Session
from kernel.errors import ConfigurationError, Refused
from kernel.settings import Settings
from payments.installation.models import Installation, LegalEntity, Shop

DEFAULT_BRAND = "Кабинет"


class CompanyNotNamed(ConfigurationError):
    """No company owns the shop of the settings yet, so there is nobody to make contracts and consents with."""

    def __init__(self, account_id: str) -> None:
        super().__init__(
            [f"магазин {account_id} ещё не принадлежит ни одной компании: назовите её, команда «kabinet admin company»"]
        )


@dataclass(frozen=True, slots=True)
class Company:
    """The company as its customers see it."""

    brand: str
    legal_name: str
    inn: str
    kpp: str | None = None
    address: str | None = None
    phone: str | None = None
    email: str | None = None


def ensure_installation(session: Session, settings: Settings) -> Installation:
    """The installation row, made at the first start.

    Raises:
        ConfigurationError: the database was made for another mode, or its due dates in another business time zone.
    """
    found = session.get(Installation, 1)
    if found is None:
        found = Installation(
            id=uuid4().hex[:12], mode=settings.mode, brand=DEFAULT_BRAND, business_tz=settings.business_tz
        )
        session.add(found)
    elif found.mode != settings.mode:
        raise ConfigurationError([f"KABINET_MODE: {settings.mode}, а эта база создана для {found.mode}"])
    elif found.business_tz != settings.business_tz:
        raise ConfigurationError(
            [f"KABINET_BUSINESS_TZ: {settings.business_tz}, а даты этой базы — в {found.business_tz}"]
        )
    return found


def name_company(session: Session, company: Company, settings: Settings) -> tuple[LegalEntity, Shop]:
    """Store the company's names and its shop at the gateway; repeating it with the same ИНН updates them."""
    ensure_installation(session, settings).brand = company.brand
    entity = session.scalars(select(LegalEntity).where(LegalEntity.inn == company.inn)).one_or_none()
    if entity is None:
        entity = LegalEntity(inn=company.inn, name=company.legal_name)
        session.add(entity)
    entity.name, entity.kpp, entity.address = company.legal_name, company.kpp, company.address
    entity.phone, entity.email = company.phone, company.email
    session.flush()  # the shop needs the new entity's id
    shop = session.scalars(select(Shop).where(Shop.account_id == settings.yookassa_shop_id)).one_or_none()
    if shop is None:
        shop = Shop(account_id=settings.yookassa_shop_id, legal_entity_id=entity.id, test=settings.has_test_key)
        session.add(shop)
    session.flush()
    return entity, shop


def current_shop(session: Session | ReadSession, settings: Settings) -> Shop:
    """The shop that new contracts are made for.

    Raises:
        CompanyNotNamed: no company is named for the shop of the settings.
    """
    shop = session.scalars(select(Shop).where(Shop.account_id == settings.yookassa_shop_id)).one_or_none()
    if shop is None:
        raise CompanyNotNamed(settings.yookassa_shop_id)
    return shop


def paying_shop(session: Session | ReadSession, settings: Settings, legal_entity_id: UUID) -> Shop:
    """The shop in which this legal entity's invoices are paid now, whatever shop there was when they were agreed on.

    Raises:
        CompanyNotNamed: no company is named for the shop of the settings.
        Refused: that shop belongs to another legal entity of the owner, which must not take this one's money.
    """
    shop = current_shop(session, settings)
    if shop.legal_entity_id != legal_entity_id:
        raise Refused(
            "Деньги по этому договору получает другая компания, её магазин в ЮKassa сейчас не подключён. Напишите нам, "
            "и мы подскажем, как заплатить"
        )
    return shop
