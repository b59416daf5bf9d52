"""Letters that look the same in Russian and in Latin: the oldest trouble of typed addresses and codes."""

from __future__ import annotations

import re
import unicodedata

_CYRILLIC, _LATIN = "АВЕКМНОРСТУХаеорсух", "ABEKMHOPCTYXaeopcyx"
_TO_LATIN = str.maketrans(_CYRILLIC, _LATIN)
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)


def mixed(text: str) -> str | None:
    """Names the first Russian letter that stands in one word with Latin ones; None when nothing is mixed."""
    for word in re.finditer(r"[^\W\d_]+", text):
        scripts = [unicodedata.name(char, "").partition(" ")[0] for char in word.group()]
        if {"CYRILLIC", "LATIN"} <= set(scripts):
            place = word.start() + scripts.index("CYRILLIC")
            return f"русская буква «{text[place]}» среди латинских, знак {place + 1}"
    return None


def twins(text: str) -> set[str]:
    """The same text in the other alphabet, as far as its letters look the same."""
    return {text.translate(_TO_LATIN), text.translate(_TO_CYRILLIC)} - {text}
