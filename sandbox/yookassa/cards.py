"""The test shop's cards: which pay, which are declined and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.moments import in_business_zone
from sandbox.yookassa.reasons import WORDS

_PAYING = (
    ("5555555555554477", "MasterCard", True),
    ("5555555555554444", "MasterCard", False),
    ("6759649826438453", "MasterCard", False),
    ("4793128161644804", "Visa", True),
    ("4111111111111111", "Visa", False),
    ("4175001000000017", "Visa", False),
    ("2200000000000004", "Mir", True),
    ("2202474301322987", "Mir", False),
    ("370000000000002", "AmericanExpress", False),
    ("3528000700000000", "JCB", False),
    ("36700102000000", "DinersClub", False),
)

_DECLINED = (
    ("3d_secure_failed", "payment_network", "5555555555554592", "4839665499603842", "2200000000000012"),
    ("call_issuer", "payment_network", "5555555555554535", "4926946416239025", "2200000000000020"),
    ("card_expired", "payment_network", "5555555555554543", "4141435412630840", "2200000000000038"),
    ("fraud_suspected", "payment_network", "5555555555554568", "4483274282299972", "2200000000000046"),
    ("general_decline", "payment_network", "5555555555554527", "4889971706588753", "2202202212312379"),
    ("insufficient_funds", "payment_network", "5555555555554600", "4562265587712390", "2200000000000053"),
    ("invalid_card_number", "payment_network", "5555555555554618", "4951017853630544", "2201382000000013"),
    ("invalid_csc", "payment_network", "5555555555554626", "4194180666146368", "2200770212727079"),
    ("issuer_unavailable", "payment_network", "5555555555554501", "4654130848359150", "2201382000000021"),
    ("payment_method_limit_exceeded", "payment_network", "5555555555554576", "4565231022577548", "2201382000000039"),
    ("payment_method_restricted", "payment_network", "5555555555554550", "4233961169071671", "2201382000000047"),
    ("country_forbidden", "yoo_money", "5555555555554584", "4969751510013864", "2201382000000054"),
    ("fraud_suspected", "yoo_money", "5555555555554634", "4119098878796485", "2201696981989955"),
)
_SHOWN_NETWORKS = {"AmericanExpress": "American Express", "DinersClub": "Diners Club", "Mir": "Мир"}


@dataclass(frozen=True)
class KnownCard:
    """A number that the test shop knows. `party` and `reason` say who declines it and why; None: it pays."""

    number: str
    network: str
    three_ds: bool = False
    party: str | None = None
    reason: str | None = None

    def described(self, month: str, year: str) -> dict[str, object]:
        """The `card` object of the API."""
        return {
            "first6": self.number[:6],
            "last4": self.number[-4:],
            "expiry_month": month,
            "expiry_year": year,
            "card_type": self.network,
            "card_product": {"code": "E"},
            "issuer_country": "RU",
            "issuer_name": "Sandbox Bank",
        }


CARDS = {number: KnownCard(number, network, three_ds) for number, network, three_ds in _PAYING} | {
    number: KnownCard(number, network, party=party, reason=reason)
    for reason, party, *numbers in _DECLINED
    for number, network in zip(numbers, ("MasterCard", "Visa", "Mir"), strict=True)
}


@dataclass
class CardForm:
    """What the payer typed, and what is wrong with it: Russian words by field."""

    number: str
    expiry: str
    csc: str
    errors: dict[str, str]
    month: str = ""
    year: str = ""

    @property
    def card(self) -> KnownCard:
        """The card; only of a form without errors."""
        return CARDS[self.number]

    def kept(self) -> dict[str, object]:
        """What the form shows again after a try that failed; the code is typed anew."""
        return {"number": self.number, "expiry": self.expiry, "errors": self.errors}


EMPTY = CardForm("", "", "", {})


def form_again(kept: dict[str, Any] | None) -> CardForm:
    """The form as `CardForm.kept` left it; an empty one after nothing."""
    return CardForm(kept["number"], kept["expiry"], "", kept["errors"]) if kept else EMPTY


def read_form(form: dict[str, str], now: int) -> CardForm:
    """Check a card form: the number by Luhn and the test list, any future expiry, any code."""
    read = CardForm(
        number=re.sub(r"[\s-]", "", form.get("number", "")),
        expiry=form.get("expiry", "").strip(),
        csc=form.get("csc", "").strip(),
        errors={},
    )
    checks = {"number": _number_error(read.number), "expiry": _expiry_error(read, now), "csc": _csc_error(read)}
    read.errors = {name: error for name, error in checks.items() if error}
    return read


def listed() -> list[dict[str, object]]:
    """The cards for a payer to choose from, each with what it does in words."""
    return [
        {
            "number": card.number,
            "shown": " ".join(re.findall(".{1,4}", card.number)),
            "network": shown_network(card.network),
            "three_ds": card.three_ds,
            "words": WORDS.get(card.reason or "", ""),
        }
        for card in CARDS.values()
    ]


def shown_network(name: str) -> str:
    """A network's name as people write it."""
    return _SHOWN_NETWORKS.get(name, name)


def passes_luhn(number: str) -> bool:
    """The check digit that every card number ends with."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)  # noqa: PLR2004 - the digits of 10…18 added up
    return total % 10 == 0


def _number_error(number: str) -> str | None:
    if not number:
        return "Введите номер карты."
    if not re.fullmatch(r"[0-9]{12,19}", number):
        return "В номере карты от 12 до 19 цифр."
    if number in CARDS:
        return None
    if not passes_luhn(number):
        return "В номере опечатка: проверочная цифра не сходится."
    return "Здесь принимают только тестовые карты. Выберите номер из списка."


def _expiry_error(read: CardForm, now: int) -> str | None:
    match = re.fullmatch(r"([0-9]{1,2})\s*/?\s*(?:20)?([0-9]{2})", read.expiry)
    if match is None:
        return "Введите срок как на карте: месяц и год, например 12/30."
    month, year = int(match[1]), 2000 + int(match[2])
    if not 1 <= month <= 12:  # noqa: PLR2004 - months of a year
        return "Месяц — от 01 до 12."
    today = in_business_zone(now)
    if (year, month) < (today.year, today.month):
        return "Срок действия карты истёк."
    read.month, read.year = f"{month:02d}", str(year)
    return None


def _csc_error(read: CardForm) -> str | None:
    if re.fullmatch(r"[0-9]{3,4}", read.csc):
        return None
    return "Введите три цифры с оборота карты."
