"""A forgotten password."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from kernel.db import begin
from portal.accounts.errors import LinkGone, WeakPassword
from portal.accounts.recovery import request_reset, reset_password
from portal.accounts.throttles import LETTER_FROM, LETTER_TO
from portal.accounts.tokens import RESET_PASSWORD, look_at
from portal.web.entry.attempts import count
from portal.web.entry.forms import AddressForm, NewPasswordForm
from portal.web.entry.letters_state import letters_are_late
from portal.web.entry.pace import even_pace
from portal.web.kit.forms import Posted
from portal.web.kit.frame import Kit
from portal.web.kit.guards import visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router

router = Router()
GONE = 410


@router.get("/password/forgot", name="entry.password.forgot")
def show_forgotten(request: Request) -> Response:
    """Ask for the address."""
    return render(request, "pages/entry/forgot.html", {"form": AddressForm()})


@router.post("/password/forgot", name="entry.password.letter")
def send_reset_letter(request: Request, posted: Posted) -> Response:
    """Send the link to a known address; the answer is the same for an unknown one."""
    form = AddressForm(posted)
    if not form.validate():
        return render(request, "pages/entry/forgot.html", {"form": form}, status=422)
    email = str(form.email.data)
    count((LETTER_TO, f"reset {email.lower()}"), (LETTER_FROM, visitor(request).network))
    with even_pace(), begin() as session:
        request_reset(session, email, now=real_now())
    return go_to(request, "/password/sent")


@router.get("/password/sent", name="entry.password.sent")
def show_reset_sent(request: Request) -> Response:
    """What to do now, whoever asked."""
    return render(request, "pages/entry/forgot_sent.html", {"mail_late": letters_are_late()})


@router.get("/password/reset/{token}", name="entry.password.link")
def show_reset(request: Request, token: str, db: ReadDb) -> Response:
    """The form for a new password; opening the page uses nothing up."""
    try:
        link = look_at(db, token, RESET_PASSWORD, now=real_now())
    except LinkGone:
        return _gone_page(request)
    if not link.live:
        return _gone_page(request)
    return _page(request, NewPasswordForm(), token)


@router.post("/password/reset/{token}", name="entry.password.reset")
def update_password(request: Request, token: str, posted: Posted, db: Db) -> Response:
    """Set the new password and send the person to log in with it."""
    form = NewPasswordForm(posted)
    if not form.validate():
        return _page(request, form, token, status=422)
    kit: Kit = request.app.state.kit
    try:
        user = reset_password(db, token, str(form.password.data), brand=kit.brand().name, now=real_now())
    except WeakPassword as weak:
        form.refuse("password", str(weak))
        return _page(request, form, token, status=422)
    except LinkGone:
        return _gone_page(request)
    login = "/staff/login" if user.staff_role else "/login"
    return go_to(request, login, say=_("Пароль изменён. Войдите с новым паролем"))


def _page(request: Request, form: NewPasswordForm, token: str, *, status: int = 200) -> Response:
    return render(request, "pages/entry/reset.html", {"form": form, "token": token}, status=status)


def _gone_page(request: Request) -> Response:
    return render(request, "pages/entry/reset_gone.html", status=GONE)
