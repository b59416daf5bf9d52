"""What is for sale: products and prices are added, taken off sale and put back. None of it touches a contract.

A contract keeps the sum and the period that were agreed to; a price is never changed, only replaced by another.
`by` is the employee; whatever was done before is harmless to do again.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from kernel import log
from kernel.db import Session
from kernel.errors import NotFound, Refused
from kernel.ids import uuid7
from payments.catalogue.models import ONE_OFF, RECURRING, Price, Product
from payments.contracts.opening import MINIMUM_KOPECKS
from payments.contracts.periods import Period, require_room_for_notice
from payments.contracts.planning import notice_time
from payments.history.noting import note_status
from payments.installation.models import Shop

ON_SALE = "on_sale"
OFF_SALE = "off_sale"
_log = log.get(__name__)


class NameTaken(Refused):
    """Another product has this name; two of one name could not be told apart."""


@dataclass(frozen=True, slots=True)
class Ware:
    """What a product is: its name, and what a customer reads under it, possibly nothing."""

    name: str
    description: str = ""


def add_product(session: Session, ware: Ware, *, shop: Shop, by: UUID) -> Product:
    """Put a new product on sale, last in the list; sold by the shop's legal entity. It shows once it has a price.

    The very same product added twice is one: the one that is there is answered.

    Raises:
        NameTaken: a product of this name with another description exists.
    """
    last = select(func.coalesce(func.max(Product.position) + 1, 0)).scalar_subquery()
    added = session.execute(
        insert(Product)
        .values(
            id=uuid7(),
            legal_entity_id=shop.legal_entity_id,
            shop_id=shop.id,
            name=ware.name,
            description=ware.description,
            position=last,
            active=True,
        )
        .on_conflict_do_nothing(index_elements=[Product.name])
        .returning(Product.id)
    ).scalar_one_or_none()
    product = session.scalars(select(Product).where(Product.name == ware.name)).one()
    if added is not None:
        _note(session, "product", added, None, ON_SALE, by)
    elif product.description != ware.description:
        raise NameTaken("Услуга с таким названием уже есть")
    return product


def describe_product(session: Session, product_id: UUID, ware: Ware, *, by: UUID) -> None:
    """Give a product another name and description. Contracts and invoices keep the name they were made with.

    Raises:
        NotFound: no such product.
        NameTaken: another product has this name.
    """
    product = _lock(session, product_id)
    namesake = session.execute(select(Product.id).where(Product.name == ware.name, Product.id != product_id)).first()
    if namesake is not None:
        raise NameTaken("Услуга с таким названием уже есть")
    product.name, product.description = ware.name, ware.description
    session.flush()
    _log.info("product.described", product_id=str(product_id), user_id=str(by))


def add_price(session: Session, product_id: UUID, kopecks: int, period: Period | None, *, by: UUID) -> Price:
    """Sell a product for this sum once (`period` None) or each period; a price that is there is put on sale again.

    Raises:
        NotFound: no such product.
        Refused: a sum under a ruble, or a period that leaves no room for the notice.
    """
    if kopecks < MINIMUM_KOPECKS:
        raise Refused("Сумма меньше одного рубля")
    if period:
        require_room_for_notice(period, notice_time(session))
    _lock(session, product_id)  # two presses of the button take turns: the second finds the price of the first
    same = session.scalars(
        select(Price).where(
            Price.product_id == product_id,
            Price.kopecks == kopecks,
            Price.period_unit.is_not_distinct_from(period.unit if period else None),
            Price.period_count.is_not_distinct_from(period.count if period else None),
        )
    ).first()
    if same is not None:
        sell_price(session, same.id, by=by, on_sale=True)
        return same
    price = Price(
        product_id=product_id,
        kind=RECURRING if period else ONE_OFF,
        kopecks=kopecks,
        period_unit=period.unit if period else None,
        period_count=period.count if period else None,
    )
    session.add(price)
    session.flush()  # the history needs the id
    _note(session, "price", price.id, None, ON_SALE, by)
    return price


def sell_product(session: Session, product_id: UUID, *, by: UUID, on_sale: bool) -> bool:
    """Stop selling a product, or sell it again with those of its prices that are on sale; says whether it changed.

    Raises:
        NotFound: no such product.
    """
    return _sell(session, "product", _lock(session, product_id), by, on_sale=on_sale)


def sell_price(session: Session, price_id: UUID, *, by: UUID, on_sale: bool) -> bool:
    """Stop selling at a price, or sell at it again; says whether it changed.

    Raises:
        NotFound: no such price.
    """
    price = session.get(Price, price_id, with_for_update={"key_share": True}, populate_existing=True)
    if price is None:
        raise NotFound
    return _sell(session, "price", price, by, on_sale=on_sale)


def _sell(session: Session, kind: str, it: Product | Price, by: UUID, *, on_sale: bool) -> bool:
    if it.active == on_sale:
        return False
    it.active = on_sale
    old, new = (OFF_SALE, ON_SALE) if on_sale else (ON_SALE, OFF_SALE)
    _note(session, kind, it.id, old, new, by)
    return True


def _lock(session: Session, product_id: UUID) -> Product:
    product = session.get(Product, product_id, with_for_update={"key_share": True}, populate_existing=True)
    if product is None:
        raise NotFound
    return product


def _note(session: Session, kind: str, object_id: UUID, old: str | None, new: str, by: UUID) -> None:
    note_status(session, kind, object_id, old=old, new=new, source=f"staff:{by}")
    _log.info(f"{kind}.{new}", object_id=str(object_id), user_id=str(by))
