"""Why something was found: the part of a text that the search matched stands in `<mark>`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from portal.web.staff.keyboard import other_layout

_FEWEST_DIGITS = 4
_NUMBER_LIKE = re.compile(r"[\d\s()+./\u2010-\u2014-]+")
_TRUNK = ("7", "8")
Span = tuple[int, int]


def marked(text: str, typed: str) -> Markup:
    """The text with what was typed marked: its words whatever their case, its digits however they are grouped."""
    spans = sorted({*_words(text, typed), *_digits(text, typed)})
    found, end = Markup(), 0
    for first, last in spans:
        if first < end:
            continue
        found += escape(text[end:first]) + Markup("<mark>{}</mark>").format(text[first:last])
        end = last
    return found + escape(text[end:])


def _words(text: str, typed: str) -> Iterator[Span]:
    folded = _fold(text)
    if len(folded) != len(text):  # a letter whose lower case is two
        return
    for word in typed.lower().split():
        for written in filter(None, (_fold(word), _fold(other_layout(word)))):
            at = folded.find(written)
            if at >= 0:
                yield at, at + len(written)


def _digits(text: str, typed: str) -> Iterator[Span]:
    wanted = re.sub(r"\D", "", typed)
    if len(wanted) < _FEWEST_DIGITS or not _NUMBER_LIKE.fullmatch(typed):
        return
    places = [place for place, character in enumerate(text) if character.isdigit()]
    inside = "".join(text[place] for place in places)
    for digits in (wanted, wanted[1:] if wanted.startswith(_TRUNK) else ""):
        at = inside.find(digits) if len(digits) >= _FEWEST_DIGITS else -1
        if at >= 0:
            yield places[at], places[at + len(digits) - 1] + 1
            return


def _fold(text: str) -> str:
    return text.lower().replace("ё", "е")
