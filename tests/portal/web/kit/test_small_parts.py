from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web.kit.i18n import DEFAULT, known_language, lazy_gettext, ngettext, use_language
from portal.web.kit.paging import Key, page_of, page_size, read_cursor, write_cursor
from portal.web.kit.proxy import rightmost_untrusted
from portal.web.kit.redirects import own_path

PROXIES = ("10.0.0.0/8", "2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3", "10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1", "rubbish"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["2a02:6b8::1"], "2a02:6b8::1"),
        ("2001:db8::5", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_caller_is_the_rightmost_address_that_is_no_proxy_of_ours(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert rightmost_untrusted(peer, forwarded, PROXIES) == client


@pytest.mark.parametrize(
    "wanted",
    [
        None, "", "payments", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "https://evil.example/", "javascript:alert(1)", "/\n/evil.example", " /payments", "/a\r\nSet-Cookie: x=1",
    ],
)  # fmt: skip
def test_a_way_back_never_leaves_the_site(wanted: str | None) -> None:
    assert own_path(wanted, "/home") == "/home"


@given(st.text())
def test_whatever_is_asked_the_way_back_is_a_path(wanted: str) -> None:
    assert re.fullmatch(r"/(?![/\\])[^\x00-\x20\x7f\\]*", own_path("/" + wanted))


def test_a_way_back_keeps_its_query() -> None:
    assert own_path("/payments?status=paid&from=2026-01-01") == "/payments?status=paid&from=2026-01-01"


@given(st.tuples(st.text(max_size=40), st.text(max_size=40)))
def test_a_cursor_is_read_as_it_was_written(key: Key) -> None:
    cursor = write_cursor(key)
    assert re.fullmatch(r"[\w-]*", cursor)
    assert read_cursor(cursor) == key


@pytest.mark.parametrize("text", [None, "", "???", "a" * 600, "WzFd", "W10", "eyJhIjoxfQ", write_cursor(("one",))])
def test_a_strange_cursor_starts_the_list_anew(text: str | None) -> None:
    assert read_cursor(text) is None


def test_pages_cover_the_list_once() -> None:
    rows = [f"{number:03d}" for number in range(57)]
    seen: list[str] = []
    after: Key | None = None
    while True:
        found = [row for row in rows if after is None or row > after[0]][:26]
        page = page_of(found, size=25, key=lambda row: (row,), after=after)
        seen += page.rows
        assert page.is_first == (after is None)
        if page.next_cursor is None:
            break
        after = read_cursor(page.next_cursor, parts=1)
    assert seen == rows


def test_only_offered_page_sizes_are_taken() -> None:
    assert [page_size(text) for text in ("50", "1000000", "x", None)] == [50, 25, 25, 25]


def test_russian_counts_in_three_forms_and_english_in_two() -> None:
    def count(number: int) -> str:
        return ngettext("Сообщения: %(count)s новое", "Сообщения: %(count)s новых", number) % {"count": number}

    assert [count(number) for number in (1, 2, 21)] == [
        "Сообщения: 1 новое",
        "Сообщения: 2 новых",
        "Сообщения: 21 новое",
    ]
    with use_language("en"):
        assert [count(number) for number in (1, 2)] == ["Messages: 1 new", "Messages: 2 new"]


def test_a_label_made_at_import_follows_the_reader() -> None:
    label = lazy_gettext("Платежи")
    assert str(label) == "Платежи"
    with use_language("en"):
        assert str(label) == "Payments"


def test_an_unknown_language_is_russian() -> None:
    assert [known_language(name) for name in ("en", "de", None)] == ["en", DEFAULT, DEFAULT]
