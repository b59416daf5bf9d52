"""The portal's staff, and what a caller can learn of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.call import Call, Handler, Result
from sandbox.bitrix24.instants import written
from sandbox.bitrix24.paging import sliced
from sandbox.world import World

INTEGRATION, STAFF = 1, 2


@dataclass(frozen=True)
class Person:
    """An employee."""

    id: int
    name: str
    last_name: str
    email: str
    admin: bool = False
    position: str = ""

    @property
    def shown(self) -> str:
        """«Мельник Ирина»."""
        return f"{self.last_name} {self.name}".strip()

    def as_json(self) -> dict[str, Any]:
        """As `user.get` shows them."""
        return {
            "ID": str(self.id),
            "ACTIVE": True,
            "NAME": self.name,
            "LAST_NAME": self.last_name,
            "SECOND_NAME": "",
            "EMAIL": self.email,
            "WORK_POSITION": self.position,
            "UF_DEPARTMENT": [1],
            "USER_TYPE": "employee",
        }


PEOPLE = {
    person.id: person
    for person in (
        Person(INTEGRATION, "Кабинет", "", "kabinet@portal.example", admin=True, position="Интеграция"),
        Person(STAFF, "Ирина", "Мельник", "irina@portal.example", position="Бухгалтер"),
        Person(3, "Павел", "Зотов", "pavel@portal.example", position="Менеджер"),
    )
}


def who(user_id: int) -> str:
    """The name of an employee."""
    return PEOPLE[user_id].shown if user_id in PEOPLE else f"Сотрудник {user_id}"


def user_get(_world: World, call: Call) -> Result:
    """Employees, by any of their fields."""
    asked = {name.upper(): value for name, value in (call.mapping("FILTER", "filter") or _plain(call)).items()}
    everyone = [person.as_json() for person in PEOPLE.values()]
    return sliced(call.optional("start"), [person for person in everyone if _fits(person, asked)], lambda page: page)


def user_current(_world: World, call: Call) -> Result:
    """The employee whose credential this is."""
    return Result(PEOPLE[call.by.user_id].as_json())


def profile(_world: World, call: Call) -> Result:
    """The same in few words."""
    person = PEOPLE[call.by.user_id]
    return Result(
        {
            "ID": str(person.id), "ADMIN": person.admin, "NAME": person.name, "LAST_NAME": person.last_name,
            "PERSONAL_GENDER": "", "TIME_ZONE": "",
        }
    )  # fmt: skip


def scope(_world: World, call: Call) -> Result:
    """What the credential opens."""
    return Result(sorted(call.by.scopes))


def server_time(world: World, _call: Call) -> Result:
    """The portal's clock, which is the virtual one."""
    return Result(written(world.now()))


def _plain(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.params.items() if name.upper() in {"ID", "EMAIL", "ACTIVE"}}


def _fits(person: dict[str, Any], asked: dict[str, Any]) -> bool:
    return all(_same(person[name], value) for name, value in asked.items() if name in person)


def _same(known: Any, value: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    if isinstance(known, bool):
        return any(str(item).lower() in {"true", "1", "y"} for item in several) == known
    return str(known).lower() in {str(item).lower() for item in several}


METHODS: dict[str, Handler] = {
    "user.get": user_get,
    "user.current": user_current,
    "profile": profile,
    "scope": scope,
    "server.time": server_time,
}
