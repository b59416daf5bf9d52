"""Who may come in: FastAPI dependencies, named in a route's signature as `customer: CurrentCustomer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.responses import Response

from kernel import db, log
from kernel.clock import real_now
from portal.accounts.sessions import CUSTOMER, LIMITS, STAFF, STAFF_CODE, Audience, SignedIn, find_session
from portal.accounts.visitor import Visitor
from portal.web.kit.frame import Kit, Viewer
from portal.web.kit.i18n import lazy_gettext as _
from portal.web.kit.proxy import known_ip
from portal.web.kit.redirects import own_path
from portal.web.kit.render import wants_fragment

_log = log.get(__name__)
_COOKIE: dict[Audience, str] = {CUSTOMER: "kabinet", STAFF: "kabinet_staff", STAFF_CODE: "kabinet_staff_code"}
_LOGIN: dict[Audience, str] = {CUSTOMER: "/login", STAFF: "/staff/login", STAFF_CODE: "/staff/login"}
_HOME: dict[Audience, str] = {CUSTOMER: "/", STAFF: "/staff", STAFF_CODE: "/staff/login"}
CONFIRM_PAGE = "/email/confirm"
ENROL_PAGE = "/staff/security/authenticator"
ROLE_WORDS = {
    "owner": _("Владелец"),
    "manager": _("Менеджер"),
    "accountant": _("Бухгалтер"),
    "viewer": _("Только просмотр"),
}


def signed_in(request: Request, audience: Audience) -> SignedIn | None:
    """Whose live session the request carries, if any."""
    token = session_token(request, audience)
    if not token:
        return None
    with db.single() as session:
        return find_session(session, token, audience, now=real_now())


def current_customer(request: Request) -> SignedIn:
    """The customer's user. Others are sent to the login page, the unconfirmed to the page that says how."""
    found = signed_in(request, CUSTOMER)
    if found is None:
        raise _sent_to(request, _login_for(request, CUSTOMER))
    if not found.confirmed:
        raise _sent_to(request, CONFIRM_PAGE)
    request.state.viewer = Viewer(found.name)
    return found


def staff_to_enrol(request: Request) -> SignedIn:
    """The employee, with or without a second step: for the pages where it is set up. Others are sent to the login."""
    found = signed_in(request, STAFF)
    if found is None or found.staff_role is None:
        raise _sent_to(request, _login_for(request, STAFF))
    request.state.viewer = Viewer(found.name, note=str(ROLE_WORDS[found.staff_role]), role=found.staff_role)
    return found


def current_staff(request: Request) -> SignedIn:
    """The employee. Others are sent to the login; in live mode who has no second step yet, to where it is set up."""
    found = staff_to_enrol(request)
    if needs_second_factor(request) and not found.second_factor:
        raise _sent_to(request, ENROL_PAGE)
    return found


def needs_second_factor(request: Request) -> bool:
    """Whether employees may not work here without a second step: everywhere but in demo and tests."""
    kit: Kit = request.app.state.kit
    return kit.settings.mode == "live"


CurrentCustomer = Annotated[SignedIn, Depends(current_customer)]
CurrentStaff = Annotated[SignedIn, Depends(current_staff)]
StaffToEnrol = Annotated[SignedIn, Depends(staff_to_enrol)]


def require_role(*roles: str) -> Callable[[SignedIn], SignedIn]:
    """A guard for employees of these roles; 403 for the rest: `Annotated[SignedIn, Depends(require_role("owner"))]`."""

    def check(staff: CurrentStaff) -> SignedIn:
        if staff.staff_role not in roles:
            _log.warning("access.refused", user_id=str(staff.user_id), role=staff.staff_role)
            raise HTTPException(403, str(_("Этого действия нет в вашей роли. Ничего не изменено.")))
        return staff

    return check


def session_token(request: Request, audience: Audience) -> str | None:
    """What the session cookie of the request holds."""
    return request.cookies.get(_cookie_name(request, audience))


def give_session(response: Response, request: Request, audience: Audience, token: str, *, remember: bool) -> None:
    """Set the session cookie: until the browser closes, or for as long as the session can last."""
    response.set_cookie(
        _cookie_name(request, audience),
        token,
        max_age=int(LIMITS[audience].absolute.total_seconds()) if remember else None,
        httponly=True,
        samesite="lax",
        secure=is_https(request),
    )


def take_session_away(response: Response, request: Request, audience: Audience) -> None:
    """Delete the session cookie, and what the browser kept of private pages."""
    name = _cookie_name(request, audience)
    response.delete_cookie(name, httponly=True, samesite="lax", secure=is_https(request))
    response.headers["Clear-Site-Data"] = '"cache"'


def visitor(request: Request) -> Visitor:
    """Where the request comes from, as evidence."""
    return Visitor(known_ip(request), request.headers.get("user-agent"))


def login_url(page: str, wanted: str) -> str:
    """The page of a step of the login that leads on to the page that was wanted, if any."""
    return f"{page}?{urlencode({'next': wanted})}" if wanted else page


def home_of(audience: Audience) -> str:
    """Where this audience begins."""
    return _HOME[audience]


def _cookie_name(request: Request, audience: Audience) -> str:
    # Browsers take the prefix over https only; it forbids a cookie set by a neighbouring subdomain.
    return f"__Host-{_COOKIE[audience]}" if is_https(request) else _COOKIE[audience]


def is_https(request: Request) -> bool:
    """Whether browsers reach us over https, so that cookies may be bound to it."""
    kit: Kit = request.app.state.kit
    return kit.settings.base_url.startswith("https://")


def _login_for(request: Request, audience: Audience) -> str:
    back = own_path(_page_of(request), default=_HOME[audience])
    return login_url(_LOGIN[audience], "" if back == _HOME[audience] else back)


def _page_of(request: Request) -> str:
    """The page that the person was looking at: a form or a fragment has one behind it."""
    if request.method == "GET" and not wants_fragment(request):
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    behind = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    return f"{behind.path}?{behind.query}" if behind.query else behind.path


def _sent_to(request: Request, url: str) -> HTTPException:
    if request.headers.get("hx-request") == "true":
        return HTTPException(401, headers={"HX-Redirect": url})
    return HTTPException(303, headers={"Location": url})
