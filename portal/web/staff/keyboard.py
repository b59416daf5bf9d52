"""A word typed in the other layout of the keyboard: «rjdfktdf» for «ковалёва», «фттф» for «anna»."""

from __future__ import annotations

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`@"
_RUSSIAN = 'йцукенгшщзхъфывапролджэячсмитьбюё"'
_TO_RUSSIAN = str.maketrans(_LATIN, _RUSSIAN)
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)
# One letter means too much in either layout.
_SHORTEST = 2


def other_layout(word: str) -> str:
    """The lower-case word as its keys would have written it in the other layout; empty when that tells nothing."""
    if len(word) < _SHORTEST:
        return ""
    if any("а" <= letter <= "я" or letter == "ё" for letter in word):
        return word.translate(_TO_LATIN)
    return word.translate(_TO_RUSSIAN) if any("a" <= letter <= "z" for letter in word) else ""
