"""What is for sale: the list with its switches, a new product, a new price."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.db import ReadSession, Session
from kernel.errors import ConfigurationError, Refused
from kernel.settings import get_settings
from payments.catalogue.selling import (
    NameTaken,
    add_price,
    add_product,
    describe_product,
    sell_price,
    sell_product,
)
from payments.contracts.planning import notice_time
from payments.installation.models import Shop
from payments.installation.setup import current_shop
from portal.audit.recording import changed, record_act
from portal.web.cabinet.rhythm import notice_words
from portal.web.kit.forms import Posted
from portal.web.kit.guards import CurrentStaff
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.queries.catalogue import find_service, list_services
from portal.web.staff.roles import SELLS_SERVICES, ServiceSeller, may
from portal.web.staff.service_forms import PriceForm, ServiceForm
from portal.web.staff.words import period_name

router = Router()
LIST = "/staff/services"


@router.get(LIST, name="staff.services.list")
def list_all(request: Request, staff: CurrentStaff, db: ReadDb) -> Response:
    """Products with their prices, on sale and off sale."""
    services = list_services(db)
    context = {
        "services": services,
        "several_sellers": len({service.seller for service in services}) > 1,
        "may_sell": may(staff, SELLS_SERVICES),
        "period_name": period_name,
    }
    return render(request, "pages/staff/services.html", context)


@router.get(LIST + "/new", name="staff.services.new")
def show_new(request: Request, _staff: ServiceSeller, db: ReadDb) -> Response:
    """A new product: what customers read."""
    _shop(db)
    return _service_page(request, ServiceForm())


@router.post(LIST, name="staff.services.create")
def create(request: Request, posted: Posted, staff: ServiceSeller, db: Db) -> Response:
    """Add the product and go on to its first price. Pressed twice, it is one product."""
    form, shop = ServiceForm(posted), _shop(db)
    if form.validate():
        try:
            product = add_product(db, form.ware, shop=shop, by=staff.user_id)
        except NameTaken:
            form.refuse("name", _("Услуга с таким названием уже есть"))
        else:
            details = {"product": product.name}
            record_act(db, staff, "product.added", "product", product.id, request=request, details=details)
            return go_to(request, f"{LIST}/{product.id}/prices/new", say=_("Услуга добавлена. Теперь её цена"))
    return _service_page(request, form, status=422)


@router.get(LIST + "/{product_id}", name="staff.services.edit")
def edit(request: Request, product_id: UUID, _staff: ServiceSeller, db: ReadDb) -> Response:
    """The product's name and description, to be changed."""
    product = find_service(db, product_id)
    return _service_page(request, ServiceForm(obj=product), product_id)


@router.post(LIST + "/{product_id}", name="staff.services.describe")
def describe(request: Request, posted: Posted, product_id: UUID, staff: ServiceSeller, db: Db) -> Response:
    """Change what customers read."""
    known = find_service(db, product_id)
    form = ServiceForm(posted)
    if form.validate():
        try:
            describe_product(db, product_id, form.ware, by=staff.user_id)
        except NameTaken:
            form.refuse("name", _("Услуга с таким названием уже есть"))
        else:
            details = {
                "product": changed(known.name, form.ware.name),
                "description": changed(known.description, form.ware.description),
            }
            record_act(db, staff, "product.changed", "product", product_id, request=request, details=details)
            return go_to(request, LIST, say=_("Услуга изменена"))
    return _service_page(request, form, product_id, status=422)


@router.get(LIST + "/{product_id}/prices/new", name="staff.services.new_price")
def show_new_price(request: Request, product_id: UUID, _staff: ServiceSeller, db: ReadDb) -> Response:
    """A price of the product: once, or each period."""
    return _price_page(request, db, product_id, PriceForm())


@router.post(LIST + "/{product_id}/prices", name="staff.services.add_price")
def create_price(request: Request, posted: Posted, product_id: UUID, staff: ServiceSeller, db: Db) -> Response:
    """Add the price. Pressed twice, it is one price."""
    form = PriceForm(posted)
    if not form.check(notice=notice_time(db)):
        return _price_page(request, db, product_id, form, status=422)
    price = add_price(db, product_id, form.money.kopecks, form.period, by=staff.user_id)
    details = {"kopecks": price.kopecks, "period_unit": price.period_unit, "period_count": price.period_count}
    record_act(db, staff, "price.added", "price", price.id, request=request, details=details)
    shown = find_service(db, product_id).active
    said = _("Цена добавлена: клиенты видят её в кабинете") if shown else _("Цена добавлена. Услуга не продаётся")
    return go_to(request, LIST, say=said)


@router.post(LIST + "/{product_id}/sale", name="staff.services.sell")
def sell(request: Request, posted: Posted, product_id: UUID, staff: ServiceSeller, db: Db) -> Response:
    """Stop selling a product, or sell it again."""
    on_sale = _wanted(posted)
    if sell_product(db, product_id, by=staff.user_id, on_sale=on_sale):
        details = {"on_sale": changed(not on_sale, on_sale)}
        record_act(db, staff, "product.sale_changed", "product", product_id, request=request, details=details)
    return _sold(request, on_sale=on_sale)


@router.post(LIST + "/prices/{price_id}/sale", name="staff.services.sell_at")
def sell_at(request: Request, posted: Posted, price_id: UUID, staff: ServiceSeller, db: Db) -> Response:
    """Stop selling at a price, or sell at it again."""
    on_sale = _wanted(posted)
    if sell_price(db, price_id, by=staff.user_id, on_sale=on_sale):
        details = {"on_sale": changed(not on_sale, on_sale)}
        record_act(db, staff, "price.sale_changed", "price", price_id, request=request, details=details)
    return _sold(request, on_sale=on_sale)


def _wanted(posted: Posted) -> bool:
    # The button says what is to be, not what is to change: a second press finds it done.
    wanted = posted.get("on_sale")
    if wanted not in ("y", "n"):
        raise Refused(_("Обновите страницу и нажмите кнопку ещё раз"))
    return wanted == "y"


def _sold(request: Request, *, on_sale: bool) -> Response:
    if on_sale:
        return go_to(request, LIST, say=_("Снова продаётся"))
    return go_to(request, LIST, say=_("Снято с продажи. Действующие договоры остались на своих условиях"))


def _shop(db: ReadSession | Session) -> Shop:
    try:
        return current_shop(db, get_settings())
    except ConfigurationError as error:
        raise Refused(_("Сначала назовите компанию и её магазин в ЮKassa: команда «kabinet admin company»")) from error


def _service_page(
    request: Request, form: ServiceForm, product_id: UUID | None = None, *, status: int = 200
) -> Response:
    context = {"form": form, "product_id": product_id}
    return render(request, "pages/staff/service_form.html", context, status=status)


def _price_page(
    request: Request, db: ReadSession | Session, product_id: UUID, form: PriceForm, *, status: int = 200
) -> Response:
    notice = notice_words(notice_time(db))
    context = {"form": form, "product": find_service(db, product_id), "notice": notice}
    return render(request, "pages/staff/price_form.html", context, status=status)
