"""Owners invite employees, change their roles, close their access and reset a lost second step."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from kernel.db import begin, read
from portal.accounts.models import User, UserSession
from portal.accounts.sessions import STAFF
from portal.audit.models import AuditEntry
from portal.notifications.models import Message
from portal.web.staff.roles import EVERYBODY, all_rights
from tests.portal.web.played_desk import employee
from tests.portal.web.staff.conftest import Desk, session_of

pytestmark = pytest.mark.committed

LIST = "/staff/users"
NEW = {"name": "Анна Ковалёва", "email": "anna@example.com", "role": "accountant"}


@pytest.fixture
def oleg(company: None) -> UUID:
    """A manager."""
    with begin() as session:
        return employee(session, "oleg@example.com", "manager").id


def user(email: str = "oleg@example.com") -> User:
    with read() as session:
        return session.scalars(select(User).where(User.email == email)).one()


def test_everybody_is_listed_with_role_and_state(desk: Desk, oleg: UUID) -> None:
    page = desk("owner").get(LIST).text

    for words in ("oleg@example.com", "Менеджер", "ещё не входил", "Работает", "выключен"):
        assert words in page
    for right in all_rights():
        assert str(right.words) in page


def test_an_invitation_is_a_letter_with_a_link(desk: Desk, company: None) -> None:
    answer = desk("owner").post(LIST, data=NEW)

    assert answer.headers["location"] == LIST
    assert user("anna@example.com").staff_role == "accountant"
    with read() as session:
        letter = session.scalars(select(Message).where(Message.kind == "staff_invited")).one()
    assert letter.recipient == "anna@example.com"
    [link] = re.findall(r"http://localhost:8000(/password/reset/[\w-]+)", letter.text_body)
    assert "Приглашён" in desk("owner").get(LIST).text
    letters = desk("owner").get(f"/staff/messages/{letter.id}").text
    assert link not in letters, "whoever reads the link comes in with it"


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("name", "", "Введите имя"),
        ("email", "", "Введите почту"),
        ("email", "не адрес", ""),
        ("role", "god", ""),
        ("role", "", "Выберите роль"),
        ("email", "oleg@example.com", "уже есть в списке"),
    ],
)
def test_a_bad_invitation_stores_nothing_and_keeps_what_was_typed(
    desk: Desk, oleg: UUID, field: str, typed: str, reason: str
) -> None:
    client = desk("owner")
    answer = client.post(LIST, data=NEW | {field: typed})

    assert answer.status_code == 422
    assert reason in answer.text
    if field != "name":
        assert 'value="Анна Ковалёва"' in answer.text
    with read() as session:
        assert session.scalars(select(Message.id).where(Message.kind == "staff_invited")).all() == []
        assert session.scalars(select(User.id).where(User.email == "anna@example.com")).all() == []


def test_a_customers_address_is_refused(desk: Desk, company: None) -> None:
    with begin() as session:
        session.add(User(email="anna@example.com", name="Анна", password_hash="-"))

    answer = desk("owner").post(LIST, data=NEW)

    assert answer.status_code == 422
    assert "кабинет клиента" in answer.text


def test_another_role_and_closed_access_take_effect_on_the_next_click(desk: Desk, oleg: UUID) -> None:
    owner, theirs = desk("owner"), desk(role=None)
    theirs.cookies.set("kabinet_staff", session_of(oleg, STAFF))
    assert theirs.get("/staff/customers/new").status_code == 200

    owner.post(f"{LIST}/{oleg}/role", data={"role": "viewer"})
    assert theirs.get("/staff").status_code == 303
    theirs.cookies.set("kabinet_staff", session_of(oleg, STAFF))
    assert theirs.get("/staff/customers/new").status_code == 403

    owner.post(f"{LIST}/{oleg}/access", data={"access": "closed"})
    assert theirs.get("/staff").status_code == 303
    assert "Открыть доступ" in owner.get(f"{LIST}/{oleg}").text
    owner.post(f"{LIST}/{oleg}/access", data={"access": "open"})
    assert user().disabled_at is None


def test_nobody_changes_their_own_access(desk: Desk, company: None) -> None:
    client, me = signed_in_owner(desk)

    for path, form in (("role", {"role": "viewer"}), ("access", {"access": "closed"}), ("authenticator/removal", {})):
        answer = client.post(f"{LIST}/{me}/{path}", data=form)
        assert answer.status_code == 409, path
        assert "другой владелец" in answer.text
    assert user("me@example.com").staff_role == "owner"
    assert "/role" not in client.get(f"{LIST}/{me}").text


def signed_in_owner(desk: Desk) -> tuple[TestClient, UUID]:
    client = desk(role=None)
    with begin() as session:
        me = employee(session, "me@example.com", "owner").id
    client.cookies.set("kabinet_staff", session_of(me, STAFF))
    return client, me


def test_pressed_twice_it_is_done_and_recorded_once(desk: Desk, oleg: UUID) -> None:
    client = desk("owner")
    for _ in range(2):
        assert client.post(f"{LIST}/{oleg}/role", data={"role": "viewer"}).status_code == 303
        assert client.post(f"{LIST}/{oleg}/access", data={"access": "closed"}).status_code == 303

    with read() as session:
        acts = session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "user.role_changed")).one()
    assert acts == ["user.role_changed", "user.shut_out"]
    assert entry.details == {"role": {"before": "manager", "after": "viewer"}}


@pytest.mark.parametrize("form", [{}, {"role": ""}, {"role": "god"}])
def test_a_role_that_there_is_not_changes_nothing(desk: Desk, oleg: UUID, form: dict[str, str]) -> None:
    assert desk("owner").post(f"{LIST}/{oleg}/role", data=form).status_code == 422
    assert user().staff_role == "manager"
    assert set(EVERYBODY) == {"owner", "manager", "accountant", "viewer"}


def test_a_customers_login_is_no_employee(desk: Desk, company: None) -> None:
    with begin() as session:
        customer = User(email="anna@example.com", name="Анна", password_hash="-")
        session.add(customer)
        session.flush()
        session.add(
            UserSession(token_hash=b"-", user_id=customer.id, audience="customer", expires_at=customer.created_at)
        )

    assert desk("owner").get(f"{LIST}/{customer.id}").status_code == 404
    assert desk("owner").post(f"{LIST}/{customer.id}/role", data={"role": "owner"}).status_code == 404
    assert user("anna@example.com").staff_role is None
