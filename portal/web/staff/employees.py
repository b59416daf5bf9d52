"""The employees: who works here in which role, inviting, changing roles, closing access. For owners."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from kernel.clock import real_now
from kernel.db import ReadSession, Session
from kernel.errors import NotFound, Refused
from portal.accounts.sessions import SignedIn
from portal.accounts.staff import invite_again, invite_by_letter
from portal.accounts.staff_access import change_role, let_in, reset_second_factor, shut_out
from portal.accounts.throttles import LETTER_FROM, LETTER_TO
from portal.audit.recording import changed, record_act
from portal.web.entry.attempts import count
from portal.web.kit.filters import ago
from portal.web.kit.forms import Posted
from portal.web.kit.guards import ROLE_WORDS, needs_second_factor, visitor
from portal.web.kit.i18n import gettext as _
from portal.web.kit.redirects import go_to
from portal.web.kit.render import render
from portal.web.kit.routing import Db, ReadDb, Router
from portal.web.staff.employee_forms import InvitationForm, RoleForm
from portal.web.staff.queries.employees import Employee, find_employee, list_employees
from portal.web.staff.roles import EVERYBODY, StaffManager, all_rights

router = Router()
LIST = "/staff/users"
CARD = LIST + "/{user_id}"


@router.get(LIST, name="staff.users.list")
def list_all(request: Request, _staff: StaffManager, db: ReadDb) -> Response:
    """Everybody, and what each role may do."""
    context = {
        "employees": list_employees(db),
        "rights": all_rights(),
        "roles": EVERYBODY,
        "role_words": ROLE_WORDS,
        "since": _since,
    }
    return render(request, "pages/staff/users.html", context)


@router.get(LIST + "/new", name="staff.users.new")
def show_new(request: Request, _staff: StaffManager) -> Response:
    """The empty form."""
    return _invitation_page(request, InvitationForm())


@router.post(LIST, name="staff.users.create")
def create(request: Request, posted: Posted, staff: StaffManager, db: Db) -> Response:
    """Send the invitation, or say what is wrong and keep what was typed."""
    form = InvitationForm(posted)
    if not form.validate():
        return _invitation_page(request, form, status=422)
    email, role = str(form.email.data), str(form.role.data)
    count((LETTER_TO, email.lower()), (LETTER_FROM, visitor(request).network))
    try:
        user = invite_by_letter(db, email, str(form["name"].data), role, now=real_now())
    except Refused as refused:
        form.refuse("email", str(refused))
        return _invitation_page(request, form, status=422)
    record_act(db, staff, "user.invited", "user", user.id, request=request, details={"role": role})
    return go_to(request, LIST, say=_("Приглашение отправлено"))


@router.get(CARD, name="staff.users.show")
def show(request: Request, user_id: UUID, staff: StaffManager, db: ReadDb) -> Response:
    """One employee, and what may be done about their access."""
    employee = _found(db, user_id)
    return _card_page(request, staff, employee, RoleForm(data={"role": employee.role}))


@router.post(CARD + "/role", name="staff.users.role")
def update_role(request: Request, user_id: UUID, posted: Posted, staff: StaffManager, db: Db) -> Response:
    """Give another role; their sessions end at once."""
    _refuse_oneself(staff, user_id)
    employee, form = _found(db, user_id), RoleForm(posted)
    if not form.validate():
        return _card_page(request, staff, employee, form, status=422)
    role = str(form.role.data)
    before = change_role(db, user_id, role, now=real_now())
    if before is None:
        return go_to(request, CARD.format(user_id=user_id), say=_("Эта роль у сотрудника уже есть"))
    details = {"role": changed(before, role)}
    record_act(db, staff, "user.role_changed", "user", user_id, request=request, details=details)
    return go_to(request, CARD.format(user_id=user_id), say=_("Роль изменена. Сотруднику нужно войти снова"))


@router.post(CARD + "/access", name="staff.users.access")
def update_access(request: Request, user_id: UUID, posted: Posted, staff: StaffManager, db: Db) -> Response:
    """Close somebody's access, at once, or open it again. The button says what is to be: a second press finds it done."""
    _refuse_oneself(staff, user_id)
    wanted = posted.get("access")
    if wanted == "closed":
        if shut_out(db, user_id, now=real_now()):
            record_act(db, staff, "user.shut_out", "user", user_id, request=request)
        return go_to(request, CARD.format(user_id=user_id), say=_("Доступ закрыт, вход завершён на всех устройствах"))
    if wanted != "open":
        raise Refused(_("Обновите страницу и нажмите кнопку ещё раз"))
    if let_in(db, user_id):
        record_act(db, staff, "user.let_in", "user", user_id, request=request)
    return go_to(request, CARD.format(user_id=user_id), say=_("Доступ открыт"))


@router.post(CARD + "/authenticator/removal", name="staff.users.second_step")
def reset_authenticator(request: Request, user_id: UUID, staff: StaffManager, db: Db) -> Response:
    """Take away the second step of somebody who lost the phone; they get a letter."""
    _refuse_oneself(staff, user_id)
    if not reset_second_factor(db, user_id, now=real_now()):
        return go_to(request, CARD.format(user_id=user_id), say=_("Второго шага у сотрудника и так нет"))
    record_act(db, staff, "user.authenticator_reset", "user", user_id, request=request)
    return go_to(request, CARD.format(user_id=user_id), say=_("Второй шаг сброшен. Сотрудник получит письмо"))


@router.post(CARD + "/invitation", name="staff.users.invite_again")
def repeat_invitation(request: Request, user_id: UUID, staff: StaffManager, db: Db) -> Response:
    """Send a new link to who has not come in yet."""
    user = invite_again(db, user_id, now=real_now())
    count((LETTER_TO, user.email.lower()), (LETTER_FROM, visitor(request).network))
    record_act(db, staff, "user.invited", "user", user_id, request=request, details={"role": user.staff_role})
    return go_to(request, CARD.format(user_id=user_id), say=_("Новая ссылка отправлена, прежняя больше не подходит"))


def _refuse_oneself(staff: SignedIn, user_id: UUID) -> None:
    # A slip here would cost the owner their own access; a colleague can do it on purpose.
    if staff.user_id == user_id:
        raise Refused(_("Свой доступ меняет другой владелец"))


def _found(db: ReadSession | Session, user_id: UUID) -> Employee:
    employee = find_employee(db, user_id)
    if employee is None:
        raise NotFound
    return employee


def _since(employee: Employee) -> str:
    """How long ago they came in: logins run on real time, the product may not."""
    return ago(employee.last_login_at, real_now()) if employee.last_login_at else ""


def _invitation_page(request: Request, form: InvitationForm, *, status: int = 200) -> Response:
    return render(request, "pages/staff/user_new.html", {"form": form, "rights": all_rights()}, status=status)


def _card_page(request: Request, staff: SignedIn, employee: Employee, form: RoleForm, *, status: int = 200) -> Response:
    context = {
        "employee": employee,
        "form": form,
        "is_me": employee.id == staff.user_id,
        "role_words": ROLE_WORDS,
        "since": _since,
        "step_required": needs_second_factor(request),
    }
    return render(request, "pages/staff/user.html", context, status=status)
