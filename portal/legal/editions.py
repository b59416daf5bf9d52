"""Editions of the legal texts, read from `templates/documents/legal/<slug>/<version>.txt`.

A file begins with `key: value` lines (title, effective_on, and box: the words beside the tick, of which those in
brackets lead to the text), then `---`, then the text: paragraphs, `## headings` and `- lists`, with `{values}` to fill
in. An edition that people have agreed to is never edited: a change is a new file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from kernel.errors import NotFound
from portal.web.kit.render import TEMPLATES

SLUGS = ("offer", "personal-data", "privacy", "marketing", "autopay")
_FOLDER = TEMPLATES / "documents" / "legal"


@dataclass(frozen=True, slots=True)
class Edition:
    """One text in one edition, its values not filled in yet. Without words for a box it is published, not agreed to."""

    slug: str
    version: str
    effective_on: date
    title: str
    box_parts: tuple[str, str, str]
    body: str

    @property
    def box(self) -> str:
        """The words beside the tick."""
        return "".join(self.box_parts)


@lru_cache(maxsize=1)
def _all() -> dict[str, tuple[Edition, ...]]:
    return {slug: _read_editions(slug) for slug in SLUGS}


def _read_editions(slug: str) -> tuple[Edition, ...]:
    paths = sorted((_FOLDER / slug).glob("*.txt"), key=lambda path: int(path.stem))
    return tuple(_parse(slug, path.stem, path.read_text(encoding="utf-8")) for path in paths)


def _parse(slug: str, version: str, text: str) -> Edition:
    head, _, body = text.partition("\n---\n")
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    return Edition(
        slug=slug,
        version=version,
        effective_on=date.fromisoformat(facts["effective_on"]),
        title=facts["title"],
        box_parts=_parts(facts.get("box", "")),
        body=body.strip(),
    )


def _parts(box: str) -> tuple[str, str, str]:
    before, _, rest = box.partition("[")
    linked, _, after = rest.partition("]")
    return before, linked, after


def editions(slug: str) -> tuple[Edition, ...]:
    """Every edition of a text, the oldest first.

    Raises:
        NotFound: there is no such text.
    """
    found = _all().get(slug)
    if not found:
        raise NotFound
    return found


def current(slug: str) -> Edition:
    """The edition in force.

    Raises:
        NotFound: there is no such text.
    """
    return editions(slug)[-1]


def edition(slug: str, version: str) -> Edition:
    """One edition, perhaps a former one.

    Raises:
        NotFound: there is no such text or edition.
    """
    for found in editions(slug):
        if found.version == version:
            return found
    raise NotFound
