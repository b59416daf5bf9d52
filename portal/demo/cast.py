"""The made-up company of the demo: what it sells, who buys, and how each of them pays."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from payments.contracts.models import BY_CALENDAR, ON_PAYMENT
from payments.contracts.periods import Period
from payments.installation.setup import Company

COMPANY = Company(
    brand="Тёплый контур",
    legal_name="ООО «Тёплый контур»",
    inn="5000123458",
    kpp="500001001",
    address="143000, Московская область, г. Одинцово, ул. Северная, д. 12",
    phone="8 800 000-00-17",
    email="office@example.com",
)
MONTH = Period("month")
# Few days of the month, as with real companies, three days apart: the warning of one is the charge of another, and the
# year has fewer instants to stop at. Counted from today, so that the demo opens with charges of the next days ahead.
_FROM_TODAY = (-11, -8, -5, -2, 1, 4)
_SHORTEST_MONTH = 28
GOOD_CARDS = ("5555555555554477", "5555555555554444", "4111111111111111", "2202474301322987", "4793128161644804")


@dataclass(frozen=True, slots=True)
class Ware:
    """A product with what it costs once and each period (kopecks; None: not sold that way)."""

    name: str
    description: str
    monthly: int | None
    once: int | None = None
    period: Period = MONTH


PRODUCTS = (
    Ware("Аренда рабочего места", "Стол в общем зале и переговорная. Разовая оплата — один день.", 1_450_000, 90_000),
    Ware(
        "Английский для школьников",
        "Группа до шести человек, два раза в неделю. Разовая оплата — одно занятие.",
        620_000,
        95_000,
    ),
    Ware(
        "Абонемент в бассейн", "Сауна включена, время не ограничено. Разовая оплата — одно посещение.", 390_000, 60_000
    ),
    Ware("Учёт онлайн", "Складской учёт и касса для магазина, до пяти сотрудников.", 249_000),
    Ware(
        "Обслуживание котла", "Осмотр, чистка, мастер в течение суток. Разовая оплата — один выезд.", 236_550, 386_550
    ),
)
LEASING = ("Лизинг: котельная под ключ", (1_550_000, 2_480_000, 3_100_000))
OFFICE_RENT = ("Аренда офиса", (4_800_000, 6_350_000))

_AUTOPAY_SHARE = 0.85
_SURNAMES = (
    "Орлова", "Гущин", "Мельникова", "Рощин", "Ким", "Соловьёва", "Баранов", "Журавлёва", "Тихонов", "Ершова",
    "Лапин", "Фомина", "Дроздов", "Белоусова", "Кудрявцев", "Зайцева", "Панов", "Горшкова", "Носов", "Щукина",
)  # fmt: skip
_WOMEN = ("Анна Сергеевна", "Мария Павловна", "Ольга Игоревна", "Елена Викторовна", "Дарья Олеговна")
_MEN = ("Павел Андреевич", "Олег Юрьевич", "Илья Романович", "Сергей Ильич", "Максим Денисович")
_COMPANIES = (
    "ООО «Северный двор»", "ООО «Пекарня на углу»", "ИП Рощин А. В.", "ООО «Лаборатория света»",
    "ООО «Ясный день»", "ИП Щукина Т. Б.", "ООО «Мост и берег»", "ООО «Тихая верфь»",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """One customer of the demo. `joins` is a month of the history, counted from 0, and a day of it.

    `ware` is a product's index for self-service, None for a contract that staff make (`title`, `kopecks`).
    """

    name: str
    email: str
    phone: str
    company: bool
    joins: tuple[int, int]
    autopay: bool
    card: str
    ware: int | None
    title: str = ""
    kopecks: int = 0
    advance: str = ON_PAYMENT
    trouble: str = ""


ANNA_NAME = "Ковалёва Анна Сергеевна"


def pay_days(today: date) -> tuple[int, ...]:
    """The days of the month on which this company's customers pay: the last two are tomorrow and in four days."""
    return tuple((today.day + away - 1) % _SHORTEST_MONTH + 1 for away in _FROM_TODAY)


def anna(email: str, days: Sequence[int]) -> tuple[Role, Role]:
    """The customer whose cabinet the demo opens with: a club and a boiler, both paid by themselves."""
    phone = "+79160000001"
    return (
        Role(ANNA_NAME, email, phone, False, (0, days[-1]), True, GOOD_CARDS[0], 2),
        Role(ANNA_NAME, email, phone, False, (5, days[0]), True, GOOD_CARDS[0], 4),
    )


def others(chance: random.Random, count: int, days: Sequence[int]) -> list[Role]:
    """So many further customers over five kinds of business, with the troubles that real ones have."""
    roles = [_person(chance, number, days) for number in range(count - len(_COMPANIES))]
    roles += [_company(chance, number, days) for number in range(len(_COMPANIES))]
    for role_number, trouble in ((2, "no_money"), (7, "expired"), (11, "unlinks"), (15, "no_money"), (19, "withdraws")):
        role = roles[role_number]
        roles[role_number] = replace(role, trouble=trouble, autopay=True)
    return roles


def _person(chance: random.Random, number: int, days: Sequence[int]) -> Role:
    turn, place = divmod(number, len(_SURNAMES))
    surname = _SURNAMES[place]
    firsts = _WOMEN if surname.endswith("а") else _MEN
    # Whoever bears a surname again has another first name: no two customers are called the same.
    first = firsts[(place + turn) % len(firsts)]
    return Role(
        name=f"{surname} {first}",
        email=f"client{number + 2:02d}@example.com",
        phone=f"+7916000{number + 2:04d}",
        company=False,
        joins=_joins(chance, days),
        autopay=chance.random() < _AUTOPAY_SHARE,
        card=chance.choice(GOOD_CARDS),
        ware=number % len(PRODUCTS),
    )


def _company(chance: random.Random, number: int, days: Sequence[int]) -> Role:
    title, sums = chance.choice((LEASING, OFFICE_RENT))
    return Role(
        name=_COMPANIES[number],
        email=f"buh{number + 1}@example.com",
        phone=f"+7495000{number + 1:04d}",
        company=True,
        joins=_joins(chance, days),
        autopay=number % 3 != 0,
        card=chance.choice(GOOD_CARDS),
        ware=None,
        title=title,
        kopecks=chance.choice(sums),
        advance=BY_CALENDAR,
    )


def _joins(chance: random.Random, days: Sequence[int]) -> tuple[int, int]:
    # A company grows: more of its customers came lately.
    return max(chance.randrange(0, 10), chance.randrange(0, 10)), chance.choice(days)
