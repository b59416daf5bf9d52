"""Two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from kernel.clock import real_now
from kernel.db import begin
from payments.customers.models import Customer
from portal.accounts.confirmation import confirm_address
from portal.accounts.errors import BadCredentials, LinkGone
from portal.accounts.login import sign_in
from portal.accounts.models import User, UserSession
from portal.accounts.passwords import hash_password
from portal.accounts.registration import register
from portal.accounts.sessions import CUSTOMER
from tests.portal.accounts.people import HOME, OWN, last_token, letters_to, registration
from tests.support.blocking import meanwhile
from tests.support.business import open_company

pytestmark = pytest.mark.usefixtures("committed")


def test_a_form_sent_twice_at_once_makes_one_cabinet_whose_last_letter_works() -> None:
    with begin() as session:
        open_company(session)

    def send(_turn: int) -> None:
        with begin() as session:
            register(session, registration(), HOME, now=real_now())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))

    with begin() as session:
        assert session.scalar(select(func.count(User.id))) == 1
        assert session.scalar(select(func.count(Customer.id))) == 1
        assert {letter.kind for letter in letters_to(session, "anna@example.com")} == {"confirm_email"}
        working = [token for token in _tokens() if _works(token)]
        assert len(working) == 1


def test_of_two_presses_of_one_button_one_wins() -> None:
    with begin() as session:
        open_company(session)
        register(session, registration(), HOME, now=real_now())
        token = last_token(session, "anna@example.com")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(_works, [token] * 4)) == [False, False, False, True]


def test_a_login_that_a_change_of_the_password_overtook_begins_no_session() -> None:
    with begin() as session:
        open_company(session)
        register(session, registration(), HOME, now=real_now())
    with begin() as session:
        user = session.scalars(select(User).with_for_update()).one()
        with meanwhile(_sign_in) as running:
            user.password_hash = hash_password("another one entirely")
            session.commit()
            assert isinstance(running.exception(20), BadCredentials)

    with begin() as session:
        assert session.scalar(select(func.count(UserSession.id))) == 0


def _sign_in() -> None:
    form = registration()
    with begin() as session:
        sign_in(session, form.email, form.password, audience=CUSTOMER, visitor=HOME, now=real_now())


def _tokens() -> list[str]:
    with begin() as session:
        return [
            letter.text_body.split("/email/confirm/")[1].split()[0]
            for letter in letters_to(session, "anna@example.com")
        ]


def _works(token: str) -> bool:
    try:
        with begin() as session:
            confirm_address(session, token, OWN, now=real_now())
    except LinkGone:
        return False
    return True
