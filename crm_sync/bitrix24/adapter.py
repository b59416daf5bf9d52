"""The CRM port on Bitrix24: looks and writes in batches, each command with an outcome of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_sync.bitrix24 import batch, looking, schema
from crm_sync.bitrix24.batch import MOST_READS, MOST_WRITES, Command
from crm_sync.bitrix24.schema import Schema, schema_of
from crm_sync.bitrix24.writing import command_of, id_in, record_of
from crm_sync.port import COMPANY, CONTACT, CrmFailure, Found, Look, Rejected, Uncertain, Write


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
        return [
            looking.found_in(look, [next(answers) for _ in commands])
            for look, commands in zip(looks, questions, strict=True)
        ]

    def write(self, writes: Sequence[Write]) -> list[int | CrmFailure]:
        """Create or change objects; see `Crm.write`."""
        known = self._schema()
        if isinstance(known, CrmFailure):
            return [known] * len(writes)
        records = self._records(writes)
        commands = [_command(known, write, records.get(number)) for number, write in enumerate(writes)]
        ready = [command for command in commands if isinstance(command, Command)]
        answers = iter(self._run(ready, MOST_WRITES))
        written = [
            _outcome(write, next(answers)) if isinstance(command, Command) else command
            for write, command in zip(writes, commands, strict=True)
        ]
        if any(isinstance(outcome, Rejected) for outcome in written):
            schema.forget()
        return written

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

    def _run(self, commands: Sequence[Command], size: int) -> list[Any]:
        parts = (commands[start : start + size] for start in range(0, len(commands), size))
        return [answer for part in parts for answer in batch.run(self._base_url, part)]


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


def _outcome(write: Write, answer: Any) -> int | CrmFailure:
    if isinstance(answer, CrmFailure):
        return answer
    try:
        return write.remote_id or id_in(answer)
    except (KeyError, TypeError, ValueError):
        return Uncertain("Битрикс24 не назвал номер созданного")
