"""Legal texts: complete, filled in, and proved by their digest."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from kernel.db import Session
from kernel.errors import ConfigurationError, NotFound
from payments.charging.declines import RULES
from portal.legal.blocks import Block, blocks
from portal.legal.editions import SLUGS, current, edition, editions
from portal.legal.wording import OF_THE_CONTRACT, RECURRING, SLUG_OF, company_values, fill, wording
from tests.support.business import open_company


@pytest.mark.parametrize("slug", SLUGS)
def test_every_text_has_editions_numbered_from_one(slug: str) -> None:
    found = editions(slug)

    assert [one.version for one in found] == [str(n + 1) for n in range(len(found))]
    assert current(slug) is found[-1]
    assert edition(slug, "1") is found[0]
    assert all(one.effective_on >= date(2025, 9, 1) and one.title and one.body for one in found)


@pytest.mark.parametrize("slug", sorted(SLUG_OF.values()))
def test_what_is_agreed_to_has_words_beside_the_box(slug: str) -> None:
    found = current(slug)

    assert found.box
    assert found.box_parts[1]
    assert not set("[]") & set(found.box)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_value_of_a_text_is_known(session: Session, slug: str) -> None:
    open_company(session)

    text = fill(current(slug), {**OF_THE_CONTRACT, **company_values(session)})

    assert "{" not in text
    assert "ООО «Тёплый контур»" in text


def test_a_recurring_consent_names_sum_period_date_and_the_way_out(session: Session) -> None:
    open_company(session)
    terms = {
        "contract": "2026-0147",
        "amount": "15 500,00 ₽",
        "amount_rule": "сумма постоянная",
        "period": "раз в месяц",
        "next_date": "5 декабря 2026",
        "notice": "3 дня",
    }

    found = wording(RECURRING, {**company_values(session), **terms})

    assert all(value in found.text for value in terms.values())
    assert "Отключить автоплатёж или отвязать карту можно в любой момент" in found.text
    assert found.sha256 == hashlib.sha256(found.text.encode()).hexdigest()
    assert found.shown["amount"] == "15 500,00 ₽"


def test_what_the_consent_and_the_offer_say_of_retries_is_what_happens() -> None:
    for slug in ("autopay", "offer"):
        assert "не больше трёх раз за две недели" in current(slug).body
    assert max(len(rule.retry_after) for rule in RULES.values()) == 3
    assert max(sum(rule.retry_after, timedelta(0)) for rule in RULES.values()) < timedelta(days=14)


def test_a_missing_value_is_an_error_and_not_a_hole_in_the_text(session: Session) -> None:
    open_company(session)

    with pytest.raises(KeyError):
        wording(RECURRING, company_values(session))


def test_without_a_company_there_is_nothing_to_agree_to(session: Session) -> None:
    with pytest.raises(ConfigurationError):
        company_values(session)


@pytest.mark.parametrize(("slug", "version"), [("offer", "99"), ("offer", "../offer/1"), ("passwords", "1")])
def test_an_unknown_text_or_edition_is_not_found(slug: str, version: str) -> None:
    with pytest.raises(NotFound):
        edition(slug, version)


def test_a_text_becomes_headings_paragraphs_and_lists() -> None:
    assert blocks("## Раз\n\nПервая\nстрока\n\n- один\n- два") == [
        Block("heading", ("Раз",)),
        Block("paragraph", ("Первая строка",)),
        Block("list", ("один", "два")),
    ]
