"""What a text typed into the search may mean: words always; a sum, four digits of a card or a number if it looks so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.web.kit.fields import parse_sum

_LAST4 = re.compile(r"(?:[•*·]{0,4}\s*)(\d{4})")
# Longer than any sum worth looking for: phones and taxpayer numbers are not sums.
_SUM_DIGITS = 9
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Meaning:
    """The text as it is searched for; `kopecks` and `last4` are set when it may be a sum or the end of a card."""

    text: str
    kopecks: int | None
    last4: str

    @property
    def is_worth_asking(self) -> bool:
        """One letter finds everybody, and nothing finds nobody."""
        return len(self.text) >= _SHORTEST


def read_meaning(text: str) -> Meaning:
    """The meanings of a `searchable` text."""
    last4 = _LAST4.fullmatch(text)
    return Meaning(text, _kopecks(text), last4[1] if last4 else "")


def _kopecks(text: str) -> int | None:
    if not text[:1].isdigit() or len(re.sub(r"\D", "", text)) > _SUM_DIGITS:
        return None
    try:
        return parse_sum(text).kopecks
    except ValueError:
        return None
