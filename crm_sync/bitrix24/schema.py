"""What this portal calls our funnel, our process and their stages. Read once an hour, never written down in code."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import Any

from crm_sync.bitrix24 import batch
from crm_sync.bitrix24.batch import NOT_AS_PROMISED, Command
from crm_sync.port import CrmFailure, Rejected, Shut, Uncertain

FUNNEL = "Автоплатежи"
PROCESS = "Платежи"
CONTACT_TYPE, COMPANY_TYPE, DEAL_TYPE, INVOICE_TYPE = 3, 4, 2, 31
_LIFE_S = 3600.0
# While something is missing every round would read it anew.
_DOUBTED_AT_MOST_EVERY_S = 60.0
NO_STAGE = "NO_STAGE"
# These refusals may come of what has changed there since.
DOUBTFUL = (NO_STAGE, "INVALID_ARG_VALUE")
_lock = threading.Lock()
_known: dict[str, tuple[float, Schema]] = {}
_doubted: dict[str, float] = {}

# Our stages by the code that a stage ends with in Bitrix24 (C1:WON, DT31_1:P): codes stay when staff rename a stage.
DEAL_STAGES = {
    "new": "NEW", "waiting": "WAITING", "paid": "PAID", "overdue": "OVERDUE", "won": "WON", "lost": "LOSE",
}  # fmt: skip
INVOICE_STAGES = {"new": "N", "sent": "S", "paid": "P", "void": "D"}
PAYMENT_STAGES = {"pending": "PENDING", "succeeded": "SUCCESS", "failed": "FAIL"}


@dataclass(frozen=True, slots=True)
class Schema:
    """The portal's own numbers: of the process, of the funnels, and full stage ids by their last part."""

    process_type: int
    process_id: int
    deal_funnel: int
    invoice_funnel: int
    process_funnel: int
    stages: dict[tuple[int, str], str]
    preset: int

    def stage(self, entity_type: int, code: str) -> str:
        """The full id of a stage.

        Raises:
            Rejected: there is none any more; somebody deleted it.
        """
        found = self.stages.get((entity_type, code))
        if found is None:
            text = f"в Битрикс24 нет стадии {code}: верните её в воронку или создайте заново"
            raise Rejected(text, code=NO_STAGE)
        return found


def schema_of(base_url: str) -> Schema:
    """The portal's schema.

    Raises:
        Shut: there is no funnel or process of that name, or nobody may read them.
        CrmFailure: it could not be read.
    """
    with _lock:
        kept = _known.get(base_url)
        if kept is None or time.monotonic() - kept[0] > _LIFE_S:
            try:
                kept = _known[base_url] = (time.monotonic(), _read(base_url))
            except NOT_AS_PROMISED as error:
                raise Uncertain("Битрикс24 описал воронки и стадии не по-своему") from error
        return kept[1]


def doubt(base_url: str) -> None:
    """It may be why the portal refused something: read it anew at the next use, at most once a minute."""
    with _lock:
        now = time.monotonic()
        if now - _doubted.get(base_url, -math.inf) > _DOUBTED_AT_MOST_EVERY_S:
            _doubted[base_url] = now
            _known.pop(base_url, None)


def _read(base_url: str) -> Schema:
    types, deals, invoices, presets = _ask(
        base_url,
        Command("crm.type.list", {}),
        Command("crm.category.list", {"entityTypeId": DEAL_TYPE}),
        Command("crm.category.list", {"entityTypeId": INVOICE_TYPE}),
        Command("crm.requisite.preset.list", {}),
    )
    process = _named(types["types"], "title", PROCESS, "смарт-процесса")
    process_type = int(process["entityTypeId"])
    (categories,) = _ask(base_url, Command("crm.category.list", {"entityTypeId": process_type}))
    funnels = {
        DEAL_TYPE: int(_named(deals["categories"], "name", FUNNEL, "воронки сделок")["id"]),
        INVOICE_TYPE: int(_default(invoices["categories"], "счетов")["id"]),
        process_type: int(_default(categories["categories"], "смарт-процесса")["id"]),
    }
    return Schema(
        process_type=process_type,
        process_id=int(process["id"]),
        deal_funnel=funnels[DEAL_TYPE],
        invoice_funnel=funnels[INVOICE_TYPE],
        process_funnel=funnels[process_type],
        stages=_stages(base_url, funnels),
        preset=int(presets[0]["ID"]) if presets else 1,
    )


def _stages(base_url: str, funnels: dict[int, int]) -> dict[tuple[int, str], str]:
    entities = {entity_type: _stage_entity(entity_type, funnel) for entity_type, funnel in funnels.items()}
    commands = [Command("crm.status.list", {"filter": {"ENTITY_ID": name}}) for name in entities.values()]
    return {
        (entity_type, str(row["STATUS_ID"]).rsplit(":", 1)[-1]): str(row["STATUS_ID"])
        for entity_type, rows in zip(entities, _ask(base_url, *commands), strict=True)
        for row in rows
    }


def _stage_entity(entity_type: int, funnel: int) -> str:
    if entity_type == DEAL_TYPE:
        return f"DEAL_STAGE_{funnel}" if funnel else "DEAL_STAGE"
    if entity_type == INVOICE_TYPE:
        return f"SMART_INVOICE_STAGE_{funnel}"
    return f"DYNAMIC_{entity_type}_STAGE_{funnel}"


def _ask(base_url: str, *commands: Command) -> list[Any]:
    answers = batch.run(base_url, commands)
    for answer in answers:
        if isinstance(answer, Rejected):
            # No object is at fault: whoever may not see the funnels may write none.
            raise Shut(f"Битрикс24 не показывает воронки и стадии: {answer}")
        if isinstance(answer, CrmFailure):
            raise answer
    return answers


def _named(rows: list[dict[str, Any]], key: str, name: str, what: str) -> dict[str, Any]:
    for row in rows:
        if row[key] == name:
            return row
    raise Shut(f"в Битрикс24 нет {what} «{name}»")


def _default(rows: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if not rows:
        raise Shut(f"в Битрикс24 нет ни одной воронки {what}")
    return next((row for row in rows if row.get("isDefault") == "Y"), rows[0])
