"""A mail server's own answer in words: «550 5.1.1 …» says what to do only to those who know its codes."""

from __future__ import annotations

import re
from typing import NamedTuple

from portal.web.kit.i18n import lazy_gettext as _

# A reply code of SMTP (RFC 5321) and, if given, the enhanced one after it (RFC 3463).
_ANSWER = re.compile(r"(?P<code>[2-5]\d\d)\b[ -]*(?P<detail>[245]\.\d{1,3}\.\d{1,3})?")
_NO_SUCH_BOX = _("Почтовый сервер говорит, что такого адреса нет")
_FULL = _("Почтовый ящик получателя переполнен")
_UNWANTED = _("Почтовый сервер счёл письмо нежелательным")
_DETAILS = {"1.1": _NO_SUCH_BOX, "1.2": _NO_SUCH_BOX, "1.3": _NO_SUCH_BOX, "2.1": _NO_SUCH_BOX, "2.2": _FULL}
_CODES = {"551": _NO_SUCH_BOX, "553": _NO_SUCH_BOX, "552": _FULL, "452": _FULL}
_REFUSED = _("Почтовый сервер отказался принять письмо")
_LATER = _("Почтовый сервер просит прислать письмо позже")


class Trouble(NamedTuple):
    """Why a letter did not leave: in words, and the server's own answer where there was one."""

    words: str
    raw: str


def letter_trouble(error: str) -> Trouble:
    """What became of the last try. A reason that is in words already has no raw answer."""
    found = _ANSWER.match(error)
    if found is None:
        return Trouble(error[:1].upper() + error[1:], "")
    code, detail = found["code"], (found["detail"] or "")[2:]
    usual = _REFUSED if code.startswith("5") else _LATER
    words = _UNWANTED if detail.startswith("7.") else _DETAILS.get(detail) or _CODES.get(code) or usual
    return Trouble(str(words), error)
