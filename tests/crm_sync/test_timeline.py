"""Lines of a deal's timeline: each once, though a timeline has no external ids."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import select

from crm_sync import telling, wanting
from kernel.clock import business_now
from kernel.db import begin
from payments.autopay.ending import suspend_contract
from payments.autopay.holding import pause_autopay, resume_autopay
from payments.autopay.models import Autopay
from tests.crm_sync.conftest import Portal, jobs
from tests.crm_sync.test_mirror import pay
from tests.support.business import make_agreement

pytestmark = pytest.mark.committed


@pytest.mark.parametrize(("kind", "many"), [("log", 12), ("comment", 55)])
def test_a_line_in_doubt_is_found_however_many_were_written_since(portal: Portal, kind: str, many: int) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay(portal, it)
    method = {"log": "crm.timeline.logmessage.add", "comment": "crm.timeline.comment.add"}[kind]
    portal.fail("drop_after", times=1, match={"method": method})
    with begin() as session:
        line = telling.autopay(session.scalars(select(Autopay)).one(), "held", now=business_now(session))
        wanting.want_entries(session, [line | {"kind": kind}])
    portal.sync()
    deal_id = portal.one("deal")["id"]
    for number in range(many):
        comment = {"ENTITY_TYPE": "deal", "ENTITY_ID": deal_id, "COMMENT": f"Заметка {number}"}
        note = {"entityTypeId": 2, "entityId": deal_id, "title": "Робот", "text": f"{number}", "iconCode": "info"}
        portal.call(method, fields=comment if kind == "comment" else note)
    portal.settle()

    assert len([line for line in portal.timeline() if "Сотрудник приостановил" in line["text"]]) == 1
    assert jobs() == {}


def test_who_stopped_and_who_resumed_an_autopay_is_told_as_it_was(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay(portal, it)
    boss = uuid4()
    for hold in (pause_autopay, resume_autopay):
        with begin() as session:
            hold(session, it.contract_id, by=boss, now=business_now(session))
        portal.sync()
    with begin() as session:
        suspend_contract(session, it.contract_id, now=business_now(session), source="staff")
    portal.sync()

    told = [line["text"].partition(".")[0] for line in portal.timeline() if line["form"] == "note"]
    assert told == [
        "Клиент согласился на автоматические списания",
        "Сотрудник приостановил автоплатёж",
        "Сотрудник возобновил автоплатёж",
        "Автоплатёж приостановлен вместе с договором",
    ]


@pytest.mark.parametrize("method", ["crm.timeline.comment.add", "crm.timeline.logmessage.add"])
def test_a_line_whose_answer_was_lost_is_found_and_not_written_again(portal: Portal, method: str) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    portal.fail("drop_after", times=1, match={"method": method})
    pay(portal, it)
    portal.settle()

    assert jobs() == {}
    assert sorted(line["form"] for line in portal.timeline()) == ["comment", "note"]
