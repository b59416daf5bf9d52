"""How the mail server is spoken to, by its address: a password never goes over an open line."""

from __future__ import annotations

import pytest

from portal.notifications.smtp import Server


@pytest.mark.parametrize(
    ("url", "port", "cover"),
    [
        ("smtps://kabinet:secret@mail.example.com", 465, "tls"),
        ("smtp://kabinet:secret@mail.example.com:587", 587, "starttls"),
        ("smtp://kabinet:secret@mail.example.com", 587, "starttls"),
        ("smtp://relay.example.com?starttls", 587, "starttls"),
        ("smtp://127.0.0.1:2525", 2525, "plain"),
        ("smtp://127.0.0.1", 25, "plain"),
    ],
)
def test_the_address_says_how_the_line_is_covered(url: str, port: int, cover: str) -> None:
    server = Server.parse(url)

    assert (server.port, server.cover) == (port, cover)


def test_signs_in_a_password_are_read_as_a_url_writes_them() -> None:
    server = Server.parse("smtp://kabinet%40example.com:p%2Fw%3A1@mail.example.com")

    assert (server.user, server.password) == ("kabinet@example.com", "p/w:1")
