"""Deals as a board: a column for each stage of a funnel, with how many there are and what they come to."""

from __future__ import annotations

from typing import Any

from sandbox.bitrix24 import items
from sandbox.bitrix24.items import Record
from sandbox.bitrix24.kinds import DEAL, KINDS, Category
from sandbox.bitrix24.showing import client, href, kopecks, moment, money, name_of, tone
from sandbox.world import World

Json = dict[str, Any]

_KIND = KINDS[DEAL]
_SHOWN = 15


def board(world: World, category: Category) -> list[Json]:
    """The columns in order; stages that were taken away and still hold deals come last."""
    counted = _counted(world, category)
    lanes = [
        _lane(world, category, stage.status_id, stage.name, tone(stage), counted.pop(stage.status_id, (0, 0)))
        for stage in world.portal.stages.of(_KIND, category)
    ]
    gone = [_lane(world, category, status_id, "Стадия удалена", "", sums) for status_id, sums in counted.items()]
    return lanes + gone


def _counted(world: World, category: Category) -> dict[str, tuple[int, int]]:
    rows = world.store.all(
        "SELECT stage_id, count(*) AS n, round(total(json_extract(record, '$.opportunity')) * 100) AS kopecks"
        " FROM crm_items WHERE entity_type_id = ? AND category_id = ? GROUP BY stage_id",
        [DEAL, category.id],
    )
    return {row["stage_id"]: (row["n"], int(row["kopecks"])) for row in rows}


def _lane(
    world: World, category: Category, status_id: str, words: str, lane_tone: str, sums: tuple[int, int]
) -> Json:  # fmt: skip
    newest = items.where(
        world.store, _KIND, "category_id = ? AND stage_id = ? ORDER BY updated_time DESC, id DESC LIMIT ?",
        [category.id, status_id, _SHOWN],
    )  # fmt: skip
    return {
        "id": status_id,
        "words": words,
        "tone": lane_tone,
        "count": sums[0],
        "kopecks": sums[1],
        "deals": [_deal(world, record) for record in newest],
        "more": sums[0] - len(newest),
    }


def _deal(world: World, record: Record) -> Json:
    owed = money(record.get("UF_CRM_KABINET_DEBT"))
    return {
        "href": href(_KIND, record["id"]),
        "name": name_of(_KIND, record),
        "client": client(world, record),
        "kopecks": kopecks(record),
        "currency": record.get("currencyId") or "RUB",
        "debt": owed if owed and owed[0] else None,
        "next_at": moment(record, "UF_CRM_KABINET_NEXT_ON"),
        "autopay": record.get("UF_CRM_KABINET_AUTOPAY"),
    }
