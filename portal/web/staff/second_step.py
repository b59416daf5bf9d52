"""The second step of an employee's own login: setting up the app, backup codes, taking it away where it is optional."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from starlette.responses import PlainTextResponse, Response

from kernel.clock import real_now
from kernel.db import read
from kernel.errors import NotFound, Refused
from portal.accounts.errors import WrongCode, WrongPassword
from portal.accounts.models import User
from portal.accounts.profile import require_password
from portal.accounts.second_factor.backup_codes import replace_codes
from portal.accounts.second_factor.checking import check_code, has_authenticator
from portal.accounts.second_factor.enrolling import Offer, enrol, make_offer, remove
from portal.accounts.second_factor.totp import setup_address
from portal.accounts.sessions import STAFF, SignedIn
from portal.accounts.throttles import CODE_HERE, CODE_TO, PASSWORD_HERE
from portal.audit.recording import record_act
from portal.web.entry.attempts import count
from portal.web.entry.forms import CodeForm, EnrolForm, ask_passwords_again
from portal.web.kit.forms import Posted
from portal.web.kit.frame import Kit
from portal.web.kit.guards import ENROL_PAGE, CurrentStaff, StaffToEnrol, needs_second_factor, take_session_away
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, Router
from portal.web.staff import fresh_codes
from portal.web.staff.qr import qr_svg

router = Router()
_SECURITY = "/staff/security"
# Whoever has just given the password need not give it again.
_FRESH = timedelta(minutes=10)


@router.get(ENROL_PAGE, name="staff.security.enrol")
def show_enrolment(request: Request, staff: StaffToEnrol) -> Response:
    """The QR code, the secret to type, the field for the first code. Looking changes nothing: each look is a new secret."""
    return _enrolment_page(request, staff, EnrolForm(), make_offer(staff.user_id))


@router.post(ENROL_PAGE, name="staff.security.enrol.create")
def create_enrolment(request: Request, posted: Posted, staff: StaffToEnrol, db: Db) -> Response:
    """Take the app into use and show the backup codes; the form comes back with the same secret when the code is wrong."""
    form, sealed = EnrolForm(posted), str(posted.get("offer", ""))
    replaces = has_authenticator(db, staff.user_id)
    form.ask(password=_asks_password(staff, replaces=replaces), earlier_code=replaces)
    if form.validate():
        count((CODE_HERE, str(staff.session_id)), (CODE_TO, str(staff.user_id)))
        if _proves(db, staff, form):
            try:
                codes = enrol(
                    db, staff.user_id, staff.session_id, sealed=sealed, code=str(form.code.data), now=real_now()
                )
            except WrongCode:
                form.refuse("code", _("Код не подошёл. Проверьте, что добавили именно этот ключ, и введите новый код"))
            else:
                act = "user.authenticator_replaced" if replaces else "user.authenticator_added"
                record_act(db, staff, act, "user", staff.user_id, request=request)
                return _show_codes(request, staff, codes)
    db.rollback()  # an earlier code that was right is not used up by a new one that was wrong
    ask_passwords_again(form)
    return _enrolment_page(request, staff, form, make_offer(staff.user_id, sealed), status=422)


@router.post(ENROL_PAGE + "/removal", name="staff.security.enrol.remove")
def remove_app(request: Request, posted: Posted, staff: CurrentStaff, db: Db) -> Response:
    """Go back to the password alone, where that is allowed; the login begins anew.

    Raises:
        Refused: employees need the second step here, or there is none.
    """
    if needs_second_factor(request):
        raise Refused(_("Без второго шага здесь не работают. Можно только настроить другое приложение"))
    form = CodeForm(posted)
    if not _right_code(db, staff, form):
        return _codes_page(request, staff, form, status=422)
    remove(db, db.get_one(User, staff.user_id), now=real_now(), by_owner=False)
    record_act(db, staff, "user.authenticator_removed", "user", staff.user_id, request=request)
    response = go_to(request, "/staff/login", say=_("Второй шаг отключён. Войдите снова, теперь только с паролем"))
    take_session_away(response, request, STAFF)
    return response


@router.get(fresh_codes.PAGE, name="staff.security.codes")
def show_codes(request: Request, staff: CurrentStaff) -> Response:
    """The codes that were just made, or how to make new ones."""
    codes = fresh_codes.waiting_codes(request, staff.user_id)
    if codes:
        return render(request, "pages/staff/backup_codes.html", {"codes": codes})
    return _codes_page(request, staff, CodeForm())


@router.get(fresh_codes.PAGE + "/file", name="staff.security.codes.file")
def download_codes(request: Request, staff: CurrentStaff) -> Response:
    """The same as a text file.

    Raises:
        NotFound: they have been shown, and nobody can read them again.
    """
    codes = fresh_codes.waiting_codes(request, staff.user_id)
    if not codes:
        raise NotFound
    kit: Kit = request.app.state.kit
    text = "\n".join((f"{kit.brand().name}, {staff.email}", *codes)) + "\n"
    return PlainTextResponse(text, headers={"Content-Disposition": 'attachment; filename="kabinet-codes.txt"'})


@router.post(fresh_codes.PAGE, name="staff.security.codes.create")
def create_codes(request: Request, posted: Posted, staff: CurrentStaff, db: Db) -> Response:
    """Ten new codes; the earlier ones stop working. A code of the app is asked for."""
    form = CodeForm(posted)
    if not _right_code(db, staff, form):
        return _codes_page(request, staff, form, status=422)
    codes = replace_codes(db, staff.user_id)
    record_act(db, staff, "user.backup_codes_replaced", "user", staff.user_id, request=request)
    return _show_codes(request, staff, codes)


@router.post(fresh_codes.PAGE + "/saved", name="staff.security.codes.saved")
def forget_codes(request: Request, _staff: CurrentStaff) -> Response:
    """The employee has saved them: the browser forgets them."""
    response = go_to(request, _SECURITY, say=_("Запасные коды сохранены у вас. Здесь их больше не увидеть"))
    fresh_codes.forget_codes(response)
    return response


def _show_codes(request: Request, staff: SignedIn, codes: list[str]) -> Response:
    response = go_to(request, fresh_codes.PAGE)
    fresh_codes.leave_codes(response, request, staff.user_id, codes)
    return response


def _asks_password(staff: SignedIn, *, replaces: bool) -> bool:
    return not replaces and real_now() - staff.since > _FRESH


def _proves(db: Db, staff: SignedIn, form: EnrolForm) -> bool:
    """Whether who adds an app is who they say: by a code of the earlier app, else by the password."""
    try:
        if "earlier" in form:
            check_code(db, staff.user_id, str(form["earlier"].data), now=real_now())
        elif "current" in form:
            count((PASSWORD_HERE, str(staff.user_id)))
            require_password(db, staff.user_id, str(form["current"].data))
    except WrongCode:
        form.refuse("earlier", _("Код не подошёл"))
    except WrongPassword:
        form.refuse("current", _("Неверный пароль"))
    return not form.errors


def _right_code(db: Db, staff: SignedIn, form: CodeForm) -> bool:
    if not form.validate():
        return False
    count((CODE_HERE, str(staff.session_id)), (CODE_TO, str(staff.user_id)))
    try:
        check_code(db, staff.user_id, str(form.code.data), now=real_now())
    except WrongCode:
        form.refuse("code", _("Код не подошёл. Дождитесь следующего кода в приложении и введите его"))
        return False
    return True


def _enrolment_page(request: Request, staff: SignedIn, form: EnrolForm, offer: Offer, *, status: int = 200) -> Response:
    with read() as session:
        replaces = has_authenticator(session, staff.user_id)
    form.ask(password=_asks_password(staff, replaces=replaces), earlier_code=replaces)
    kit: Kit = request.app.state.kit
    address = setup_address(offer.secret, account=staff.email, issuer=kit.brand().name)
    context = {
        "form": form,
        "offer": offer.sealed,
        "secret": " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
        "address": address,
        "qr": qr_svg(address, label=_("QR-код для приложения с кодами")),
        "replaces": replaces,
        "required": needs_second_factor(request) and not staff.second_factor,
    }
    return render(request, "pages/staff/authenticator.html", context, status=status)


def _codes_page(request: Request, staff: SignedIn, form: CodeForm, *, status: int = 200) -> Response:
    with read() as session:
        context = {
            "form": form,
            "has_app": has_authenticator(session, staff.user_id),
            "may_remove": not needs_second_factor(request),
        }
    return render(request, "pages/staff/second_step.html", context, status=status)
