"""Confirming an address. Opening the letter's link changes nothing: programs that scan mail open links too."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.responses import Response

from kernel.clock import real_now
from kernel.db import begin
from portal.accounts.confirmation import Proof, confirm_address, correct_address, send_confirmation
from portal.accounts.errors import LinkGone, WrongPassword
from portal.accounts.sessions import CUSTOMER, end_by_cookie, start_session
from portal.accounts.throttles import LETTER_AGAIN, LETTER_FROM, LETTER_TO, PASSWORD_HERE
from portal.accounts.tokens import CHANGE_EMAIL, CONFIRM_EMAIL, Link, look_at
from portal.web.entry.attempts import count, note
from portal.web.entry.forms import AddressForm, KnownPasswordForm
from portal.web.entry.letters_state import letters_are_late
from portal.web.entry.pace import even_pace
from portal.web.entry.pending import forget_pending, read_pending
from portal.web.kit.forms import Posted
from portal.web.kit.guards import CONFIRM_PAGE, give_session, session_token, signed_in, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.i18n import ngettext
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router

router = Router()
GONE = 410
_MINUTE_S = 60


def _proof_of(request: Request) -> Proof:
    found, pending = signed_in(request, CUSTOMER), read_pending(request)
    return Proof(user_id=found.user_id if found else None, mark=pending.mark if pending else "")


# Before the session of a page, as any guard.
Here = Annotated[Proof, Depends(_proof_of)]


@router.get("/email/confirm", name="entry.confirm")
def show_waiting(request: Request) -> Response:
    """Where the letter went, and how to get another."""
    return _waiting_page(request, AddressForm())


@router.post("/email/letter", name="entry.confirm.letter")
def send_letter_again(request: Request) -> Response:
    """The same letter once more, at most once a minute; too soon is answered by the same page."""
    email = _waiting_address(request)
    try:
        count((LETTER_AGAIN, email.lower()), (LETTER_TO, email.lower()), (LETTER_FROM, visitor(request).network))
    except HTTPException as refusal:
        return _too_soon(request, int((refusal.headers or {})["Retry-After"]))
    with even_pace(), begin() as session:
        send_confirmation(session, email, now=real_now())
    return go_to(request, CONFIRM_PAGE, say=_("Отправляем письмо ещё раз"))


@router.post("/email/address", name="entry.confirm.address")
def change_waiting_address(request: Request, posted: Posted) -> Response:
    """Another address for a cabinet that is signed in and not confirmed yet."""
    found = signed_in(request, CUSTOMER)
    if found is None or found.confirmed:
        return go_to(request, CONFIRM_PAGE)
    form = AddressForm(posted)
    if not form.validate():
        return _waiting_page(request, form, status=422)
    email = str(form.email.data)
    count((LETTER_TO, email.lower()), (LETTER_FROM, visitor(request).network))
    note(LETTER_AGAIN, email.lower())
    with even_pace(), begin() as session:
        correct_address(session, found.user_id, email, now=real_now())
    return go_to(request, CONFIRM_PAGE, say=_("Отправляем письмо на новый адрес"))


@router.get("/email/confirm/{token}", name="entry.confirm.link")
def show_link(request: Request, token: str, here: Here, db: ReadDb) -> Response:
    """The page of the letter: a button, with the password where nothing else shows who registered; or why there is none."""
    try:
        link = look_at(db, token, CONFIRM_EMAIL, CHANGE_EMAIL, now=real_now())
    except LinkGone:
        return _gone_page(request, None)
    if not link.live:
        return _gone_page(request, link)
    return _link_page(request, token, link, here, KnownPasswordForm())


@router.post("/email/confirm/{token}", name="entry.confirm.use")
def use_link(request: Request, token: str, posted: Posted, here: Here, db: Db) -> Response:
    """The button: the address is proved. After a registration the person is signed in."""
    now = real_now()
    form = KnownPasswordForm(posted)
    if form.password.data:
        count((PASSWORD_HERE, token))
    try:
        confirmed = confirm_address(db, token, replace(here, password=form.password.data or None), now=now)
    except LinkGone:
        return _gone_page(request, _link_of(db, token))
    except WrongPassword:
        if form.validate():
            form.refuse("password", _("Это не тот пароль, с которым регистрировали кабинет"))
        return _link_page(request, token, look_at(db, token, CONFIRM_EMAIL, now=now), here, form, status=422)
    if confirmed.changed:
        return go_to(request, "/settings/profile", say=_("Новая почта подтверждена"))
    old = session_token(request, CUSTOMER)
    if old:
        end_by_cookie(db, old, now=now)
    response = go_to(request, "/", say=_("Почта подтверждена. Добро пожаловать!"))
    session = start_session(db, confirmed.user_id, CUSTOMER, visitor(request), now=now)
    give_session(response, request, CUSTOMER, session, remember=False)
    forget_pending(response, request)
    return response


def _waiting_address(request: Request) -> str:
    found = signed_in(request, CUSTOMER)
    pending = read_pending(request)
    if found and not found.confirmed:
        return found.email
    if found or pending is None:
        raise HTTPException(303, headers={"Location": "/" if found else "/login"})
    return pending.email


def _too_soon(request: Request, seconds: int) -> Response:
    response = _waiting_page(request, AddressForm(), status=429, again_in=_time_left(seconds))
    response.headers["Retry-After"] = str(seconds)
    return response


def _time_left(seconds: int) -> str:
    if seconds <= _MINUTE_S:
        return ngettext("%(n)d секунду", "%(n)d секунд", seconds) % {"n": seconds}
    minutes = math.ceil(seconds / _MINUTE_S)
    return ngettext("%(n)d минуту", "%(n)d минут", minutes) % {"n": minutes}


def _waiting_page(request: Request, form: AddressForm, *, status: int = 200, again_in: str = "") -> Response:
    context = {
        "again_in": again_in,
        "form": form,
        "email": _waiting_address(request),
        "signed_in": signed_in(request, CUSTOMER) is not None,
        "mail_late": letters_are_late(),
    }
    return render(request, "pages/entry/confirm.html", context, status=status)


def _link_page(
    request: Request, token: str, link: Link, here: Proof, form: KnownPasswordForm, *, status: int = 200
) -> Response:
    asked = link.purpose == CONFIRM_EMAIL and not here.is_at_hand(link.user)
    context = {"link": link, "token": token, "form": form if asked else None}
    return render(request, "pages/entry/confirm_link.html", context, status=status)


def _link_of(db: Db, token: str) -> Link | None:
    try:
        return look_at(db, token, CONFIRM_EMAIL, CHANGE_EMAIL, now=real_now())
    except LinkGone:
        return None


def _gone_page(request: Request, link: Link | None) -> Response:
    # A link that did its work is no failure: the person pressed twice, or comes back to an old letter.
    done = (
        link is not None and link.user.email_confirmed_at is not None and link.user.email.lower() == link.email.lower()
    )
    return render(
        request,
        "pages/entry/confirm_gone.html",
        {"done": done, "signed_in": signed_in(request, CUSTOMER) is not None},
        status=200 if done else GONE,
    )
