from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from kernel.settings import Settings
from portal.web.kit import limits
from portal.web.kit.frame import Kit
from portal.web.kit.headers import CONTENT_SECURITY_POLICY, SecurityHeaders
from portal.web.kit.install import install_kit
from portal.web.kit.limits import Admission, WholeBody

EVERY_KIND = ["/pages/customer", "/leave", "/nowhere", "/crash", "/refused", "/static/app.js", "/static/none.js"]


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A caller who says nothing about where a request comes from."""
    with TestClient(app, "http://localhost:8000", headers={"Accept": "text/html"}, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("path", EVERY_KIND)
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "payment=()" in headers["permissions-policy"]
    assert len(headers["x-request-id"]) == 32


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "data:" not in CONTENT_SECURITY_POLICY
    assert {part.split()[1] for part in CONTENT_SECURITY_POLICY.split("; ")} == {"'none'", "'self'"}


def test_pages_are_not_stored_and_static_files_are(client: TestClient) -> None:
    assert client.get("/pages/customer").headers["cache-control"] == "no-store"
    assert client.get("/nowhere").headers["cache-control"] == "no-store"
    assert client.get("/static/app.js").headers["cache-control"].startswith("public")


def test_strict_transport_only_over_https(client: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/pages/customer").headers
    secured = TestClient(SecurityHeaders(PlainTextResponse("ok"), https=True))
    assert "includeSubDomains" in secured.get("/").headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
        ({"Sec-Fetch-Site": "none"}, 422),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}, 403),
        ({"Origin": "http://localhost:8000"}, 422),
        ({"Origin": "http://localhost:9000"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://localhost:8000", "Host": "behind-a-proxy"}, 422),
    ],
)
def test_a_form_from_another_site_is_refused(stranger: TestClient, headers: dict[str, str], status: int) -> None:
    assert stranger.post("/pages/entry", headers=headers).status_code == status
    assert stranger.post("/pages/entry", headers=headers | {"HX-Request": "true"}).status_code == status


def test_reading_and_webhooks_need_no_origin(stranger: TestClient) -> None:
    assert stranger.get("/pages/entry", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert stranger.post("/webhooks/gateway", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_large_body_is_refused_whether_declared_or_not(client: TestClient) -> None:
    much = b"a" * (limits.LARGEST_BODY + 1)
    assert client.post("/pages/entry", content=much).status_code == 413

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(much), 65536):
            yield much[start : start + 65536]

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/pages/entry", content=in_pieces(), headers=form).status_code == 413
    assert client.post("/pages/entry", headers={"Content-Length": "-1"}).status_code == 413


def test_a_form_with_too_many_fields_or_a_file_is_refused(client: TestClient) -> None:
    assert client.post("/pages/entry", data={f"f{n}": "1" for n in range(500)}).status_code == 400
    assert client.post("/pages/entry", files={"email": b"x"}).status_code == 400


def test_no_more_requests_are_inside_than_the_gate_admits() -> None:
    inside, most = 0, 0

    async def slow(_scope: Scope, _receive: Receive, _send: Send) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1

    async def crowd() -> None:
        gate = Admission(slow, at_a_time=3)
        await asyncio.gather(*(gate(_scope("/pages"), _no_body, _nowhere) for _ in range(20)))

    asyncio.run(crowd())
    assert most == 3


def test_who_waits_too_long_at_the_gate_is_told_so(app: FastAPI) -> None:
    answers: list[Message] = []

    async def collect(message: Message) -> None:
        answers.append(message)

    async def stuck(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(0.2)

    async def two() -> None:
        gate = Admission(stuck, at_a_time=1, longest_wait_s=0.01)
        await asyncio.gather(*(gate(_scope("/pages", app), _no_body, collect) for _ in range(2)))

    asyncio.run(two())
    assert answers[0]["status"] == 503


def test_bodies_that_do_not_come_keep_nobody_else_waiting(app: FastAPI) -> None:
    answers: list[Message] = []

    async def collect(message: Message) -> None:
        answers.append(message)

    async def silence() -> Message:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    async def a_reader_among_slow_writers() -> None:
        form = [(b"sec-fetch-site", b"same-origin"), (b"content-type", b"application/x-www-form-urlencoded")]
        posting = {**_scope("/pages/entry", app), "method": "POST", "headers": form}
        writers = [asyncio.create_task(app(posting, silence, _nowhere)) for _ in range(limits.AT_A_TIME)]
        await asyncio.sleep(0.2)
        await asyncio.wait_for(app(_scope("/pages/customer", app), _no_body, collect), 10)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)

    asyncio.run(a_reader_among_slow_writers())
    assert answers[0]["status"] == 200


def test_a_body_that_takes_too_long_is_given_up(app: FastAPI) -> None:
    answers: list[Message] = []

    async def collect(message: Message) -> None:
        answers.append(message)

    async def trickle() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"a", "more_body": True}

    async def never(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("the body has not come")

    gate = WholeBody(never, longest_wait_s=0.1)
    asyncio.run(gate({**_scope("/pages/entry", app), "method": "POST"}, trickle, collect))
    assert answers[0]["status"] == 408


def test_whoever_hangs_up_in_the_middle_of_a_body_reaches_no_page(app: FastAPI) -> None:
    async def hung_up() -> Message:
        return {"type": "http.disconnect"}

    async def never(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("nobody is there")

    asyncio.run(WholeBody(never)({**_scope("/pages/entry", app), "method": "POST"}, hung_up, _nowhere))


def test_a_crash_answers_with_words_the_request_id_and_no_details(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/crash")
    assert answer.status_code == 500
    assert "Ошибка на нашей стороне" in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert "the wire broke" not in answer.text
    assert "Traceback" not in answer.text


def test_a_crash_page_that_crashes_still_answers(settings: Settings) -> None:
    app = FastAPI()

    def no_brand() -> None:
        raise ConnectionError

    install_kit(app, Kit(settings, brand=no_brand, beat=lambda: None))  # type: ignore[arg-type]
    answer = TestClient(app).get("/nowhere", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.text) == (500, "500 Internal Server Error\n")
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "Такой страницы нет"),
        ("/missing", 404, "Такой страницы нет"),
        ("/numbers/nine", 404, "Такой страницы нет"),
        ("/numbers/9?size=big", 422, "Не удалось разобрать запрос"),
        ("/refused", 409, "Автоплатёж уже отключён"),
        ("/tired", 429, "Подождите 5 минут"),
    ],
)
def test_an_error_is_a_page_with_a_way_out(client: TestClient, path: str, status: int, words: str) -> None:
    page = client.get(path)
    assert (page.status_code, words in page.text) == (status, True)
    assert "На главную" in page.text
    toast = client.get(path, headers={"HX-Request": "true"})
    assert (toast.status_code, words in toast.text, "<html" in toast.text) == (status, True, False)
    assert (toast.headers["hx-retarget"], toast.headers["hx-reswap"]) == ("#toasts", "beforeend")
    machine = client.get(path, headers={"Accept": "application/json"})
    assert machine.text.startswith(str(status))


def test_the_wrong_method_and_its_headers(client: TestClient) -> None:
    answer = client.post("/missing")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert client.get("/tired").headers["retry-after"] == "300"


def test_staff_are_led_back_to_the_desk(client: TestClient) -> None:
    assert "На рабочее место" in client.get("/staff/nowhere").text


def test_a_request_id_from_outside_is_kept_only_if_it_is_harmless(client: TestClient) -> None:
    assert client.get("/nowhere", headers={"X-Request-ID": "abc-12345"}).headers["x-request-id"] == "abc-12345"
    for forged in ("a b", "x" * 100, "<script>"):
        assert client.get("/nowhere", headers={"X-Request-ID": forged}).headers["x-request-id"] != forged


def _scope(path: str, app: FastAPI | None = None) -> Scope:
    return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "app": app}


async def _no_body() -> Message:
    return {"type": "http.request", "body": b""}


async def _nowhere(_message: Message) -> None:
    pass
