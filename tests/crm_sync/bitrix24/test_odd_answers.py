"""Answers of a shape that nobody promised, and errors inside a batch: nothing breaks, nothing is given up for them."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.bitrix24.batch import Command, run
from crm_sync.bitrix24.client import failure
from crm_sync.port import CrmFailure, NotExecuted, NotFound, Rejected, Shut, Uncertain
from kernel.db import begin
from tests.crm_sync.conftest import Portal, connection, jobs, new_customer
from tests.crm_sync.held import TYPES
from tests.crm_sync.odd_portal import OddPortal
from tests.support.business import make_agreement, pay_with_consent

pytestmark = pytest.mark.committed


@pytest.mark.parametrize("rows", [[], {"categories": []}, {}, None, {"categories": [{"id": "первая"}]}])
def test_funnels_that_cannot_be_read_close_the_door_or_wait_and_never_break_the_push(
    portal: Portal, odd: OddPortal, rows: Any
) -> None:
    odd.answers["crm.category.list"] = {"result": rows}
    new_customer()
    portal.sync()
    assert {job.status for job in jobs().values()} == {"waiting"}
    assert {job.failure for job in jobs().values()} <= {"shut", "uncertain"}

    odd.answers.clear()
    portal.settle(minutes=20)
    assert (jobs(), connection().status, len(portal.items("contact"))) == ({}, "ok", 1)


@pytest.mark.parametrize("answer", [None, [], "да", {"items": [{"title": "без номера"}]}, {"items": None}])
def test_a_search_that_answers_in_another_shape_is_asked_again(portal: Portal, odd: OddPortal, answer: Any) -> None:
    odd.answers["crm.item.list"] = {"result": answer}
    new_customer()
    portal.sync()
    assert {(job.status, job.failure) for job in jobs().values()} == {("waiting", "uncertain")}

    odd.answers.clear()
    portal.settle()
    assert (jobs(), len(portal.items("contact"))) == ({}, 1)


@pytest.mark.parametrize("answer", [None, [], "да", {"item": {}}, {"item": None}])
def test_a_creation_that_answers_in_another_shape_is_in_doubt(portal: Portal, odd: OddPortal, answer: Any) -> None:
    odd.answers["crm.item.add"] = {"result": answer}
    new_customer()
    portal.sync()
    assert {job.status for job in jobs().values()} == {"uncertain"}

    odd.answers.clear()
    portal.settle()
    assert (jobs(), len(portal.items("contact"))) == ({}, 1)


def test_a_process_that_is_not_found_parks_no_payment_and_is_looked_for_anew(portal: Portal, odd: OddPortal) -> None:
    odd.answers[f"crm.item.list?entityTypeId={TYPES['payment']}"] = {"error": "NOT_FOUND", "error_description": "Нет"}
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay_with_consent(it)
    portal.world.play(advance="PT10M")
    (job,) = (job for job in jobs().values() if job.kind == "payment")
    assert (job.status, job.failure) == ("waiting", "not_executed")
    schemas = [call for call in portal.calls() if call["path"] == "crm.type.list"]
    assert len(schemas) > 1

    odd.answers.clear()
    portal.settle()
    assert (jobs(), len(portal.items("payment"))) == ({}, 1)


def test_words_that_the_database_does_not_take_are_kept_without_them(portal: Portal, odd: OddPortal) -> None:
    odd.answers["crm.item.add"] = {"error": "WRONG", "error_description": "не\0так \ud800"}
    new_customer()
    portal.sync()
    (job,) = jobs().values()
    assert (job.status, job.error) == ("parked", "WRONG: нетак ?")


def test_an_error_of_the_server_inside_a_batch_leaves_a_creation_in_doubt(portal: Portal, odd: OddPortal) -> None:
    odd.answers["crm.item.add"] = {"error": "INTERNAL_SERVER_ERROR", "error_description": "Internal server error"}
    new_customer()
    portal.sync()
    assert {job.status for job in jobs().values()} == {"uncertain"}
    odd.answers.clear()
    portal.settle()
    assert (jobs(), len(portal.items("contact"))) == ({}, 1)


def test_who_may_not_read_the_funnels_is_not_let_in_and_no_object_is_parked_for_it(
    portal: Portal, odd: OddPortal
) -> None:
    odd.answers["crm.type.list"] = {"error": "ACCESS_DENIED", "error_description": "Доступ запрещён"}
    new_customer()
    portal.sync()
    assert {job.status for job in jobs().values()} == {"waiting"}
    assert connection().status == "refused"


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("INTERNAL_SERVER_ERROR", Uncertain),
        ("ERROR_UNEXPECTED_ANSWER", Uncertain),
        ("insufficient_scope", Shut),
        ("user_access_error", Shut),
        ("authorization_error", Shut),
        ("expired_token", Shut),
        ("QUERY_LIMIT_EXCEEDED", NotExecuted),
        ("OPERATION_TIME_LIMIT", NotExecuted),
        ("NOT_FOUND", NotFound),
        ("ACCESS_DENIED", Rejected),
        ("CRM_FIELD_ERROR_REQUIRED", Rejected),
    ],
)
def test_what_an_error_inside_a_batch_means(code: str, meaning: type[CrmFailure]) -> None:
    assert type(failure(400, {"error": code, "error_description": ""}, "crm.item.add")) is meaning


def test_a_request_that_comes_too_late_is_not_sent(portal: Portal) -> None:
    from kernel.settings import get_settings

    (outcome,) = run(get_settings().bitrix24_url, [Command("profile", {})], not_after=0.0)
    assert isinstance(outcome, NotExecuted)
    assert portal.calls() == []


@pytest.mark.parametrize("words", ["Not found", "Not found.", "The Requisite with ID '57' is not found"])
def test_what_is_gone_there_is_told_without_a_code_too(words: str) -> None:
    told = {"error": "", "error_description": words}

    assert isinstance(failure(400, told, "crm.requisite.update"), NotFound)


def test_a_parent_that_is_missing_is_no_object_that_is_gone() -> None:
    told = {"error": "", "error_description": "Entity not found."}

    assert not isinstance(failure(400, told, "crm.requisite.add"), NotFound)
