"""A link shows one invoice to its holder and nothing else, and does not let itself be guessed."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from sqlalchemy import select

from kernel.clock import business_now
from kernel.db import begin, read
from payments.charging.models import Payment
from payments.invoicing.issue import issue_now
from payments.invoicing.links import make_pay_link, replace_pay_link
from payments.invoicing.models import Invoice
from portal.accounts.throttles import LINK_FROM
from portal.notifications.asking import ask_to_pay
from portal.notifications.models import Message
from portal.web.pay.routes import router
from tests.portal.web.pay.conftest import Till
from tests.support.business import Agreement, make_agreement

WRONG = "/pay/" + "A" * 43


def test_every_address_answers_a_wrong_link_with_the_same_404(till: Till) -> None:
    guest = till.guest()
    replaced = till.path
    with begin() as session:
        replace_pay_link(session, till.invoice_id, now=business_now(session))
    pages = set()

    for route in router.routes:
        for secret in (WRONG.rpartition("/")[2], "short", replaced.rpartition("/")[2], str(uuid4())):
            path = str(getattr(route, "path", "")).replace("{token}", secret)
            for method in getattr(route, "methods", ()):
                answer = guest.client.request(method, path)
                assert answer.status_code == 404, (method, path)
                pages.add(re.sub(r"[0-9a-f-]{32,36}|/pay/[\w%/-]+", "", answer.text))
    assert len(pages) == 1
    assert till.payments() == []


def test_whoever_tries_too_many_wrong_ones_waits_even_with_a_right_one(till: Till) -> None:
    guest = till.guest()
    assert "Счёт к оплате" in guest.page()

    answers = [guest.client.get(f"/pay/{number:043d}").status_code for number in range(LINK_FROM.amount + 1)]

    assert answers == [404] * LINK_FROM.amount + [429]
    assert guest.get().status_code == 429
    assert "Retry-After" in guest.get().headers
    assert guest.press().status_code == 429
    assert till.payments() == []


def test_right_links_are_never_counted(till: Till) -> None:
    guest = till.guest()

    assert {guest.get().status_code for _ in range(LINK_FROM.amount + 5)} == {200}


def test_the_page_names_the_company_and_the_invoice_and_nobody(till: Till) -> None:
    other = _other_invoice(till.agreement)
    with read() as session:
        mine, its = session.get_one(Invoice, till.invoice_id), session.get_one(Invoice, other)

    page = till.guest().page()

    assert mine.number in page
    assert "ООО «Тёплый контур», ИНН 5000123456" in page
    assert "Абонемент" in page
    for secret in ("Анна", "Ковалёва", "anna@example.com", its.number, str(mine.customer_id), str(mine.id)):
        assert secret not in page, secret


def test_it_is_kept_by_no_search_engine_and_told_to_no_other_site(till: Till) -> None:
    guest = till.guest()
    guest.press()

    for rest in ("", "/go", "/status?was=x&waited=2"):
        answer = guest.get(rest)
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow", rest
        assert answer.headers["Referrer-Policy"] == "same-origin", rest
        assert answer.headers["Cache-Control"] == "no-store", rest
    assert '<meta name="robots" content="noindex, nofollow">' in guest.page()


def test_a_form_of_another_site_begins_nothing(till: Till) -> None:
    guest = till.guest()

    answer = guest.client.post(f"{till.path}/payments", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert till.payments() == []


def test_each_link_pays_its_own_invoice(till: Till) -> None:
    other = _other_invoice(till.agreement)
    till.guest().press()

    with read() as session:
        assert session.scalars(select(Payment.invoice_id)).all() == [till.invoice_id]
        assert other != till.invoice_id


def test_letters_that_ask_for_money_carry_it(till: Till) -> None:
    with begin() as session:
        ask_to_pay(session, till.invoice_id)

    with read() as session:
        letter = session.scalars(select(Message).where(Message.kind == "invoice_issued")).one()
    assert f"http://localhost:8000{till.path}" in letter.text_body
    assert f"http://localhost:8000{till.path}" in letter.html_body
    assert letter.invoice_id == till.invoice_id


def _other_invoice(it: Agreement) -> UUID:
    """Somebody else's, with a link of its own."""
    with begin() as session:
        theirs = make_agreement(session, email="b@example.com")
        invoice = issue_now(session, theirs.line_id, now=business_now(session))
        make_pay_link(session, invoice.id)
        assert theirs.customer_id != it.customer_id
        return invoice.id
