"""Registration: the form, the three boxes, the letter."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from kernel.db import begin, read
from kernel.settings import get_settings
from payments.installation.setup import current_shop
from portal.accounts.registration import Registration, register
from portal.accounts.sessions import CUSTOMER
from portal.accounts.throttles import LETTER_AGAIN, LETTER_TO, REGISTER_FROM
from portal.legal.editions import current
from portal.web.entry.attempts import count, note
from portal.web.entry.forms import RegistrationForm, ask_passwords_again, fit_password
from portal.web.entry.pace import even_pace
from portal.web.entry.pending import Pending, leave_pending, read_pending
from portal.web.kit.forms import Posted
from portal.web.kit.frame import Kit
from portal.web.kit.guards import CONFIRM_PAGE, signed_in, visitor
from portal.web.kit.i18n import language
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Router

router = Router()


@router.get("/register", name="entry.register")
def show_registration(request: Request) -> Response:
    """The form; what was typed a moment ago, but for the password and the boxes, is kept for a correction.

    Raises:
        CompanyNotNamed: there is no company yet.
    """
    if signed_in(request, CUSTOMER):
        return go_to(request, "/")
    with read() as session:
        current_shop(session, get_settings())  # without a company there is nobody to agree with: say so before the form
    pending = read_pending(request)
    form = RegistrationForm(data=asdict(pending) if pending else {})
    return _page(request, form)


@router.post("/register", name="entry.register.create")
def create_registration(request: Request, posted: Posted) -> Response:
    """Register. A known address gets the same answer after the same time."""
    form = RegistrationForm(posted)
    # Both are asked, so that all that is wrong is said at once.
    valid = form.validate()
    if not (_password_is_fit(request, form) and valid):
        ask_passwords_again(form)
        return _page(request, form, status=422)
    email, name = str(form.email.data), str(form.name.data)
    who = visitor(request)
    count((REGISTER_FROM, who.network), (LETTER_TO, email.lower()))
    note(LETTER_AGAIN, email.lower())
    data = Registration(
        name=name,
        email=email,
        phone=form.phone.data,
        password=str(form.password.data),
        marketing=bool(form.marketing.data),
        locale=language(),
    )
    with even_pace(), begin() as session:
        mark = register(session, data, who, now=real_now())
    response = go_to(request, CONFIRM_PAGE)
    leave_pending(response, request, Pending(email, name, form.phone.data, mark))
    return response


def _password_is_fit(request: Request, form: RegistrationForm) -> bool:
    kit: Kit = request.app.state.kit
    return fit_password(form, personal=(form.email.data or "", form.name.data or "", kit.brand().name))


def _page(request: Request, form: RegistrationForm, *, status: int = 200) -> Response:
    boxes = {"offer": current("offer"), "personal_data": current("personal-data"), "marketing": current("marketing")}
    return render(request, "pages/entry/register.html", {"form": form, "boxes": boxes}, status=status)
