"""Nobody is shown what they may not do: every link and every form of the desk leads where the reader's role may go."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from portal.web.staff.roles import EVERYBODY
from tests.portal.web.conftest import Door
from tests.portal.web.played_desk import play_desk
from tests.portal.web.test_access import STAFF_ADDRESSES

pytestmark = pytest.mark.committed

LINK = re.compile(r'<a [^>]*href="(/staff[^"?#]*)')
FORM = re.compile(r"<form([^>]*)>(.*?)</form>", re.DOTALL)
ACTION = re.compile(r'(?:form)?action="(/staff[^"?#]*)')
# Fixed addresses before those with a parameter in the same place, as the routes have it.
PATTERNS = [
    (method, path, re.compile(re.sub(r"{\w+}", "[^/]+", path)))
    for method, path in sorted(STAFF_ADDRESSES, key=lambda address: address[1].replace("{", "~"))
]


def roles_at(method: str, url: str) -> tuple[str, ...] | str:
    """Whom the table lets in there; everybody where it is public (the login, the logout)."""
    for known, path, pattern in PATTERNS:
        if known == method and pattern.fullmatch(url):
            return STAFF_ADDRESSES[method, path]
    return EVERYBODY


def offered(page: str) -> set[tuple[str, str]]:
    """Every address that the page leads to, with its method."""
    found = {("GET", url) for url in LINK.findall(page)}
    for attributes, inside in FORM.findall(page):
        method = "POST" if 'method="post"' in attributes else "GET"
        found |= {(method, url) for url in ACTION.findall(f"{attributes} {inside}")}
    return found


def forbidden(client: TestClient, role: str, pages: list[str]) -> tuple[list[str], set[tuple[str, str]]]:
    """What the pages offer this role against the table; and all that they offer."""
    wrong, everything = [], set()
    for url in pages:
        answer = client.get(url)
        if answer.status_code != 200:
            continue
        for method, target in offered(answer.text):
            everything.add((method, target))
            if role not in roles_at(method, target):
                wrong.append(f"{url} offers {method} {target}")
    return wrong, everything


@pytest.mark.parametrize("role", EVERYBODY)
def test_no_page_offers_what_the_role_is_refused(door: Door, role: str) -> None:
    real = play_desk()
    pages = [
        path.format(**real) for (method, path), roles in STAFF_ADDRESSES.items() if method == "GET" and role in roles
    ]

    wrong, everything = forbidden(door.employee(role), role, pages)

    assert wrong == []
    if role == "owner":
        # The crawl is worth something only if the buttons are really there.
        posts = {target for method, target in everything if method == "POST"}
        for path in (
            "/staff/contracts/{contract_id}/end",
            "/staff/payments/{payment_id}/checks",
            "/staff/charging/pause",
        ):
            assert path.format(**real) in posts, path
