"""An employee's own security: the password, the second step, the devices."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from kernel.db import read
from portal.accounts.errors import WrongPassword
from portal.accounts.profile import change_password
from portal.accounts.second_factor.backup_codes import AMOUNT, count_codes
from portal.accounts.second_factor.checking import has_authenticator
from portal.accounts.sessions import STAFF, SignedIn, end_session, end_sessions
from portal.accounts.throttles import PASSWORD_HERE
from portal.audit.recording import record_act
from portal.web.entry.attempts import count
from portal.web.entry.devices import devices_of
from portal.web.entry.forms import ChangePasswordForm, ask_passwords_again, fit_password
from portal.web.kit.forms import Posted
from portal.web.kit.frame import Kit
from portal.web.kit.guards import CurrentStaff, give_session, needs_second_factor, take_session_away, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, Router

router = Router()
PAGE = "/staff/security"
_DEVICES = PAGE + "/sessions"


@router.get(PAGE, name="staff.security.show")
def show(request: Request, staff: CurrentStaff) -> Response:
    """The state of everything, and the form for a new password."""
    return _page(request, staff, ChangePasswordForm())


@router.post(PAGE + "/password", name="staff.security.password")
def update_password(request: Request, posted: Posted, staff: CurrentStaff, db: Db) -> Response:
    """Change the password: other devices are signed out, this one gets a new session."""
    form = ChangePasswordForm(posted)
    kit: Kit = request.app.state.kit
    brand = kit.brand().name
    valid = form.validate()
    if not (fit_password(form, personal=(staff.email, staff.name, brand)) and valid):
        return _page(request, staff, form, status=422)
    count((PASSWORD_HERE, str(staff.user_id)))
    try:
        token = change_password(
            db,
            staff.user_id,
            current=str(form.current.data),
            new=str(form.password.data),
            brand=brand,
            audience=STAFF,
            visitor=visitor(request),
            now=real_now(),
            second_factor=staff.second_factor,
        )
    except WrongPassword:
        form.refuse("current", _("Неверный пароль"))
        return _page(request, staff, form, status=422)
    record_act(db, staff, "user.password_changed", "user", staff.user_id, request=request)
    response = go_to(request, PAGE, say=_("Пароль изменён. Вход на других устройствах завершён"))
    give_session(response, request, STAFF, token, remember=False)
    return response


@router.post(_DEVICES + "/end-others", name="staff.security.others")
def end_other_devices(request: Request, staff: CurrentStaff, db: Db) -> Response:
    """Sign every other device out."""
    end_sessions(db, staff.user_id, now=real_now(), keep=staff.session_id)
    record_act(db, staff, "user.sessions_ended", "user", staff.user_id, request=request)
    return go_to(request, PAGE, say=_("Вход на других устройствах завершён"))


@router.post(_DEVICES + "/{session_id}/end", name="staff.security.end")
def end_device(request: Request, session_id: UUID, staff: CurrentStaff, db: Db) -> Response:
    """Sign one device out; ending the present one is a logout.

    Raises:
        NotFound: no such live session, or a colleague's.
    """
    end_session(db, session_id, staff.user_id, now=real_now())
    record_act(db, staff, "user.sessions_ended", "user", staff.user_id, request=request)
    if session_id != staff.session_id:
        return go_to(request, PAGE, say=_("Вход на устройстве завершён"))
    response = go_to(request, "/staff/login", say=_("Вы вышли из кабинета"))
    take_session_away(response, request, STAFF)
    return response


def _page(request: Request, staff: SignedIn, form: ChangePasswordForm, *, status: int = 200) -> Response:
    if form.errors:
        ask_passwords_again(form)
    with read() as session:
        context = {
            "form": form,
            "has_app": has_authenticator(session, staff.user_id),
            "codes_left": count_codes(session, staff.user_id),
            "codes_given": AMOUNT,
            "app_is_required": needs_second_factor(request),
            **devices_of(session, staff, STAFF, address=_DEVICES),
        }
    return render(request, "pages/staff/security.html", context, status=status)
