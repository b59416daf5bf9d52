"""A link pays one invoice: it can be shown again, replaced, and not guessed or made from the database alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from kernel.clock import business_now
from kernel.db import Session, begin, read
from kernel.errors import NotFound
from kernel.settings import get_settings
from payments.installation.setup import ensure_installation
from payments.invoicing.issue import issue_now
from payments.invoicing.links import find_pay_link, invoice_of_link, make_pay_link, replace_pay_link
from payments.invoicing.models import Invoice, PayLink
from tests.support.business import make_agreement


@pytest.fixture
def invoice(session: Session) -> Invoice:
    ensure_installation(session, get_settings())
    return issue_now(session, make_agreement(session).line_id, now=business_now(session))


@pytest.fixture
def other_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KABINET_SECRET_KEY", "another-key-that-is-long-enough-too")
    yield
    monkeypatch.undo()
    get_settings.cache_clear()


def secret_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_an_invoice_has_one_link_and_shows_it_again(session: Session, invoice: Invoice) -> None:
    assert find_pay_link(session, invoice.id) is None

    url = make_pay_link(session, invoice.id)

    assert make_pay_link(session, invoice.id) == find_pay_link(session, invoice.id) == url
    assert url.startswith("http://localhost:8000/pay/")
    assert invoice_of_link(session, secret_of(url)) == invoice.id


def test_the_secret_has_256_bits_and_half_of_them_are_not_in_the_database(session: Session, invoice: Invoice) -> None:
    secret = base64.urlsafe_b64decode(secret_of(make_pay_link(session, invoice.id)) + "=")

    kept = session.scalars(select(PayLink.selector)).one()

    assert len(secret) == 32
    assert secret.startswith(kept)
    assert len(kept) == 16


def test_a_replaced_link_opens_nothing_and_the_new_one_does(session: Session, invoice: Invoice) -> None:
    old = make_pay_link(session, invoice.id)

    new = replace_pay_link(session, invoice.id, now=business_now(session))

    assert new != old
    assert invoice_of_link(session, secret_of(new)) == invoice.id
    with pytest.raises(NotFound):
        invoice_of_link(session, secret_of(old))
    assert session.scalar(select(func.count()).select_from(PayLink).where(PayLink.revoked_at.is_not(None))) == 1


@pytest.mark.parametrize("change", ["first", "last", "shorter", "longer", "empty", "rubbish", "cyrillic"])
def test_a_wrong_secret_opens_nothing(session: Session, invoice: Invoice, change: str) -> None:
    good = secret_of(make_pay_link(session, invoice.id))
    flipped = "A" if good[0] != "A" else "B"
    wrong = {
        "first": flipped + good[1:],
        "last": good[:30] + ("A" if good[30] != "A" else "B") + good[31:],
        "shorter": good[:-2],
        "longer": good + "AA",
        "empty": "",
        "rubbish": "%" * 43,
        "cyrillic": "я" * 43,
    }[change]

    with pytest.raises(NotFound):
        invoice_of_link(session, wrong)


def test_a_link_dies_with_the_key_that_signed_it(session: Session, invoice: Invoice, other_key: None) -> None:
    get_settings.cache_clear()
    under_this_key = make_pay_link(session, invoice.id)
    assert invoice_of_link(session, secret_of(under_this_key)) == invoice.id

    before = get_settings()
    forged = base64.urlsafe_b64encode(session.scalars(select(PayLink.selector)).one() + b"\0" * 16).decode().rstrip("=")

    assert before.secret_key.startswith("another")
    with pytest.raises(NotFound):
        invoice_of_link(session, forged)


@pytest.mark.committed
def test_two_letters_at_once_make_one_link(committed: str) -> None:
    with begin() as session:
        ensure_installation(session, get_settings())
        invoice_id = issue_now(session, make_agreement(session).line_id, now=business_now(session)).id

    def make(_number: int) -> str:
        with begin() as session:
            return make_pay_link(session, invoice_id)

    with ThreadPoolExecutor(8) as people:
        made = set(people.map(make, range(16)))

    assert len(made) == 1
    with read() as session:
        assert session.scalar(select(func.count()).select_from(PayLink)) == 1
