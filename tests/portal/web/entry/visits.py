"""What visitors type and receive."""

from __future__ import annotations

import re

from sqlalchemy import select
from starlette.testclient import TestClient

from kernel.clock import real_now
from kernel.db import begin
from portal.accounts.sessions import CUSTOMER, start_session
from portal.notifications.models import Message
from tests.portal.accounts.people import HOME, PASSWORD, confirmed


def form_of(**changed: str) -> dict[str, str]:
    """A good registration, with changes; an empty value stands for a field that is not sent."""
    form = {
        "name": "Анна Ковалёва",
        "email": "anna@example.com",
        "phone": "8 (916) 123-45-67",
        "password": PASSWORD,
        "offer": "y",
        "personal_data": "y",
    }
    return {name: value for name, value in (form | changed).items() if value}


def last_letter(email: str = "anna@example.com") -> Message:
    """The last letter to an address."""
    with begin() as session:
        found = session.scalars(select(Message).where(Message.recipient == email).order_by(Message.id.desc())).first()
    assert found, f"no letter to {email}"
    return found


def link_in(letter: Message) -> str:
    """The path of the link in a letter."""
    found = re.search(r"http://localhost:8000(/(?:email/confirm|password/reset)/[\w-]+)", letter.text_body)
    assert found
    return found[1]


def enter(client: TestClient, email: str = "anna@example.com") -> TestClient:
    """The browser of a registered and confirmed person who is signed in."""
    with begin() as session:
        user = confirmed(session, email)
        token = start_session(session, user.id, CUSTOMER, HOME, now=real_now())
    # http.cookiejar knows the host "localhost" by this name.
    client.cookies.set("kabinet", token, domain="localhost.local")
    return client
