"""A search box as a condition on customers: a name, an address, a phone in any form, ИНН, a contract's number."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, and_, func, or_, select, true, union_all
from sqlalchemy.orm import aliased

from payments.contracts.models import Contract
from payments.customers.models import Customer
from portal.web.staff.keyboard import other_layout

_LONGEST = 100
_MOST_WORDS = 6
_FEWEST_DIGITS = 4
_NUMBER_LIKE = re.compile(r"[\d\s()+./\u2010-\u2014-]+")
_INITIAL = re.compile(r"\b([^\W\d_]\.)(?=[^\W\d_]\.)")
_TRUNK = ("7", "8")  # a Russian number begins with +7 abroad and with 8 at home


def searchable(typed: str | None) -> str:
    """What was typed as it may be searched for: trimmed, not too long, without characters that PostgreSQL refuses.

    Any space is a plain one: sums and numbers copied from a page have their own.
    """
    plain = (" " if character.isspace() else character for character in typed or "")
    return "".join(character for character in plain if character.isprintable())[:_LONGEST].strip()


def matching(text: str) -> ColumnElement[bool]:
    """Customers whom a `searchable` text may mean.

    Every word must be found somewhere; letter case, «ё» and the layout of the keyboard do not matter.
    """
    words = and_(true(), *(_has_word(word) for word in _words(text)[:_MOST_WORDS]))
    digits = re.sub(r"\D", "", text)
    if len(digits) >= _FEWEST_DIGITS and _NUMBER_LIKE.fullmatch(text):
        return or_(words, _has_phone(digits), Customer.inn.startswith(digits))
    return words


def has_contract_number(text: str) -> ColumnElement[bool]:
    """Contracts whose number holds the text."""
    return func.lower(Contract.number).contains(text.lower(), autoescape=True)


def _words(text: str) -> list[str]:
    """The words, with initials apart from each other: names are written «А.В.» as well as «А. В.»."""
    return text.split() if "@" in text else _INITIAL.sub(r"\1 ", text).split()


def _has_word(word: str) -> ColumnElement[bool]:
    other = aliased(Customer)
    name, email = func.replace(func.lower(other.name), "ё", "е"), func.lower(other.email)
    found = [other.inn == word]
    for written in filter(None, (word.lower(), other_layout(word.lower()))):
        found += [name.contains(_fold(written), autoescape=True), email.contains(written, autoescape=True)]
    themselves = select(other.id).where(or_(*found))
    # A union lets each part use its index of trigrams, as an OR over two tables would not.
    agreed = select(Contract.customer_id).where(has_contract_number(word))
    return Customer.id.in_(union_all(themselves, agreed))


def _has_phone(digits: str) -> ColumnElement[bool]:
    anywhere = Customer.phone.contains(digits)
    if digits.startswith(_TRUNK):
        return or_(anywhere, Customer.phone.startswith("+7" + digits[1:]))
    return anywhere


def _fold(text: str) -> str:
    return text.replace("ё", "е")
