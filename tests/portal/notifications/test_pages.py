from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from kernel import clock
from kernel.clock import business_date, real_now
from kernel.db import Session, begin
from kernel.settings import get_settings
from payments.installation.setup import name_company
from portal.accounts.models import Membership, User
from portal.accounts.sessions import CUSTOMER, STAFF, Audience, start_session
from portal.accounts.visitor import Visitor
from portal.app import build_app
from portal.notifications import links
from portal.notifications.letters import queue_letter
from portal.notifications.models import Message
from tests.portal.notifications.story import COMPANY, story_with_autopay
from tests.portal.notifications.writing import stored

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("committed")]
HOME = "http://localhost:8000"
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Letters:
    """Anna's three letters, another customer's one, and a letter with a personal link."""

    anna: UUID
    warning: UUID
    foreign: UUID
    private: UUID


@pytest.fixture
def written() -> Letters:
    with begin() as session:
        anna, other = story_with_autopay(session), story_with_autopay(session, email="other@example.com")
        anna.announce()
        link = queue_letter(
            session,
            "reset_password",
            "anna@example.com",
            {"name": "Анна", "link": f"{HOME}/password/reset/very-secret"},
            dedupe_key="reset:1",
            customer_id=anna.customer.id,
        )
        assert link is not None
        return Letters(anna.customer.id, anna.letter("charge_announced").id, other.letter("payment_succeeded").id, link)


@pytest.fixture
def client() -> TestClient:
    app = build_app()
    # Without its lifespan: no thread of the application outlives the test's database.
    return TestClient(app, HOME, headers={"Accept": "text/html"}, follow_redirects=False)


def sign_in(
    client: TestClient, audience: Audience, *, customer_id: UUID | None = None, role: str | None = None
) -> None:
    with begin() as session:
        user = _user(session, role)
        if customer_id:
            session.add(Membership(user_id=user.id, customer_id=customer_id))
        token = start_session(session, user.id, audience, Visitor(None, None), now=real_now())
    client.cookies.set("kabinet" if audience == CUSTOMER else "kabinet_staff", token)


def _user(session: Session, role: str | None) -> User:
    user = User(
        email=f"{uuid4()}@example.com",
        name="Анна Ковалёва",
        password_hash="-",
        staff_role=role,
        email_confirmed_at=real_now(),
    )
    session.add(user)
    session.flush()
    return user


def test_a_customer_reads_the_letters_again(client: TestClient, written: Letters) -> None:
    sign_in(client, CUSTOMER, customer_id=written.anna)

    page = client.get("/messages")
    assert page.status_code == 200
    assert page.text.count('href="/messages/') == 3
    assert "Сброс" not in page.text
    letter = client.get(f"/messages/{written.warning}")
    assert letter.status_code == 200
    assert f'src="/messages/{written.warning}/body"' in letter.text
    assert "sandbox=" in letter.text
    assert "Отключить автоплатёж" in letter.text, "the plain text is there too"


def test_the_frame_lets_nothing_run_and_only_our_pages_hold_it(client: TestClient, written: Letters) -> None:
    sign_in(client, CUSTOMER, customer_id=written.anna)

    body = client.get(f"/messages/{written.warning}/body")

    policy = body.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert body.headers["Cache-Control"] == "no-store"
    assert '<base target="_top">' in body.text
    assert "frame-ancestors 'none'" in client.get("/messages").headers["Content-Security-Policy"]


@pytest.mark.parametrize("ending", ["", "/body"])
def test_another_customers_letter_and_a_personal_link_are_not_found(
    client: TestClient, written: Letters, ending: str
) -> None:
    sign_in(client, CUSTOMER, customer_id=written.anna)

    for message_id in (written.foreign, written.private, uuid4()):
        assert client.get(f"/messages/{message_id}{ending}").status_code == 404


def test_a_stranger_is_asked_to_sign_in(client: TestClient, written: Letters) -> None:
    for address in ("/messages", f"/messages/{written.warning}", f"/messages/{written.warning}/body"):
        assert client.get(address).headers["Location"].startswith("/login")
    for address in ("/staff/messages", f"/staff/messages/{written.warning}"):
        assert client.get(address).headers["Location"].startswith("/staff/login")


def test_a_customer_without_letters_is_told_so(client: TestClient, written: Letters) -> None:
    sign_in(client, CUSTOMER)

    assert "Писем о платежах пока нет" in client.get("/messages").text


def test_a_long_list_goes_on_without_showing_a_letter_twice(client: TestClient, written: Letters) -> None:
    with begin() as session:
        for n in range(30):
            queue_letter(
                session,
                "already_registered",
                "anna@example.com",
                {"name": f"Анна {n}"},
                dedupe_key=f"many:{n}",
                customer_id=written.anna,
            )
    sign_in(client, CUSTOMER, customer_id=written.anna)

    first = client.get("/messages")
    older = first.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = client.get(older)

    shown = [set(_ids(page.text)) for page in (first, second)]
    assert [len(ids) for ids in shown] == [25, 8]
    assert not shown[0] & shown[1]
    assert client.get("/messages?after=rubbish").status_code == 200


def test_staff_see_every_letter_and_filter_them(client: TestClient, written: Letters) -> None:
    sign_in(client, STAFF, role="viewer")

    assert set(_ids(client.get("/staff/messages").text)) >= {
        str(written.warning),
        str(written.foreign),
        str(written.private),
    }
    assert set(_ids(client.get("/staff/messages?kind=charge_announced").text)) == {str(written.warning)}
    assert set(_ids(client.get("/staff/messages?q=OTHER@example").text)) >= {str(written.foreign)}
    assert str(written.warning) not in client.get("/staff/messages?q=OTHER@example").text
    assert "Таких писем нет" in client.get("/staff/messages?q=100%25").text
    assert "Таких писем нет" in client.get("/staff/messages?status=failed").text


def test_staff_never_see_a_personal_link(client: TestClient, written: Letters) -> None:
    sign_in(client, STAFF, role="owner")

    page = client.get(f"/staff/messages/{written.private}")

    assert page.status_code == 200
    assert "very-secret" not in page.text
    assert "только получатель" in page.text
    assert client.get(f"/staff/messages/{written.private}/body").status_code == 404
    assert client.get(f"/staff/messages/{written.foreign}/body").status_code == 200


def test_a_personal_link_that_failed_is_not_offered_again(client: TestClient, written: Letters) -> None:
    _fail(written.private)
    sign_in(client, STAFF, role="owner")

    pages = [client.get(address).text for address in ("/staff/messages", f"/staff/messages/{written.private}")]

    for page in pages:
        assert f"/staff/messages/{written.private}/again" not in page
    assert "больше не хранится" in pages[1]
    assert client.post(f"/staff/messages/{written.private}/again", headers=OURS).status_code == 409


def test_a_failed_letter_is_sent_again_by_who_may(client: TestClient, written: Letters) -> None:
    _fail(written.foreign)
    address = f"/staff/messages/{written.foreign}/again"
    sign_in(client, STAFF, role="viewer")
    assert client.post(address, headers=OURS).status_code == 403

    sign_in(client, STAFF, role="manager")
    assert "Отправить ещё раз" in client.get(f"/staff/messages/{written.foreign}").text
    assert client.post(address, headers=OURS).status_code == 303
    assert (stored(written.foreign).status, stored(written.foreign).tries) == ("queued", 0)
    assert client.post(address, headers=OURS).status_code == 409, "it waits already"
    assert client.post(f"/staff/messages/{uuid4()}/again", headers=OURS).status_code == 404


def test_a_failed_warning_is_made_anew_not_repeated(client: TestClient, written: Letters) -> None:
    _fail(written.warning)
    sign_in(client, STAFF, role="owner")
    address = f"/staff/messages/{written.warning}/again"

    assert client.post(address, headers=OURS).status_code == 303

    assert stored(written.warning).status == "failed"
    assert client.post(address, headers=OURS).status_code == 409, "the new warning is on its way"


def _fail(message_id: UUID) -> None:
    with begin() as session:
        session.execute(
            update(Message).where(Message.id == message_id).values(status="failed", tries=18, error="550 нет ящика")
        )


def _ids(text: str) -> list[str]:
    links = [part.split('"')[0] for part in text.split("/messages/")[1:]]
    return [link for link in links if link.count("-") == 4]


def test_an_empty_outbox_says_so(client: TestClient) -> None:
    with begin() as session:
        name_company(session, COMPANY, get_settings())
    sign_in(client, STAFF, role="viewer")

    assert "Писем ещё не было" in client.get("/staff/messages").text


def test_every_link_in_a_letter_leads_to_a_page(client: TestClient) -> None:
    some = uuid4()
    addresses = (
        links.autopay(),
        links.stop_autopay(some),
        links.unlink_method(some),
        links.payment(10001),
    )

    for address in addresses:
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/login"), address


def test_staff_find_letters_by_their_day_and_a_bad_day_is_named(client: TestClient, written: Letters) -> None:
    sign_in(client, STAFF, role="viewer")
    today = business_date(clock.now())
    inside = client.get(
        "/staff/messages", params={"first_on": today.isoformat(), "last_on": today.strftime("%d.%m.%Y")}
    )
    before = client.get("/staff/messages", params={"last_on": (today - timedelta(days=1)).isoformat()})

    assert "Таких писем нет" not in inside.text
    assert "Таких писем нет" in before.text
    for query, reason in (
        ("first_on=вчера", "Введите дату как"),
        ("first_on=21.11.2026&last_on=20.11.2026", "Последний день раньше первого"),
    ):
        page = client.get(f"/staff/messages?{query}")
        assert page.status_code == 422
        assert reason in page.text
        assert "Исправьте условие" in page.text
