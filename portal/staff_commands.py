"""What `kabinet admin` does about employees, for whoever may run commands on the server. The audit log keeps it too."""

from __future__ import annotations

from kernel.clock import real_now
from kernel.db import Session, begin
from kernel.errors import Refused
from portal.accounts.finding import by_email
from portal.accounts.models import User
from portal.accounts.staff import invite_staff
from portal.accounts.staff_access import reset_second_factor
from portal.audit.recording import record_act


def invite(email: str, name: str, role: str) -> str:
    """Give somebody a role; answers the link at which they set their password.

    Raises:
        Refused: the address is not one or belongs to a customer, there is no such role, or no owner would be left.
    """
    with begin() as session:
        try:
            link = invite_staff(session, email, name, role, now=real_now())
        except ValueError as error:
            raise Refused(f"{email}: {error}") from error
        user = _employee(session, email)
        record_act(session, None, "user.invited", "user", user.id, request=None, details={"role": role})
    return link


def reset(email: str) -> str:
    """Take away an employee's second step; answers what was done.

    Raises:
        Refused: there is no such employee.
    """
    with begin() as session:
        user = _employee(session, email)
        if not reset_second_factor(session, user.id, now=real_now()):
            return f"{email}: второго шага и так нет"
        record_act(session, None, "user.authenticator_reset", "user", user.id, request=None)
    return f"{email}: второй шаг сброшен, при следующем входе сотрудник настроит приложение заново"


def _employee(session: Session, email: str) -> User:
    user = by_email(session, email.strip())
    if user is None or user.staff_role is None:
        raise Refused(f"{email}: такого сотрудника нет")
    return user
