"""The second step of an employee's login: a code, by whoever gave the password in this browser a moment ago."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from portal.accounts.errors import SignInExpired, WrongCode
from portal.accounts.login import give_code
from portal.accounts.sessions import STAFF, STAFF_CODE, SignedIn
from portal.accounts.throttles import CODE_FROM, CODE_HERE, CODE_TO, forgive
from portal.audit.recording import record_act
from portal.web.entry.attempts import count
from portal.web.entry.forms import CodeForm
from portal.web.entry.routes_login import CODE_PAGE
from portal.web.kit.forms import Posted
from portal.web.kit.guards import give_session, home_of, login_url, session_token, signed_in, take_session_away, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to, own_path
from portal.web.kit.render import render
from portal.web.kit.routing import Db, Router

router = Router()


@router.get(CODE_PAGE, name="entry.staff.code")
def show_code(request: Request, next: str = "") -> Response:  # noqa: A002  the name in the address
    """The form; who has not given the password here begins with it."""
    if signed_in(request, STAFF_CODE) is None:
        return go_to(request, login_url("/staff/login", own_path(next, "")))
    return _page(request, CodeForm(), next)


@router.post(CODE_PAGE, name="entry.staff.code.create")
def create_code(request: Request, posted: Posted, db: Db) -> Response:
    """Open the desk with a new session; five tries, then the login begins anew."""
    wanted = str(posted.get("next", ""))
    waiting = signed_in(request, STAFF_CODE)
    if waiting is None:
        return _begin_anew(request, wanted)
    form = CodeForm(posted)
    if not form.validate():
        return _page(request, form, wanted, status=422)
    who = visitor(request)
    _count(waiting, who.network)
    try:
        entrance = give_code(
            db, session_token(request, STAFF_CODE) or "", str(form.code.data), visitor=who, now=real_now()
        )
    except SignInExpired:
        return _begin_anew(request, wanted)
    except WrongCode:
        form.refuse("code", _("Код не подошёл. Дождитесь следующего кода в приложении и введите его"))
        return _page(request, form, wanted, status=422)
    forgive(CODE_TO, str(waiting.user_id))
    details = {"second_factor": True}
    record_act(db, entrance, "user.signed_in", "user", entrance.user_id, request=request, details=details)
    response = go_to(request, own_path(wanted, home_of(STAFF)))
    take_session_away(response, request, STAFF_CODE)
    give_session(response, request, STAFF, entrance.token, remember=False)
    return response


def _count(waiting: SignedIn, network: str) -> None:
    count((CODE_HERE, str(waiting.session_id)), (CODE_FROM, network), (CODE_TO, str(waiting.user_id)))


def _begin_anew(request: Request, wanted: str) -> Response:
    said = _("Прошло больше десяти минут. Войдите ещё раз")
    return go_to(request, login_url("/staff/login", own_path(wanted, "")), say=said, tone="warn")


def _page(request: Request, form: CodeForm, wanted: str, *, status: int = 200) -> Response:
    context = {"form": form, "next": own_path(wanted, home_of(STAFF))}
    return render(request, "pages/entry/staff_code.html", context, status=status)
