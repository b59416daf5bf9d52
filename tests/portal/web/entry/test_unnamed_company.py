"""Before the owner has named the company nobody can agree with it: the pages say so, and what to do."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kernel.db import begin, read
from kernel.settings import get_settings
from payments.installation.setup import ensure_installation
from portal.accounts.models import User
from portal.legal.editions import SLUGS
from tests.portal.accounts.people import CHROME
from tests.portal.web.entry.conftest import entry_app
from tests.portal.web.entry.visits import form_of


@pytest.fixture
def visitor(committed: str) -> TestClient:
    """A browser at a new installation whose company is not named."""
    with begin() as session:
        ensure_installation(session, get_settings())
    headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": CHROME}
    return TestClient(entry_app(), base_url="http://localhost:8000", headers=headers, follow_redirects=False)


def test_registration_says_that_the_company_is_not_named_before_anything_is_typed(visitor: TestClient) -> None:
    page = visitor.get("/register")

    assert page.status_code == 503
    assert "Кабинет ещё не настроен" in page.text
    assert "kabinet admin company" in page.text


def test_a_registration_that_comes_all_the_same_is_not_stored(visitor: TestClient) -> None:
    page = visitor.post("/register", data=form_of())

    assert page.status_code == 503
    assert "Ничего не сохранено" in page.text
    with read() as session:
        assert session.scalar(select(func.count(User.id))) == 0


@pytest.mark.parametrize("slug", SLUGS)
def test_legal_texts_wait_for_the_company(visitor: TestClient, slug: str) -> None:
    for path in (f"/documents/{slug}", f"/documents/{slug}/1"):
        page = visitor.get(path)
        assert page.status_code == 503, path
        assert "kabinet admin company" in page.text


def test_the_owner_may_read_it_in_english(visitor: TestClient) -> None:
    visitor.cookies.set("lang", "en", domain="localhost.local")

    page = visitor.get("/register")

    assert page.status_code == 503
    assert "not set up yet" in page.text
