from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest

from tests.sandbox.gateway import Client, Json


def letter(
    to: str = "anna@example.com", subject: str = "Спишем 300 ₽ 5 декабря", message_id: str = "<1@kabinet>"
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Кабинет <kabinet@example.com>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = message_id
    message["X-Notice"] = "7"
    message.set_content("Здравствуйте, Анна!\n\nhttp://localhost:8000/pay/x")
    message.add_alternative("<h1>Здравствуйте</h1><script>alert(1)</script>", subtype="html")
    return message


def send(client: Client, *messages: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", client.sandbox.smtp_port, timeout=10) as connection:
        for message in messages:
            connection.send_message(message)


def messages(client: Client, **filters: str) -> list[Json]:
    return list(client.web.get("/mail/messages", params=filters).json()["items"])


def test_a_letter_is_kept_with_all_its_parts_at_virtual_time(client: Client) -> None:
    client.control("clock", {"jump": "2031-01-31"})
    send(client, letter())

    found = messages(client)[0]

    assert (found["to"], found["from"], found["subject"]) == (
        "anna@example.com", "kabinet@example.com", "Спишем 300 ₽ 5 декабря",
    )  # fmt: skip
    assert found["message_id"] == "<1@kabinet>"
    assert "Здравствуйте, Анна!" in found["text"]
    assert "<h1>Здравствуйте</h1>" in found["html"]
    assert found["headers"]["X-Notice"] == "7"
    assert found["headers"]["From"] == "Кабинет <kabinet@example.com>"
    assert found["at"].startswith("2031-01-30T21:00:")
    assert client.web.get(f"/mail/messages/{found['id']}").json() == found


def test_a_repeated_message_id_is_counted_not_listed_again(client: Client) -> None:
    send(client, letter(), letter(), letter(message_id="<2@kabinet>"))
    assert [(found["message_id"], found["copies"]) for found in messages(client)] == [
        ("<1@kabinet>", 2),
        ("<2@kabinet>", 1),
    ]


def test_letters_are_found_by_recipient_and_since(client: Client) -> None:
    send(client, letter(), letter("boris@example.com", message_id="<2@kabinet>"))
    first, second = messages(client)
    assert [found["id"] for found in messages(client, to="Boris@example.com")] == [second["id"]]
    assert [found["id"] for found in messages(client, since=str(first["id"]))] == [second["id"]]
    assert messages(client, since=second["at"]) == []
    assert client.web.get("/mail/messages", params={"since": "soon"}).status_code == 400
    assert client.web.get("/mail/messages/999").status_code == 404


def test_each_recipient_has_a_letter(client: Client) -> None:
    send(client, letter("anna@example.com, boris@example.com"))
    assert [found["to"] for found in messages(client)] == ["anna@example.com", "boris@example.com"]


def test_a_temporary_and_a_final_rejection(client: Client) -> None:
    client.fault("reject_4xx", "mail", match={"to": "anna@*"})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(client, letter())
    assert refused.value.recipients["anna@example.com"][0] == 451
    client.fault("reject_5xx", "mail")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(client, letter())
    assert refused.value.recipients["anna@example.com"][0] == 550
    send(client, letter())
    assert [entry["status"] for entry in client.journal(system="mail")] == [451, 550, 250]


def test_a_connection_lost_after_data_leaves_the_letter_delivered(client: Client) -> None:
    client.fault("drop_after_data", "mail")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(client, letter())
    send(client, letter())
    assert [found["copies"] for found in messages(client)] == [2]
    assert [entry["status"] for entry in client.journal(system="mail")] == [None, 250]
    assert {entry["key"] for entry in client.journal(system="mail")} == {"<1@kabinet>"}


def test_a_mail_server_that_is_down(client: Client) -> None:
    client.fault("down", "mail", times=2)
    for _ in range(2):
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            send(client, letter())
    send(client, letter())
    assert len(messages(client)) == 1


def test_the_inbox_is_readable_and_a_letters_html_runs_nothing(client: Client) -> None:
    assert "Писем пока нет" in client.web.get("/mail/").text
    send(client, letter(subject="<b>Тема</b>"), letter("boris@example.com", message_id="<2@kabinet>"))
    found = messages(client)[0]

    inbox = client.web.get("/mail/")
    assert "&lt;b&gt;Тема&lt;/b&gt;" in inbox.text
    assert "boris@example.com" in inbox.text
    assert "boris@example.com" not in client.web.get("/mail/", params={"to": "anna@example.com"}).text.split("<main")[1]
    shown = client.web.get(f"/mail/{found['id']}")
    assert f'src="/mail/{found["id"]}/body"' in shown.text
    assert "Здравствуйте, Анна!" in shown.text
    assert 'href="http://localhost:8000/pay/x"' in shown.text
    body = client.web.get(f"/mail/{found['id']}/body")
    policy = body.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert client.web.get("/mail/999").status_code == 404
