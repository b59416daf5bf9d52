"""The whole application, its mirror and the sandbox's Bitrix24, as employees see them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from httpx2 import Response

from crm_sync.web import queries, trouble
from kernel.db import begin
from payments.customers.registration import CustomerData, create_customer
from portal.app import build_app
from tests.crm_sync.conftest import Portal
from tests.portal.web.conftest import Door


@pytest.fixture
def desk(portal: Portal) -> Iterator[Door]:
    """The application, connected to the sandbox's Bitrix24; pages know at once whether that answers."""
    lives = [(kept, kept.life_s) for kept in (trouble._status, queries._many_linked)]
    for kept, _ in lives:
        kept.life_s = 0.0
    yield Door(build_app())
    for kept, life_s in lives:
        kept.life_s = life_s
        kept.forget()


def words(answer: Response) -> str:
    """What the page says, without markup, each space one."""
    assert answer.status_code == 200, answer.status_code
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def new_customer(name: str = "Анна Ковалёва", email: str = "anna@example.com", **more: str) -> UUID:
    """Somebody new, of whom the CRM does not know yet."""
    with begin() as session:
        return create_customer(session, CustomerData(name, email=email, **more)).id
