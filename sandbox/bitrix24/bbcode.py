"""The text of a timeline as the portal's people see it: bold words, and addresses that can be followed."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_BOLD = re.compile(r"\[b\](.*?)\[/b\]", re.DOTALL | re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<]+")


def shown(text: str) -> Markup:
    """The text as HTML; of the BB-codes only `[b]` is known, others stay as they were written."""
    bold = _BOLD.sub(r"<b>\1</b>", str(escape(text)))
    return Markup(_ADDRESS.sub(r'<a href="\g<0>">\g<0></a>', bold))  # noqa: S704 - escaped before
