"""Password and devices."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from portal.accounts.errors import WeakPassword, WrongPassword
from portal.accounts.profile import change_password
from portal.accounts.sessions import CUSTOMER, end_session, end_sessions
from portal.accounts.throttles import PASSWORD_HERE
from portal.web.entry.attempts import count
from portal.web.entry.devices import devices_of
from portal.web.entry.forms import ChangePasswordForm, ask_passwords_again, fit_password
from portal.web.kit.forms import Posted
from portal.web.kit.frame import Kit
from portal.web.kit.guards import CurrentCustomer, give_session, take_session_away, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router

router = Router()
_DEVICES = "/settings/sessions"


@router.get("/settings/security", name="security.show")
def show_security(request: Request, _customer: CurrentCustomer) -> Response:
    """The form for a new password."""
    return _page(request, ChangePasswordForm())


@router.post("/settings/security", name="security.password")
def update_password(request: Request, posted: Posted, customer: CurrentCustomer, db: Db) -> Response:
    """Change the password: other devices are signed out, this one gets a new session."""
    form = ChangePasswordForm(posted)
    kit: Kit = request.app.state.kit
    valid = form.validate()
    if not (fit_password(form, personal=(customer.email, customer.name, kit.brand().name)) and valid):
        return _page(request, form, status=422)
    count((PASSWORD_HERE, str(customer.user_id)))
    try:
        token = change_password(
            db,
            customer.user_id,
            current=str(form.current.data),
            new=str(form.password.data),
            brand=kit.brand().name,
            audience=CUSTOMER,
            visitor=visitor(request),
            now=real_now(),
        )
    except WrongPassword:
        form.refuse("current", _("Неверный пароль"))
        return _page(request, form, status=422)
    except WeakPassword as weak:
        form.refuse("password", str(weak))
        return _page(request, form, status=422)
    response = go_to(request, "/settings/security", say=_("Пароль изменён. Вход на других устройствах завершён"))
    give_session(response, request, CUSTOMER, token, remember=False)
    return response


@router.get(_DEVICES, name="security.sessions")
def show_devices(request: Request, customer: CurrentCustomer, db: ReadDb) -> Response:
    """Where the person is signed in."""
    return render(request, "pages/profile/sessions.html", devices_of(db, customer, CUSTOMER, address=_DEVICES))


@router.post("/settings/sessions/{session_id}/end", name="security.sessions.end")
def end_device(request: Request, session_id: UUID, customer: CurrentCustomer, db: Db) -> Response:
    """Sign one device out; ending the present one is a logout."""
    end_session(db, session_id, customer.user_id, now=real_now())
    if session_id != customer.session_id:
        return go_to(request, _DEVICES, say=_("Вход на устройстве завершён"))
    response = go_to(request, "/login", say=_("Вы вышли из кабинета"))
    take_session_away(response, request, CUSTOMER)
    return response


@router.post("/settings/sessions/end-others", name="security.sessions.others")
def end_other_devices(request: Request, customer: CurrentCustomer, db: Db) -> Response:
    """Sign every other device out."""
    end_sessions(db, customer.user_id, now=real_now(), keep=customer.session_id)
    return go_to(request, _DEVICES, say=_("Вход на других устройствах завершён"))


def _page(request: Request, form: ChangePasswordForm, *, status: int = 200) -> Response:
    if form.errors:
        ask_passwords_again(form)
    return render(request, "pages/profile/security.html", {"form": form}, status=status)
