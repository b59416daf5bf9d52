from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from portal.web.kit import assets
from portal.web.kit.render import environment
from tests.portal.web.kit.conftest import sample_context

HTMX = {"HX-Request": "true"}
KIT = assets.ROOT / "templates" / "partials" / "kit"


@pytest.mark.parametrize("name", ["customer", "staff", "entry"])
def test_a_page_is_whole_without_htmx_and_a_fragment_with_it(client: TestClient, name: str) -> None:
    page = client.get(f"/pages/{name}")
    fragment = client.get(f"/pages/{name}", headers=HTMX)
    assert page.text.startswith("<!doctype html>")
    assert '<html lang="ru">' in page.text
    assert "<html" not in fragment.text
    assert "<h1>" in fragment.text
    assert "HX-Request" in page.headers["vary"]
    assert "HX-Request" in fragment.headers["vary"]


def test_htmx_gets_the_whole_page_when_it_restores_history(client: TestClient) -> None:
    restored = client.get("/pages/customer", headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "<html" in restored.text


def test_every_macro_is_used_on_the_sample_pages(client: TestClient) -> None:
    written = "".join(path.read_text("utf-8") for path in KIT.parents[1].rglob("*.html"))
    written += "".join(path.read_text("utf-8") for path in (assets.ROOT / "tests/portal/web/kit/pages").iterdir())
    unused = [macro for macro in environment().globals["kit"] if not re.search(rf"\b{macro}\(", written)]  # type: ignore[attr-defined]
    assert not unused


def test_the_current_section_is_marked_once_in_each_navigation(client: TestClient) -> None:
    page = client.get("/pages/customer").text
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page.split("<main")[0]) == ["/payments"]
    rail = client.get("/pages/staff").text.split("<main")[0]
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', rail) == ["/staff", "/staff"]


def test_a_misspelt_macro_is_an_error_not_an_empty_place(app: FastAPI) -> None:
    with pytest.raises(Exception, match="buton"):
        environment().from_string("{{ kit.buton('x') }}").render(sample_context())


def test_an_invalid_form_answers_422_and_keeps_what_was_typed(client: TestClient) -> None:
    answer = client.post("/pages/entry", data={"email": "<anna", "contract": "a", "way": "once"})
    assert answer.status_code == 422
    assert "<title>Ошибка: Регистрация — Тёплый контур</title>" in answer.text
    assert 'value="&lt;anna"' in answer.text
    assert '<div class="alert alert-danger summary" tabindex="-1" data-focus>' in answer.text
    assert '<a href="#email">' in answer.text
    assert 'aria-describedby="email-hint email-error" aria-invalid="true"' in answer.text


def test_htmx_gets_the_invalid_form_as_a_fragment(client: TestClient) -> None:
    answer = client.post("/pages/entry", data={"contract": "a", "way": "once"}, headers=HTMX)
    assert (answer.status_code, "<html" in answer.text) == (422, False)
    assert "data-focus" in answer.text


def test_a_password_never_comes_back(client: TestClient) -> None:
    answer = client.post("/pages/entry", data={"password": "correct horse", "contract": "a", "way": "once"})
    assert "correct horse" not in answer.text


def test_a_message_survives_one_redirect_and_is_said_once(client: TestClient) -> None:
    form = {"email": "anna@example.ru", "password": "correct horse", "offer": "y", "contract": "a", "way": "once"}
    answer = client.post("/pages/entry", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/pages/customer")
    assert "Кабинет создан" in client.get("/pages/customer").text
    assert "Кабинет создан" not in client.get("/pages/customer").text


def test_htmx_is_sent_on_by_its_own_header(client: TestClient) -> None:
    form = {"email": "anna@example.ru", "password": "correct horse", "offer": "y", "contract": "a", "way": "once"}
    answer = client.post("/pages/entry", data=form, headers=HTMX)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/pages/customer")


def test_a_forged_message_is_not_shown(client: TestClient) -> None:
    client.cookies.set("flash", "WyJcdTA0MTIiLCJvayJd.AAAA")
    assert 'class="alert alert-ok toast"' not in client.get("/pages/customer").text


def test_a_toast_goes_beside_a_fragment(client: TestClient) -> None:
    assert '<div id="toasts" hx-swap-oob="beforeend">' in client.get("/saved", headers=HTMX).text
    assert "hx-swap-oob" not in client.get("/saved").text


def test_the_way_to_the_gateway_is_a_page_with_a_link_that_goes_by_itself(client: TestClient) -> None:
    page = client.get("/leave").text
    assert '<meta http-equiv="refresh" content="0; url=https://pay.example/checkout?id=1&amp;a=2">' in page
    assert 'href="https://pay.example/checkout?id=1&amp;a=2"' in page
    assert client.get("/leave", headers=HTMX).headers["hx-redirect"] == "https://pay.example/checkout?id=1&a=2"


def test_theme_and_language_are_remembered_and_lead_back(client: TestClient) -> None:
    answer = client.post("/preferences", data={"theme": "dark", "next": "/pages/customer?a=1"})
    assert answer.headers["location"] == "/pages/customer?a=1"
    client.post("/preferences", data={"language": "en"})
    page = client.get("/pages/customer").text
    assert '<html lang="en" data-theme="dark">' in page
    assert "Skip to content" in page
    client.post("/preferences", data={"theme": "auto", "language": "klingon"})
    assert '<html lang="en">' in client.get("/pages/customer").text


def test_the_browser_does_not_choose_the_language_unasked(client: TestClient) -> None:
    assert '<html lang="ru">' in client.get("/pages/customer", headers={"Accept-Language": "en-GB"}).text


def test_a_page_says_that_the_money_is_not_real(client: TestClient) -> None:
    assert "Тестовый магазин: деньги не списываются" in client.get("/pages/customer").text


def test_pages_are_compressed_for_those_who_can_read_it(client: TestClient) -> None:
    assert client.get("/pages/customer").headers["content-encoding"] == "gzip"
    plain = client.get("/pages/customer", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
