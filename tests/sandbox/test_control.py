from __future__ import annotations

import re
import smtplib
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.gateway import Client, charge, order
from tests.sandbox.process import Sandbox, start_sandbox

PAGES = ("/control/", "/docs", "/mail/", "/missing-letter")


def test_the_journal_pages_by_number(client: Client) -> None:
    for _ in range(5):
        client.got("/payments")
    first = client.web.get("/control/journal", params={"limit": 3}).json()
    rest = client.web.get("/control/journal", params={"since": first["next_since"]}).json()

    assert [entry["n"] for entry in first["items"]] == [1, 2, 3]
    assert [entry["n"] for entry in rest["items"]] == [4, 5]
    assert client.web.get("/control/journal", params={"since": 5}).json() == {"items": [], "next_since": 5}
    assert client.web.get("/control/journal", params={"since": "x"}).status_code == 400


def test_an_entry_tells_everything_about_a_call(client: Client) -> None:
    made = client.made("/payments", order(), key="k-1")
    refused = client.post("/payments", order("0.10"), key="k-2")

    good, bad = client.journal()

    assert set(good) == {
        "n", "at", "real_at", "system", "method", "path", "key", "payment_method_id", "request", "body", "status",
        "fault", "object_id", "outcome",
    }  # fmt: skip
    assert (good["key"], good["status"], good["object_id"], good["outcome"]) == ("k-1", 200, made["id"], "pending")
    assert good["request"] == order()
    assert good["body"].startswith('{"amount"')
    assert (bad["status"], bad["object_id"], bad["outcome"]) == (400, None, refused.json()["description"])


def test_targets_are_kept_by_a_reset_unless_asked(client: Client) -> None:
    client.control("targets", {"yookassa_url": "http://127.0.0.1:1/", "application_token": "t"})
    client.control("reset", {})
    assert client.web.get("/control/targets").json() == {
        "yookassa_url": "http://127.0.0.1:1/", "bitrix24_url": None, "application_token": "t",
    }  # fmt: skip
    client.control("reset", {"targets": True})
    assert set(client.web.get("/control/targets").json().values()) == {None}


@pytest.mark.parametrize("body", [{"moon_url": "x"}, {"yookassa_url": 5}])
def test_a_wrong_target_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert client.web.post("/control/targets", json=body).status_code == 400


def test_a_reset_forgets_everything(client: Client) -> None:
    method = client.saved_method()
    client.control("outcomes", {"payment_method_id": method, "outcomes": ["card_expired"]})
    client.fault("slow")
    client.control("clock", {"jump": "P1D"})
    client.control("reset", {})

    state = client.web.get("/control/state").json()
    assert set(state["counts"].values()) == {0}
    assert state["next_instant"] is None
    assert client.web.get("/control/clock").json()["shift_s"] == 0
    assert client.got("/payments")["items"] == []
    assert client.journal()[0]["n"] == 1
    assert client.web.get("/control/faults").json()["items"] == []


def test_the_state_names_the_next_instant(client: Client) -> None:
    payment = client.made("/payments", order())
    state = client.web.get("/control/state").json()
    assert state["counts"]["payments"] == 1
    assert (state["deliveries_due"], state["deliveries_in_flight"]) == (0, 0)
    assert state["next_instant"] > payment["created_at"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"account_id": 5}, {"account_id": "300"}, {"account_id": "100500", "moon": 1},
        {"account_id": "100500", "form_retries": "no"}, {"account_id": "100500", "name": 5},
    ],
)  # fmt: skip
def test_a_wrong_shop_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert client.web.post("/control/shops", json=body).status_code == 400


def test_several_shops_with_names_of_their_own(client: Client, running: Sandbox) -> None:
    client.control("shops", {"account_id": "200", "secret": "live_x", "name": "Школа"})
    assert [shop["account_id"] for shop in client.web.get("/control/shops").json()["items"]] == ["100500", "200"]
    school = Client(running, "200", "live_x")
    payment = school.made("/payments", order())
    assert payment["test"] is False
    assert "Школа" in client.web.get(f"/yookassa/pay/{payment['id']}").text
    school.close()


@pytest.mark.parametrize("path", PAGES)
def test_pages_bring_everything_from_here_and_nothing_inline(client: Client, path: str) -> None:
    page = client.web.get(path if path != "/missing-letter" else "/mail/77")
    html = page.text

    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\sstyle=|<style|\son\w+=", html)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)
    assert html.count("<h1") == 1
    assert '<html lang="ru">' in html


def test_every_file_that_the_pages_name_is_served(client: Client) -> None:
    html = "".join(client.web.get(path).text for path in ("/control/", "/mail/"))
    files = set(re.findall(r'(?:src|href)="(/(?:sandbox-)?static/[^"#]+)', html))
    assert files
    for file in files:
        assert client.web.get(file).status_code == 200, file


def test_the_docs_name_every_control(client: Client) -> None:
    html = client.web.get("/docs").text
    for path in ("clock", "clock/step", "faults", "outcomes", "targets", "journal", "reset", "state", "shops"):
        assert f'<code class="breakable">/control/{path}</code>' in html
    assert "/mail/messages" in html


def test_a_person_plays_a_day(client: Client) -> None:
    client.control("clock/step", {"rest": True, "next": None, "seen_shift_s": 0})
    answer = client.web.post("/control/play", data={"advance": "P1D"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/control/#clock")
    assert "Время идёт вперёд" in client.web.get("/control/").text
    client.control("reset", {})


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"to": "2020-01-01"}, "назад часы не идут"),
        ({"to": "soon"}, "Укажите дату"),
        ({}, "Укажите дату"),
    ],
)
def test_a_wrong_date_is_refused_in_words(client: Client, form: dict[str, str], words: str) -> None:
    answer = client.web.post("/control/play", data=form)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_person_scripts_a_cards_next_outcome(client: Client) -> None:
    method = client.saved_method()
    assert "MasterCard •••• 4444" in client.web.get("/control/").text
    answer = client.web.post("/control/script", data={"payment_method_id": method, "outcome": "insufficient_funds"})
    assert answer.status_code == 303
    assert re.search(r'value="insufficient_funds" selected', client.web.get("/control/").text)
    assert client.made("/payments", charge(method))["cancellation_details"]["reason"] == "insufficient_funds"
    page = client.web.get("/control/").text
    assert "не хватает денег" in page
    assert client.web.post("/control/script", data={"outcome": "odd"}).status_code == 422


def _listed(client: Client, asked: str) -> list[str]:
    html = client.web.get("/control/", params={"card": asked}).text
    return re.findall(r'name="payment_method_id" value="([^"]+)"', html)


def test_a_card_is_found_by_what_was_bought_by_its_mask_and_by_whom_letters_go_to(client: Client) -> None:
    annas = client.saved_method(description="Абонемент в бассейн, договор № 2025-0001", metadata={"invoice_id": "i-7"})
    boris = client.saved_method(description="Аренда офиса, договор № 2025-0002")
    with smtplib.SMTP("127.0.0.1", client.sandbox.smtp_port, timeout=10) as connection:
        told = EmailMessage()
        told["To"], told["From"] = "anna@example.com", "kabinet@example.com"
        told.set_content("Оплачено по счёту № 2025-0002. Спасибо!\nДоговор: № 2025-0001\n")
        connection.send_message(told)

    assert _listed(client, "") == [boris, annas], "the last paid first"
    for asked in ("ANNA@example.com", "2025-0001", "бассейн 4444", "i-7", annas):
        assert _listed(client, asked) == [annas], asked
    assert _listed(client, "4444") == [boris, annas]
    assert _listed(client, "бассейн 2025-0002") == []
    assert "anna@example.com" in client.web.get("/control/").text
    client.made("/payments", charge(annas, description="Абонемент в бассейн, договор № 2025-0001"))
    assert _listed(client, "") == [annas, boris]


def test_scripting_a_found_card_keeps_the_search(client: Client) -> None:
    form = {"payment_method_id": client.saved_method(), "outcome": "card_expired", "card": "mastercard 4444"}
    answer = client.web.post("/control/script", data=form)
    assert answer.headers["location"] == "/control/?card=mastercard+4444#cards"
    assert re.search(r'value="card_expired" selected', client.web.get(answer.headers["location"]).text)


def test_every_saved_card_is_listed(client: Client) -> None:
    made = {client.saved_method() for _ in range(15)}
    assert set(_listed(client, "")) == made


def test_the_page_leads_to_the_cabinet_that_is_told_of_payments(client: Client) -> None:
    client.control("targets", {"yookassa_url": "http://localhost:1/webhooks/yookassa/x"})
    page = client.web.get("/control/").text
    assert 'href="http://localhost:1/"' in page
    assert 'href="http://localhost:1/staff"' in page


def test_a_person_breaks_and_mends(client: Client) -> None:
    form = {"fault": "yookassa/error_500_before", "times": ""}
    assert client.web.post("/control/break", data=form).status_code == 303
    rule = client.web.get("/control/faults").json()["items"][0]
    assert (rule["kind"], rule["times"]) == ("error_500_before", None)
    assert client.api.get("/payments").status_code == 500
    assert client.web.post(f"/control/mend/{rule['id']}").status_code == 303
    assert client.api.get("/payments").status_code == 200
    assert client.web.post("/control/break", data={"fault": "moon/x"}).status_code == 422
    assert client.web.post("/control/break", data={**form, "times": "0"}).status_code == 422


@pytest.mark.parametrize("part", ["clock", "cards", "faults", "payments", "journal"])
def test_a_part_comes_anew_only_when_it_changed(client: Client, part: str) -> None:
    first = client.web.get(f"/control/parts/{part}")
    seen = re.search(r'data-seen="([0-9a-f]+)"', first.text)
    assert seen
    assert first.status_code == 200
    assert client.web.get(f"/control/parts/{part}", params={"seen": seen[1]}).status_code in {204, 200}
    client.fault("slow", match={"path": "/refunds"})
    client.saved_method()
    client.control("clock", {"jump": "P1D"})
    assert client.web.get(f"/control/parts/{part}", params={"seen": seen[1]}).status_code == 200
    assert client.web.get("/control/parts/moon").status_code == 404


def test_another_sites_page_may_turn_nothing(client: Client) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.web.post("/control/reset", json={}, headers=foreign).status_code == 403
    assert client.web.post("/control/play", data={"advance": "P1D"}, headers=foreign).status_code == 403
    assert client.web.delete("/control/faults", headers=foreign).status_code == 403
    assert client.web.post("/control/clock", content="nonsense").status_code == 400


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path)
    client = Client(sandbox)
    method = client.saved_method()
    client.control("outcomes", {"payment_method_id": method, "outcomes": ["card_expired"]})
    client.fault("slow", seconds=0, times=5)
    client.control("clock", {"jump": "P1D"})
    shift = client.web.get("/control/clock").json()["shift_s"]
    client.close()
    sandbox.stop()

    again = start_sandbox(tmp_path)
    client = Client(again)
    assert client.web.get("/control/clock").json()["shift_s"] == shift
    assert client.made("/payments", charge(method))["cancellation_details"]["reason"] == "card_expired"
    assert client.web.get("/control/faults").json()["items"][0]["fired"] == 1
    client.close()
    again.stop()
