"""A list that is read both ways shows each row once, whatever the page and the way through it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.web.kit.paging import Key, Page, Place, page_at, place_in, write_cursor


def number_in(key: Key) -> int | None:
    return int(key[0]) if key[0].isdigit() else None


def read(rows: list[int], place: Place[int], size: int) -> Page[int]:
    """A page of a list in rising order, as a query would find it."""
    if place.key is None:
        found = rows[: size + 1]
    elif place.back:
        found = [row for row in rows if row < place.key][-(size + 1) :]
    else:
        found = [row for row in rows if row > place.key][: size + 1]
    return page_at(place, found, size=size, key=lambda row: (str(row),))


def at(cursor: str | None, name: str) -> Place[int]:
    return place_in({name: cursor or ""}, number_in, parts=1)


@given(st.sets(st.integers(0, 10**6), min_size=1, max_size=60), st.integers(1, 10))
def test_there_and_back_again(numbers: set[int], size: int) -> None:
    rows, page = sorted(numbers), read(sorted(numbers), Place(), size)
    there = [page]
    while page.next_cursor:
        page = read(rows, at(page.next_cursor, "after"), size)
        there.append(page)
    back = [page]
    while page.previous_cursor:
        page = read(rows, at(page.previous_cursor, "before"), size)
        back.insert(0, page)

    assert [row for page in there for row in page.rows] == rows
    assert [row for page in back for row in page.rows] == rows
    assert [page.is_first for page in there] == [True] + [False] * (len(there) - 1)
    assert there[0].previous_cursor is None
    assert back[0].is_first


def test_a_cursor_that_is_not_ours_begins_the_list() -> None:
    for query in ({}, {"after": "rubbish"}, {"before": write_cursor(("a",))}, {"after": write_cursor(("1", "2"))}):
        assert place_in(query, number_in, parts=1) == Place()


def test_a_page_before_the_first_row_is_empty() -> None:
    assert read([5, 6], at(write_cursor(("5",)), "before"), 3) == Page((), None, is_first=False)
