"""ИНН and КПП."""

from __future__ import annotations

import re

from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.ru import inn as stdnum_inn

from portal.imports.problems import BadCell

COMPANY_DIGITS = 10
PERSON_DIGITS = 12
_KPP = re.compile(r"\d{4}[\dA-Z]{2}\d{3}")
_EXPONENT = re.compile(r"^[\d.,]+e\+?\d+$", re.IGNORECASE)


def inn(text: str) -> str:
    """Ten or twelve digits whose check digits are right.

    Raises:
        BadCell: another length, other characters, or a wrong check digit.
    """
    if _EXPONENT.match(text):
        raise BadCell("Excel превратил ИНН в число: задайте столбцу текстовый формат и сохраните заново")
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdecimal()):
        raise BadCell("ИНН состоит только из цифр")
    if len(digits) in {COMPANY_DIGITS - 1, PERSON_DIGITS - 1}:
        raise BadCell(f"цифр {len(digits)}: похоже, потерян ноль в начале")
    try:
        return str(stdnum_inn.validate(digits))
    except InvalidChecksum as error:
        raise BadCell("контрольная цифра ИНН не сходится") from error
    except ValidationError as error:
        raise BadCell(f"в ИНН 10 или 12 цифр, здесь {len(digits)}") from error


def kpp(text: str) -> str:
    """Nine characters: digits, and possibly Latin capitals in the fifth and sixth place.

    Raises:
        BadCell: anything else.
    """
    value = text.replace(" ", "").upper()
    if not _KPP.fullmatch(value) or not value.isascii():
        raise BadCell("в КПП 9 цифр")
    return value
