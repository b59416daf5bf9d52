"""The person's own data: name, phone, address."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from kernel.db import begin
from portal.accounts.errors import WrongPassword
from portal.accounts.profile import change_profile, forget_address_change, request_address_change
from portal.accounts.sessions import SignedIn
from portal.accounts.throttles import LETTER_FROM, LETTER_TO, PASSWORD_HERE
from portal.accounts.tokens import pending_address
from portal.web.entry.attempts import count
from portal.web.entry.forms import ChangeAddressForm, ProfileForm, ask_passwords_again
from portal.web.entry.letters_state import letters_are_late
from portal.web.entry.pace import even_pace
from portal.web.kit.forms import Form, Posted
from portal.web.kit.guards import CurrentCustomer, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, Router

router = Router()


@router.get("/settings/profile", name="profile.show")
def show_profile(request: Request, customer: CurrentCustomer) -> Response:
    """Name, phone, address; an address that waits for confirmation is shown as such."""
    return _page(request, customer)


@router.post("/settings/profile", name="profile.update")
def update_profile(request: Request, posted: Posted, customer: CurrentCustomer, db: Db) -> Response:
    """Store name and phone."""
    form = ProfileForm(posted)
    if not form.validate():
        return _page(request, customer, profile=form)
    change_profile(db, customer.user_id, name=str(form.name.data), phone=form.phone.data)
    return go_to(request, "/settings/profile", say=_("Профиль сохранён"))


@router.post("/settings/email", name="profile.email")
def change_email(request: Request, posted: Posted, customer: CurrentCustomer) -> Response:
    """Send a link to the new address. A taken address gets the same answer."""
    form = ChangeAddressForm(posted)
    valid = form.validate()
    if valid and str(form.email.data).lower() == customer.email.lower():
        form.refuse("email", _("Это ваша нынешняя почта"))
        valid = False
    if not valid:
        ask_passwords_again(form)
        return _page(request, customer, address=form)
    email = str(form.email.data)
    count((PASSWORD_HERE, str(customer.user_id)), (LETTER_TO, email.lower()), (LETTER_FROM, visitor(request).network))
    password = str(form.current.data)
    try:
        with even_pace(), begin() as session:
            request_address_change(session, customer.user_id, email, password=password, now=real_now())
    except WrongPassword:
        form.refuse("current", _("Неверный пароль"))
        return _page(request, customer, address=form)
    return go_to(request, "/settings/profile", say=_("Отправляем письмо на новый адрес"))


@router.post("/settings/email/forget", name="profile.email.forget")
def keep_email(request: Request, customer: CurrentCustomer, db: Db) -> Response:
    """Keep the present address after all."""
    forget_address_change(db, customer.user_id, now=real_now())
    return go_to(request, "/settings/profile", say=_("Почта остаётся прежней"))


def _page(
    request: Request,
    customer: SignedIn,
    *,
    profile: ProfileForm | None = None,
    address: ChangeAddressForm | None = None,
) -> Response:
    with begin() as session:
        waiting = pending_address(session, customer.user_id, now=real_now())
    wrong: Form | None = profile or address
    context = {
        "profile": profile or ProfileForm(data={"name": customer.name, "phone": customer.phone}),
        "address": address or ChangeAddressForm(),
        "wrong": wrong,
        "email": customer.email,
        "waiting": waiting,
        "mail_late": waiting is not None and letters_are_late(),
    }
    return render(request, "pages/profile/profile.html", context, status=422 if wrong else 200)
