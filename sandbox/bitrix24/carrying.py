"""Carrying a request out, alone or as a batch, as far as faults let it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox import journal
from sandbox.bitrix24 import batch, methods, mischief
from sandbox.bitrix24.batch import Command
from sandbox.bitrix24.call import Call, Result
from sandbox.bitrix24.credentials import Credential
from sandbox.bitrix24.envelope import framed, time_spent
from sandbox.bitrix24.errors import CrmError
from sandbox.bitrix24.subject import Subject, subject_of
from sandbox.faults import Fault
from sandbox.moments import real_now
from sandbox.world import World

Json = dict[str, Any]


@dataclass
class Done:
    """What came of a request: its answer, the fault that struck, and an entry of the journal for each command."""

    status: int
    body: Json
    fault: Fault | None = None
    object_id: str | None = None
    outcome: str | None = None
    commands: list[journal.Entry] = field(default_factory=list)


def carry_out(world: World, method: str, params: Json, by: Credential) -> Done:
    """Carry a request out. Every error is an answer, and an error has done nothing."""
    try:
        if method.lower() == "batch":
            return _Batch(world, params, by).carry_out()
        return _single(world, method, params, by)
    except CrmError as error:
        return Done(error.status, error.body(), outcome=error.description)


def _single(world: World, method: str, params: Json, by: Credential) -> Done:
    began = time.time()
    subject = subject_of(method, params)
    fault = world.faults.strike("bitrix24", subject.key, subject.facts(), but=mischief.KILLED)
    if mischief.acts_before(fault):
        return Done(0, {}, fault, subject.object_id)
    try:
        result = methods.run(world, Call(method, params, by))
    except CrmError as error:
        return Done(error.status, error.body(), fault, subject.object_id, error.description)
    body = framed(result, time_spent(world, by, method, began))
    return Done(200, body, fault, result.object_id or subject.object_id, _counted(result))


class _Batch:
    """One batch on its way."""

    def __init__(self, world: World, params: Json, by: Credential) -> None:
        self._world, self._params, self._by = world, params, by
        self._commands = batch.commands_of(params)
        self._blocked: set[str] = set()
        self._entries: list[journal.Entry] = []

    def carry_out(self) -> Done:
        """Run the commands, all or, where a fault says so, some or none."""
        began = time.time()
        fault = self._strike()
        if mischief.acts_before(fault):
            return Done(0, {}, fault)
        chosen = self._commands
        if fault is not None and fault.kind == mischief.KILLED:
            chosen = chosen[: len(chosen) // 2]
        outcomes = batch.run_all(chosen, self._run, halt=batch.halts(self._params))
        body = framed(Result(outcomes.as_json()), time_spent(self._world, self._by, "batch", began))
        told = f"{len(outcomes.result)} выполнено, {len(outcomes.result_error)} с ошибкой"
        return Done(200, body, fault, None, told, self._entries)

    def _strike(self) -> Fault | None:
        """A fault of the whole request: one that strikes `batch`, or one that strikes any of its commands."""
        whole = subject_of("batch", self._params)
        if fault := self._world.faults.strike("bitrix24", whole.key, whole.facts()):
            return fault
        for command in self._commands:
            subject = subject_of(command.method, command.params({}))
            fault = self._world.faults.strike("bitrix24", subject.key, subject.facts())
            if fault is not None and fault.kind != mischief.OF_ONE_COMMAND:
                return fault
            if fault is not None:
                self._blocked.add(command.key)
        return None

    def _run(self, command: Command, results: Json) -> tuple[Any, int | None, int | None, Json]:
        began = time.time()
        params = command.params(results)
        subject = subject_of(command.method, params)
        try:
            result = self._allowed(command, params)
        except CrmError as error:
            self._note(subject, params, error.status, subject.object_id, error.description)
            raise
        self._note(subject, params, 200, result.object_id or subject.object_id, _counted(result))
        spent = time_spent(self._world, self._by, command.method, began)
        return result.value, result.total, result.next_start, spent

    def _allowed(self, command: Command, params: Json) -> Result:
        if command.method.lower() == "batch":
            raise CrmError(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
        if command.key in self._blocked:
            raise mischief.refusal(mischief.OF_ONE_COMMAND)
        return methods.run(self._world, Call(command.method, params, self._by))

    def _note(self, subject: Subject, params: Json, status: int, object_id: str | None, outcome: str | None) -> None:
        entry = journal.Entry(
            self._world.now(), real_now(), "bitrix24", "BATCH", subject.method, subject.external_id or None,
            request=journal.text_of(params), status=status, object_id=object_id, outcome=outcome,
            fault=mischief.OF_ONE_COMMAND if status == mischief.refusal(mischief.OF_ONE_COMMAND).status else None,
        )  # fmt: skip
        self._entries.append(entry)


def _counted(result: Result) -> str | None:
    return None if result.total is None else str(result.total)
