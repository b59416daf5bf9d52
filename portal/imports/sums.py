"""Sums of money as people and spreadsheets write them. What could mean two sums is refused, never guessed."""

from __future__ import annotations

import re

from kernel.money import BadAmount, Money
from portal.imports.problems import BadCell

_CURRENCY = re.compile(r"\s*(₽|руб(лей|ля|ль)?\.?|р\.?|rub)$", re.IGNORECASE)
_SPACED = re.compile(r"\d{1,3}(?:[ '’]\d{3})+(?=[.,]|$)")
_PLAIN = re.compile(r"(\d+)(?:[.,](\d{1,2}))?")
_GROUPED = re.compile(r"(\d{1,3}(?:([.,])\d{3})+)(?!\2)([.,])(\d{1,2})")
_GROUPS_ONLY = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})+")
_AMBIGUOUS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_MOST_KOPECKS = 10**11  # a thousand million rubles


def kopecks(text: str) -> int:
    """«1 234,56 ₽», «1234.56», «1,234.56» and «1.234,56» are 123456 kopecks.

    Raises:
        BadCell: not a sum, one that can be read in two ways, under a ruble, or absurdly large.
    """
    bare = _CURRENCY.sub("", text).strip()
    amount = _in_kopecks(_as_decimal(bare))
    if amount < 100:  # noqa: PLR2004  a ruble
        raise BadCell("сумма меньше одного рубля")
    if amount > _MOST_KOPECKS:
        raise BadCell("сумма слишком велика")
    return amount


def _as_decimal(bare: str) -> str:
    if _AMBIGUOUS.fullmatch(bare):
        whole, part = re.split(r"[.,]", bare)
        raise BadCell(f"непонятно, {whole}{part} рублей или дробь: запишите {whole}{part},00")
    joined = _SPACED.sub(lambda match: re.sub(r"\D", "", match.group()), bare, count=1)
    if _GROUPS_ONLY.fullmatch(joined):
        return re.sub(r"\D", "", joined)
    grouped = _GROUPED.fullmatch(joined)
    if grouped:
        return f"{re.sub(r'[.,]', '', grouped[1])}.{grouped[4]}"
    plain = _PLAIN.fullmatch(joined)
    if plain:
        return f"{plain[1]}.{plain[2] or '0'}"
    raise BadCell(_reason(joined))


def _in_kopecks(decimal: str) -> int:
    try:
        return Money.parse(decimal).kopecks
    except BadAmount as error:
        raise BadCell("сумма слишком велика") from error


def _reason(text: str) -> str:
    if text.startswith(("-", "−")):
        return "сумма отрицательная"
    if re.fullmatch(r"\d+[.,]\d{3,}", text):
        return "больше двух знаков после запятой"
    return "это не сумма: нужен вид 1 234,56"
