"""Login and logout, of customers and of employees: separate cookies, one way."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from portal.accounts.errors import BadCredentials
from portal.accounts.finding import normal_login
from portal.accounts.login import sign_in
from portal.accounts.sessions import CUSTOMER, STAFF, STAFF_CODE, Audience, end_by_cookie
from portal.accounts.throttles import LOGIN_FROM, LOGIN_HERE, LOGIN_TO, forgive
from portal.audit.recording import record_act
from portal.web.entry.attempts import count
from portal.web.entry.forms import LoginForm, StaffLoginForm
from portal.web.kit.forms import Posted
from portal.web.kit.guards import give_session, home_of, login_url, session_token, signed_in, take_session_away, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to, own_path
from portal.web.kit.render import render
from portal.web.kit.routing import Db, Router

router = Router()
CODE_PAGE = "/staff/login/code"


@router.get("/login", name="entry.login")
def show_login(request: Request, next: str = "") -> Response:  # noqa: A002  the name in the address
    """The form, or the cabinet for who is in already."""
    return _show(request, CUSTOMER, LoginForm(), next)


@router.post("/login", name="entry.login.create")
def create_login(request: Request, posted: Posted, db: Db) -> Response:
    """Sign a customer in."""
    return _sign_in(request, db, CUSTOMER, LoginForm(posted), str(posted.get("next", "")))


@router.post("/logout", name="entry.logout")
def end_login(request: Request, db: Db) -> Response:
    """End the session on the server, not only in the browser."""
    return _sign_out(request, db, CUSTOMER, "/login")


@router.get("/staff/login", name="entry.staff.login")
def show_staff_login(request: Request, next: str = "") -> Response:  # noqa: A002  the name in the address
    """The employees' form."""
    return _show(request, STAFF, StaffLoginForm(), next)


@router.post("/staff/login", name="entry.staff.login.create")
def create_staff_login(request: Request, posted: Posted, db: Db) -> Response:
    """Sign an employee in."""
    return _sign_in(request, db, STAFF, StaffLoginForm(posted), str(posted.get("next", "")))


@router.post("/staff/logout", name="entry.staff.logout")
def end_staff_login(request: Request, db: Db) -> Response:
    """End the employee's session."""
    found = signed_in(request, STAFF)
    if found:
        record_act(db, found, "user.signed_out", "user", found.user_id, request=request)
    return _sign_out(request, db, STAFF, "/staff/login")


def _show(request: Request, audience: Audience, form: LoginForm | StaffLoginForm, wanted: str) -> Response:
    if signed_in(request, audience):
        return go_to(request, own_path(wanted, home_of(audience)))
    return _page(request, audience, form, wanted)


def _sign_in(request: Request, db: Db, audience: Audience, form: LoginForm | StaffLoginForm, wanted: str) -> Response:
    if not form.validate():
        return _page(request, audience, form, wanted, status=422)
    who = visitor(request)
    login = str(form.login.data)
    account = normal_login(login) or login.lower()
    here = f"{account} {who.network}"
    count((LOGIN_HERE, here), (LOGIN_FROM, who.network), (LOGIN_TO, account))
    now = real_now()
    try:
        entrance = sign_in(db, login, str(form.password.data), audience=audience, visitor=who, now=now)
    except BadCredentials:
        form.refuse("", _("Неверные почта, телефон или пароль"))
        return _page(request, audience, form, wanted, status=422)
    forgive(LOGIN_HERE, here)
    old = session_token(request, audience)
    if old:
        end_by_cookie(db, old, now=now)
    back = own_path(wanted, home_of(audience))
    if entrance.audience == STAFF_CODE:
        back = login_url(CODE_PAGE, "" if back == home_of(audience) else back)
    response = go_to(request, back)
    if entrance.audience == STAFF:
        details = {"second_factor": False}
        record_act(db, entrance, "user.signed_in", "user", entrance.user_id, request=request, details=details)
    remember = "remember" in form and bool(form["remember"].data)
    give_session(response, request, entrance.audience, entrance.token, remember=remember)
    return response


def _sign_out(request: Request, db: Db, audience: Audience, to: str) -> Response:
    token = session_token(request, audience)
    if token:
        end_by_cookie(db, token, now=real_now())
    response = go_to(request, to, say=_("Вы вышли из кабинета"))
    take_session_away(response, request, audience)
    return response


def _page(
    request: Request, audience: Audience, form: LoginForm | StaffLoginForm, wanted: str, *, status: int = 200
) -> Response:
    template = "pages/entry/login.html" if audience == CUSTOMER else "pages/entry/staff_login.html"
    return render(request, template, {"form": form, "next": own_path(wanted, home_of(audience))}, status=status)
