"""Languages of the interface. Russian is the source text; a catalogue gives its plurals and the English copy.

The language of the moment lives in a context variable: the request sets it, a letter sets its reader's.
Catalogues are compiled in memory from `locale/*/LC_MESSAGES/messages.po` at first use, so they cannot be out of date.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, cast, get_args

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, Translations

from portal.web.kit.assets import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

Language = Literal["ru", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT: Language = "ru"
_current: ContextVar[Language] = ContextVar("language", default=DEFAULT)


def language() -> Language:
    """The language that texts are being made in."""
    return _current.get()


def known_language(name: str | None) -> Language:
    """The language of that name; Russian for none or an unknown one."""
    return name if name in LANGUAGES else DEFAULT


@contextmanager
def use_language(name: Language) -> Iterator[None]:
    """Make texts in that language inside the block."""
    token = _current.set(name)
    try:
        yield
    finally:
        _current.reset(token)


def gettext(message: str) -> str:
    """The message in the current language; Russian itself where there is no translation."""
    return _catalogue(language()).ugettext(message)


def ngettext(one: str, few: str, number: int) -> str:
    """The form of the message that fits the number, in the current language."""
    return _catalogue(language()).ungettext(one, few, number)


def lazy_gettext(message: str) -> str:
    """A text that is translated when it is shown: for labels and messages made at import."""
    return cast("str", LazyProxy(gettext, message, enable_cache=False))


_ = gettext


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(name: Language) -> Translations:
    compiled = io.BytesIO()
    with (ROOT / "locale" / name / "LC_MESSAGES" / "messages.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=name))
    compiled.seek(0)
    return Translations(compiled)
