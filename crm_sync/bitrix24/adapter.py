"""The CRM port on Bitrix24: looks and writes in batches, each command with an outcome of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crm_sync.bitrix24 import batch, looking, schema
from crm_sync.bitrix24.batch import MOST_READS, MOST_ROWS, MOST_WRITES, NOT_AS_PROMISED, Command
from crm_sync.bitrix24.schema import Schema, schema_of
from crm_sync.bitrix24.writing import command_of, id_in, record_of
from crm_sync.port import (
    COMMENT,
    COMPANY,
    CONTACT,
    LOG,
    PAYMENT,
    CrmFailure,
    Found,
    Look,
    NotExecuted,
    NotFound,
    Rejected,
    Uncertain,
    Write,
)

_NO_PROCESS = NotExecuted("в Битрикс24 не нашёлся смарт-процесс платежей", retry_after_s=60)


class Bitrix24:
    """One portal, by the address of its inbound webhook."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def look(self, looks: Sequence[Look]) -> list[Found | CrmFailure]:
        """Search for objects; see `Crm.look`."""
        known = self._schema()
        if isinstance(known, CrmFailure):
            return [known] * len(looks)
        questions = [looking.commands_of(known, look) for look in looks]
        answers = iter(self._run([command for commands in questions for command in commands], MOST_READS))
        told = [(look, [next(answers) for _ in commands]) for look, commands in zip(looks, questions, strict=True)]
        found = [
            self._line(known, look, pages[0]) if look.kind in (COMMENT, LOG) else looking.found_in(look, pages)
            for look, pages in told
        ]
        return self._nobodys(looks, self._of_process(looks, found))

    def _of_process(self, asked: Sequence[Look | Write], told: list[Any]) -> list[Any]:
        """Where no payment is named, it is the process of payments that is not found: deleted, or made anew."""
        lost = [
            isinstance(answer, NotFound) and it.kind == PAYMENT and not _names_one(it)
            for it, answer in zip(asked, told, strict=True)
        ]
        if any(lost):
            schema.doubt(self._base_url)
        return [_NO_PROCESS if missing else answer for missing, answer in zip(lost, told, strict=True)]

    def _line(self, known: Schema, look: Look, page: Any) -> Found | CrmFailure:
        """A line of a timeline, read page by page back to where it may have begun."""
        start: int | None = 0
        while True:
            found = looking.found_in(look, [page])
            if isinstance(found, CrmFailure) or found.own:
                return found
            start = looking.next_line(look, page, start or 0)
            if start is None:
                return found
            (page,) = self._run(looking.commands_of(known, look, start), MOST_READS)

    def _nobodys(self, looks: Sequence[Look], found: list[Found | CrmFailure]) -> list[Found | CrmFailure]:
        """Of people that look alike only those that bear no other customer's id: he may still be looking for them."""
        alike: dict[str, set[int]] = {CONTACT: set(), COMPANY: set()}
        for look, answer in zip(looks, found, strict=True):
            if isinstance(answer, Found) and look.kind in alike:
                alike[look.kind].update(answer.alike)
        origins = {kind: self._origins(kind, sorted(ids)) for kind, ids in alike.items()}
        return [
            _without_others(look, answer, origins.get(look.kind, {})) if isinstance(answer, Found) else answer
            for look, answer in zip(looks, found, strict=True)
        ]

    def _origins(self, kind: str, ids: Sequence[int]) -> dict[int, str | None] | CrmFailure:
        parts = [ids[start : start + MOST_ROWS] for start in range(0, len(ids), MOST_ROWS)]
        told: dict[int, str | None] = {}
        for answer in self._run([looking.origins_of(kind, part) for part in parts], MOST_READS):
            origins = looking.origins_in(answer)
            if isinstance(origins, CrmFailure):
                return origins
            told |= origins
        return told

    def write(self, writes: Sequence[Write], *, not_after: float) -> list[int | CrmFailure]:
        """Create or change objects; see `Crm.write`."""
        known = self._schema()
        if isinstance(known, CrmFailure):
            return [known] * len(writes)
        records = self._records(writes)
        commands = [_command(known, write, records.get(number)) for number, write in enumerate(writes)]
        ready = [command for command in commands if isinstance(command, Command)]
        answers = iter(self._run(ready, MOST_WRITES, not_after))
        written = [
            _outcome(write, next(answers)) if isinstance(command, Command) else command
            for write, command in zip(writes, commands, strict=True)
        ]
        if any(isinstance(it, Rejected) and it.code in schema.DOUBTFUL for it in written):
            schema.doubt(self._base_url)
        return self._of_process(writes, written)

    def _schema(self) -> Schema | CrmFailure:
        try:
            return schema_of(self._base_url)
        except CrmFailure as error:
            return error

    def _records(self, writes: Sequence[Write]) -> dict[int, Any]:
        """The present records of contacts and companies whose phones, e-mails or owner are to be written."""
        wanted = [number for number, write in enumerate(writes) if _needs_record(write)]
        commands = [record_of(writes[number]) for number in wanted]
        return dict(zip(wanted, self._run(commands, MOST_READS), strict=True))

    def _run(self, commands: Sequence[Command], size: int, not_after: float = math.inf) -> list[Any]:
        parts = (commands[start : start + size] for start in range(0, len(commands), size))
        return [answer for part in parts for answer in batch.run(self._base_url, part, not_after=not_after)]


def _without_others(look: Look, found: Found, origins: dict[int, str | None] | CrmFailure) -> Found | CrmFailure:
    if look.kind not in (CONTACT, COMPANY) or not found.alike:
        return found
    if isinstance(origins, CrmFailure):
        return origins
    # One that is not told of was deleted: the index of duplicates lags behind.
    mine = (None, look.external_id)
    return replace(found, alike=tuple(it for it in found.alike if it in origins and origins[it] in mine))


def _names_one(asked: Look | Write) -> bool:
    return isinstance(asked, Write) and asked.remote_id is not None


def _needs_record(write: Write) -> bool:
    has_records = write.kind in (CONTACT, COMPANY) and write.remote_id is not None
    return has_records and (write.adopting or bool({"phone", "email"} & write.fields.keys()))


def _command(known: Schema, write: Write, record: Any) -> Command | CrmFailure:
    if isinstance(record, CrmFailure):
        # Nothing was written: whatever happened to the question, the write may simply be tried again.
        return record
    try:
        return command_of(known, write, record)
    except Rejected as error:
        return error
    except NOT_AS_PROMISED:
        return Uncertain("Битрикс24 показал контакт не по-своему")


def _outcome(write: Write, answer: Any) -> int | CrmFailure:
    if isinstance(answer, CrmFailure):
        return answer
    try:
        return write.remote_id or id_in(answer)
    except NOT_AS_PROMISED:
        return Uncertain("Битрикс24 не назвал номер созданного")
