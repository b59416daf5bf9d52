"""What is typed into free text, as it may be stored: trimmed, and without characters that nobody can see or PostgreSQL refuses."""

from __future__ import annotations


def one_line(text: str | None) -> str:
    """A name: its spaces single, its line breaks spaces."""
    return " ".join(_visible(" ".join((text or "").split())).split())


def plain_text(text: str | None) -> str:
    """A description: its lines kept, their ends trimmed."""
    lines = (_visible(line).rstrip() for line in (text or "").splitlines())
    return "\n".join(lines).strip()


def _visible(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character == "\u00a0")
