"""The stages of the funnels: which there are, what they mean, and that one may be taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.kinds import DEAL, INVOICE, KINDS, PAYMENT, Category, Kind
from sandbox.database import Store

_MEANINGS = {None: "process", "S": "success", "F": "failure"}


@dataclass(frozen=True)
class Stage:
    """One column of a funnel. `semantics`: S for success, F for failure, None on the way."""

    id: int
    entity_type_id: int
    category_id: int
    status_id: str
    name: str
    sort: int
    semantics: str | None
    color: str

    @property
    def semantic_id(self) -> str:
        """P, S or F."""
        return self.semantics or "P"

    def as_status(self) -> dict[str, Any]:
        """A row of `crm.status.list`."""
        category = KINDS[self.entity_type_id].category(self.category_id)
        return {
            "ID": str(self.id),
            "ENTITY_ID": category.status_entity if category else "",
            "STATUS_ID": self.status_id,
            "NAME": self.name,
            "NAME_INIT": "",
            "SORT": str(self.sort),
            "SYSTEM": "N",
            "CATEGORY_ID": str(self.category_id) if self.category_id else None,
            "COLOR": self.color,
            "SEMANTICS": self.semantics,
            "EXTRA": {"SEMANTICS": _MEANINGS[self.semantics], "COLOR": self.color},
        }


class Stages:
    """All stages, kept in the database and in memory."""

    def __init__(self, store: Store) -> None:
        """Take up the stored stages."""
        self._store = store
        self._by_id: dict[str, Stage] = {}
        self.reload()

    def reload(self) -> None:
        """Read the stages anew."""
        rows = self._store.all("SELECT * FROM crm_stages ORDER BY entity_type_id, category_id, sort, id")
        self._by_id = {row["status_id"]: Stage(**dict(row)) for row in rows}

    def all(self) -> list[Stage]:
        """Every stage, each funnel's in order."""
        return list(self._by_id.values())

    def of(self, kind: Kind, category: Category) -> list[Stage]:
        """The stages of a funnel in order."""
        asked = (kind.entity_type_id, category.id)
        return [stage for stage in self._by_id.values() if (stage.entity_type_id, stage.category_id) == asked]

    def find(self, status_id: str) -> Stage | None:
        """The stage of that name."""
        return self._by_id.get(status_id)

    def add(self, kind: Kind, category: Category, stage: tuple[str, str, int, str | None, str]) -> None:
        """Add a stage to a funnel: its id without the prefix, name, sort, semantics and colour."""
        code, name, sort, semantics, color = stage
        self._store.run(
            "INSERT INTO crm_stages (entity_type_id, category_id, status_id, name, sort, semantics, color)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            kind.entity_type_id, category.id, category.prefix + code, name, sort, semantics, color,
        )  # fmt: skip
        self.reload()

    def remove(self, status_id: str) -> bool:
        """Take a stage away; items keep its name. Whether there was one."""
        removed = self._store.run("DELETE FROM crm_stages WHERE status_id = ?", status_id).rowcount
        self.reload()
        return removed > 0

    def ensure(self) -> None:
        """The stages of a new portal."""
        if self._by_id:
            return
        for (entity_type_id, category_id), stages in _OF_A_NEW_PORTAL.items():
            kind = KINDS[entity_type_id]
            category = kind.category(category_id)
            assert category is not None
            for number, (code, name, semantics, color) in enumerate(stages, 1):
                self.add(kind, category, (code, name, number * 10, semantics, color))


_BLUE, _SKY, _TEAL, _AMBER, _GREEN, _RED = "#39A8EF", "#2FC6F6", "#47E4C2", "#FFA900", "#7BD500", "#FF5752"
_OF_A_NEW_PORTAL: dict[tuple[int, int], tuple[tuple[str, str, str | None, str], ...]] = {
    (DEAL, 0): (
        ("NEW", "Новая", None, _BLUE),
        ("PREPARATION", "Подготовка документов", None, _SKY),
        ("PREPAYMENT_INVOICE", "Счёт на предоплату", None, _SKY),
        ("EXECUTING", "В работе", None, _TEAL),
        ("FINAL_INVOICE", "Финальный счёт", None, _AMBER),
        ("WON", "Сделка успешна", "S", _GREEN),
        ("LOSE", "Сделка провалена", "F", _RED),
        ("APOLOGY", "Анализ причины провала", "F", _RED),
    ),
    (DEAL, 1): (
        ("NEW", "Новый", None, _BLUE),
        ("WAITING", "Ждём оплаты", None, _SKY),
        ("PAID", "Оплачен", None, _TEAL),
        ("OVERDUE", "Просрочен", None, _AMBER),
        ("WON", "Завершён", "S", _GREEN),
        ("LOSE", "Расторгнут", "F", _RED),
    ),
    (INVOICE, 1): (
        ("N", "Новый", None, _BLUE),
        ("S", "Отправлен", None, _SKY),
        ("UC_OVERDUE", "Просрочен", None, _AMBER),
        ("P", "Оплачен", "S", _GREEN),
        ("D", "Не оплачен", "F", _RED),
    ),
    (PAYMENT, 1): (
        ("NEW", "Создан", None, _BLUE),
        ("PENDING", "Ждёт банк", None, _SKY),
        ("SUCCESS", "Проведён", "S", _GREEN),
        ("FAIL", "Не прошёл", "F", _RED),
    ),
}
