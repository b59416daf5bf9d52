"""Where an item stands in its funnel: which stage it may take, and the marks that a move leaves."""

from __future__ import annotations

from sandbox.bitrix24.errors import bad_value
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import DEAL, Category, Kind
from sandbox.bitrix24.stages import Stage, Stages
from sandbox.database import Store

_MADE, _ON_THE_WAY, _AT_AN_END, _OTHER_FUNNEL = 1, 2, 3, 5


def place(stages: Stages, kind: Kind, given: Record) -> Stage | None:
    """Where a new item goes: the stage it names, or the first of its funnel. None for what has no funnel.

    Raises:
        CrmError: 400, no such funnel, or the stage is not one of it.
    """
    if not kind.categories:
        given.pop("categoryId", None)
        return None
    return _named(stages, kind, _category(kind, given.get("categoryId")), given.get("stageId"))


def replace(stages: Stages, kind: Kind, before: Record, given: Record) -> Stage | None:
    """Where a known item goes; None if it stays where it is.

    Raises:
        CrmError: 400, no such funnel, or the stage is not one of it.
    """
    if not kind.categories:
        given.pop("categoryId", None)
        return None
    asked, stage_id = given.pop("categoryId", None), given.pop("stageId", None)
    category = _category(kind, before["categoryId"] if asked is None else asked)
    if category.id == before["categoryId"] and stage_id in {None, before["stageId"]}:
        return None
    return _named(stages, kind, category, stage_id)


def put(
    store: Store, kind: Kind, record: Record, stage: Stage, user_id: int, now: str, before: Record | None = None
) -> None:
    """Set what follows from a stage, and write the move into the history."""
    record |= {"categoryId": stage.category_id, "stageId": stage.status_id, "movedBy": user_id, "movedTime": now}
    if kind.entity_type_id == DEAL:
        record["stageSemanticId"] = stage.semantic_id
        record["closed"] = "Y" if stage.semantics else "N"
        record["isNew"] = "Y" if before is None else "N"
    elif before is not None:
        record["previousStageId"] = before["stageId"]
    store.run(
        "INSERT INTO crm_moves (type_id, entity_type_id, owner_id, created_time, category_id, stage_id, semantics)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        _move_type(stage, before), kind.entity_type_id, record["id"], now, stage.category_id, stage.status_id,
        stage.semantic_id,
    )  # fmt: skip


def _move_type(stage: Stage, before: Record | None) -> int:
    if before is None:
        return _MADE
    if before["categoryId"] != stage.category_id:
        return _OTHER_FUNNEL
    return _AT_AN_END if stage.semantics else _ON_THE_WAY


def _category(kind: Kind, category_id: int | None) -> Category:
    category = kind.default_category if category_id is None else kind.category(category_id)
    if category is None:
        raise bad_value("categoryId")
    return category


def _named(stages: Stages, kind: Kind, category: Category, stage_id: str | None) -> Stage:
    own = stages.of(kind, category)
    if stage_id is None:
        if not own:
            raise bad_value("stageId")
        return own[0]
    stage = stages.find(stage_id)
    if stage is None or (stage.entity_type_id, stage.category_id) != (kind.entity_type_id, category.id):
        raise bad_value("stageId")
    return stage
