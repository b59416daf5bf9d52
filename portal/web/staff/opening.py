"""Opening a contract: choose the customer, agree on the terms, see the dates, create."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from sqlalchemy import select
from starlette.responses import Response

from kernel import clock, log
from kernel.db import ReadSession, Session
from kernel.errors import ConfigurationError, NotFound, Refused
from kernel.settings import get_settings
from payments.contracts.models import Contract
from payments.contracts.opening import Terms, open_contract
from payments.contracts.planning import notice_time
from payments.customers.models import Customer
from payments.installation.models import Shop
from payments.installation.setup import current_shop
from portal.audit.recording import record_act
from portal.web.cabinet.rhythm import notice_words
from portal.web.kit.forms import Posted
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.queries.customers import Suggestion, find_customer, suggest_customers
from portal.web.staff.queries.search import searchable
from portal.web.staff.roles import ContractOpener
from portal.web.staff.terms_form import TermsForm, preview
from portal.web.staff.words import period_name

router = Router()
_log = log.get(__name__)
_PAGE = "pages/staff/contract_new.html"


@router.get("/staff/contracts/new", name="staff.contracts.new")
def show_new(request: Request, _staff: ContractOpener, db: ReadDb, customer: str = "", q: str = "") -> Response:
    """First the choice of a customer, found while typing; then the form. Both steps are plain addresses."""
    chosen = chosen_customer(db, customer)
    if chosen:
        return _form_page(request, db, TermsForm(), chosen)
    typed = searchable(q)
    context = {"q": typed, "found": suggest_customers(db, typed)}
    return render(request, "pages/staff/contract_customer.html", context, fragment="found")


@router.get("/staff/contracts/preview", name="staff.contracts.preview")
def show_preview(request: Request, _staff: ContractOpener, db: ReadDb, customer: str = "") -> Response:
    """The next due dates of what has been typed so far; without JavaScript the whole form with them."""
    chosen = chosen_customer(db, customer)
    if chosen is None:
        return go_to(request, "/staff/contracts/new")
    return _form_page(request, db, TermsForm(request.query_params), chosen)


@router.post("/staff/contracts", name="staff.contracts.create")
def create(request: Request, posted: Posted, staff: ContractOpener, db: Db) -> Response:
    """Open the contract, or say what is wrong and keep what was typed. Pressed twice, it is one contract.

    Raises:
        NotFound: no such customer.
    """
    chosen = chosen_customer(db, str(posted.get("customer", "")))
    if chosen is None:
        raise NotFound
    form, now = TermsForm(posted), clock.business_now(db)
    if not form.check(now=now, notice=notice_time(db)):
        return _form_page(request, db, form, chosen, status=422)
    opened = opened_before(db, chosen.id, form.act)
    if opened is not None:
        said = _("Договор № %(number)s уже создан") % {"number": opened.number}
        return go_to(request, f"/staff/contracts/{opened.id}", say=said, tone="warn")
    contract = open_contract(db, _terms(db, form, chosen.id), now=now)
    details = {"number": contract.number, "kopecks": form.money.kopecks, "first_on": form.first_due_on.data}
    record_act(db, staff, "contract.opened", "contract", contract.id, request=request, details=details)
    _log.info("contract.opened", contract_id=str(contract.id), user_id=str(staff.user_id))
    return go_to(
        request, f"/staff/contracts/{contract.id}", say=_("Договор № %(number)s создан") % {"number": contract.number}
    )


def _terms(db: Session, form: TermsForm, customer_id: UUID) -> Terms:
    shop = shop_to_bill(db)
    assert form.first_due_on.data
    return Terms(
        customer_id=customer_id,
        legal_entity_id=shop.legal_entity_id,
        shop_id=shop.id,
        title=str(form.title.data),
        kopecks=form.money.kopecks,
        first_due_on=form.first_due_on.data,
        period=form.period,
        advance=str(form.advance.data),
        key=form.act,
    )


def opened_before(db: Session, customer_id: UUID, key: UUID) -> Contract | None:
    """The contract that an earlier press of the same form opened. Presses at once take turns on the customer's row.

    Raises:
        NotFound: the key is that of somebody else's contract.
    """
    db.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
    contract = db.get(Contract, key)
    if contract is not None and contract.customer_id != customer_id:
        raise NotFound
    return contract


def shop_to_bill(db: Session) -> Shop:
    """The shop, and by it the legal entity, that new contracts are made with.

    Raises:
        Refused: the company is not named yet.
    """
    try:
        return current_shop(db, get_settings())
    except ConfigurationError as error:
        raise Refused(_("Сначала назовите компанию и её магазин в ЮKassa: команда «kabinet admin company»")) from error


def chosen_customer(db: ReadSession | Session, text: str) -> Suggestion | None:
    """The customer of an id in an address or a form; None for rubbish and for nobody."""
    try:
        return find_customer(db, UUID(text))
    except ValueError:
        return None


def _form_page(
    request: Request, db: ReadSession | Session, form: TermsForm, customer: Suggestion, *, status: int = 200
) -> Response:
    now, notice = clock.now(), notice_time(db)
    context = {
        "form": form,
        "customer": customer,
        "lines": preview(form, notice=notice, now=now),
        "period_name": period_name(form.period.unit, form.period.count) if form.period else "",
        "notice": notice_words(notice),
    }
    return render(request, _PAGE, context, status=status, fragment="preview")
