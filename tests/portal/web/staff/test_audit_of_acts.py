"""Every changing request of the desk leaves its entry in the audit log. All of them are really made, one after another.

A new POST without a line here fails; so does one that changes something and records nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from kernel.clock import real_now
from kernel.db import begin, read
from payments.invoicing.links import find_pay_link
from portal.accounts.models import UserSession
from portal.accounts.second_factor.enrolling import enrol, make_offer
from portal.accounts.sessions import STAFF
from portal.audit.models import AuditEntry
from portal.notes.models import CustomerNote
from portal.web.staff.audit_words import detail_name
from tests.portal.accounts.people import PASSWORD
from tests.portal.web.conftest import Door
from tests.portal.web.played_desk import employee, play_desk
from tests.portal.web.staff.conftest import session_of
from tests.portal.web.test_access import ACCESS
from tests.sandbox.process import Sandbox
from tests.support.gateway_cabinet import pay_past_us

pytestmark = pytest.mark.committed

NEW_PASSWORD = "синий лось бежит"


@dataclass(frozen=True)
class Deed:
    """What is posted, and what the log must say; `{…}` stands for something real."""

    act: str
    form: Mapping[str, str] = field(default_factory=dict)
    at: str = ""  # another address than the route's own, where its parameter needs another object


# In the order in which one person could do it all.
DEEDS: dict[str, Deed] = {
    "/staff/charging/pause": Deed("charging.paused", {"reason": "Сверяем суммы"}),
    "/staff/charging/resumption": Deed("charging.resumed"),
    "/staff/charging/limits": Deed("charging.limited", {"charges": "100", "amount": "500 000"}),
    "/staff/late-charges/{installment_id}/skip": Deed("installment.skipped"),
    "/staff/customers": Deed("customer.added", {"kind": "person", "name": "Вера Юдина", "email": "vera@example.com"}),
    "/staff/customers/{customer_id}": Deed(
        "customer.changed", {"kind": "person", "name": "Анна Сергеевна", "email": "anna@example.com"}
    ),
    "/staff/customers/{customer_id}/notes": Deed("note.written", {"text": "Просит звонить вечером"}),
    "/staff/customers/{customer_id}/notes/{note_id}": Deed("note.reworded", {"text": "Просит звонить утром"}),
    "/staff/customers/{customer_id}/notes/{note_id}/removal": Deed("note.taken_back"),
    "/staff/contracts": Deed(
        "contract.opened",
        {
            "customer": "{customer_id}",
            "title": "Аренда",
            "amount": "1000",
            "kind": "recurring",
            "period_count": "1",
            "period_unit": "month",
            "first_due_on": "01.05.2027",
            "advance": "on_payment",
        },
    ),
    "/staff/invoices": Deed(
        "invoice.issued",
        {
            "customer": "{customer_id}",
            "key": "01a1ff9b-95c2-7df9-968c-859bfb340de8",
            "title": "Замена замка",
            "amount": "1500",
            "due_on": "01.05.2027",
            "told": "y",
        },
    ),
    "/staff/invoices/{invoice_id}/letters": Deed("invoice.sent"),
    "/staff/invoices/{invoice_id}/link": Deed("invoice.link_replaced", {"link": "{link}"}),
    "/staff/invoices/{invoice_id}/void": Deed("invoice.voided"),
    "/staff/failed-charges/{invoice_id}/letters": Deed("invoice.sent", at="/staff/failed-charges/{failed_id}/letters"),
    "/staff/failed-charges/{invoice_id}/retry": Deed("charge.retried", at="/staff/failed-charges/{failed_id}/retry"),
    "/staff/proof/readings": Deed("proof.asked"),
    "/staff/proof/differences/{difference_id}/repair": Deed(
        "difference.repaired", at="/staff/proof/differences/{lost_id}/repair"
    ),
    "/staff/proof/repairs": Deed("difference.repaired"),
    "/staff/proof/differences/{difference_id}/invoice": Deed("difference.repaired", {"number": "№ {invoice_number}"}),
    "/staff/proof/differences/{difference_id}/review": Deed(
        "difference.reviewed", {"note": "Зачли в счёт"}, at="/staff/proof/differences/{refund_id}/review"
    ),
    "/staff/contracts/{contract_id}/autopay/pause": Deed("autopay.paused"),
    "/staff/contracts/{contract_id}/autopay/resumption": Deed("autopay.resumed"),
    "/staff/contracts/{contract_id}/suspension": Deed("contract.suspended"),
    "/staff/contracts/{contract_id}/resumption": Deed("contract.resumed"),
    "/staff/contracts/{contract_id}/end": Deed("contract.ended"),
    "/staff/services": Deed("product.added", {"name": "Занятие", "description": "Одно"}),
    "/staff/services/{product_id}": Deed("product.changed", {"name": "Абонемент на три", "description": "Три"}),
    "/staff/services/{product_id}/prices": Deed("price.added", {"kind": "one_off", "amount": "900"}),
    "/staff/services/{product_id}/sale": Deed("product.sale_changed", {"on_sale": "n"}),
    "/staff/services/prices/{price_id}/sale": Deed("price.sale_changed", {"on_sale": "n"}),
    "/staff/payments/{payment_id}/checks": Deed("payment.asked"),
    "/staff/payments/{payment_id}/review": Deed("payment.reviewed"),
    "/staff/exports": Deed("payments.exported", {"format": "csv", "query": ""}),
    "/staff/deliveries/{delivery_id}/again": Deed("delivery.repeated"),
    "/staff/messages/{message_id}/again": Deed("letter.repeated"),
    "/staff/sync/jobs/{job_id}/again": Deed("sync.repeated"),
    "/staff/sync/jobs/{job_id}/anew": Deed("sync.created_anew", at="/staff/sync/jobs/{gone_job_id}/anew"),
    "/staff/sync/again": Deed("sync.repeated"),
    "/staff/sync/probe": Deed("sync.probed"),
    "/staff/sync/customers/{customer_id}": Deed("sync.customer_rewritten"),
    "/staff/users": Deed("user.invited", {"name": "Яна Лунина", "email": "yana@example.com", "role": "viewer"}),
    "/staff/users/{user_id}/role": Deed("user.role_changed", {"role": "manager"}),
    "/staff/users/{user_id}/authenticator/removal": Deed("user.authenticator_reset"),
    "/staff/users/{user_id}/access": Deed("user.shut_out", {"access": "closed"}),
    "/staff/users/{user_id}/invitation": Deed("user.invited", at="/staff/users/{invited_id}/invitation"),
    "/staff/security/password": Deed("user.password_changed", {"current": PASSWORD, "password": NEW_PASSWORD}),
    "/staff/security/sessions/{session_id}/end": Deed("user.sessions_ended"),
    "/staff/security/sessions/end-others": Deed("user.sessions_ended"),
    "/staff/security/authenticator": Deed("user.authenticator_added", {"offer": "{offer}", "code": "{code}"}),
    "/staff/security/backup-codes": Deed("user.backup_codes_replaced", {"code": "{code}"}),
    "/staff/logout": Deed("user.signed_out"),
    "/staff/login": Deed("user.signed_in", {"login": "plain@example.com", "password": PASSWORD}),
    "/staff/security/authenticator/removal": Deed("user.authenticator_removed", {"code": "{code}"}),
    "/staff/login/code": Deed("user.signed_in", {"code": "{code_of_boss}"}),
}
WITHOUT_ENTRY = {
    "/staff/payments/views": "an employee's own filter, which nobody else sees and which changes nothing",
    "/staff/payments/views/{view_id}": "the same",
    "/staff/payments/views/{view_id}/removal": "the same",
    "/staff/security/backup-codes/saved": "only the browser forgets the codes; making them has its entry",
}


class Reality(dict[str, str]):
    """Ids by name; codes and the offer of an app are made when they are asked for."""

    def __init__(self, names: Mapping[str, str], client: TestClient) -> None:
        super().__init__(names)
        self._client = client
        self._steps: Iterator[datetime] = iter(real_now() + timedelta(seconds=30 * step) for step in (-1, 0, 1))

    def __missing__(self, name: str) -> str:
        if name == "offer":
            page = self._client.get("/staff/security/authenticator").text
            self["secret"] = re.sub(r"\s", "", re.findall(r"<code>([A-Z2-7 ]+)</code>", page)[0])
            return str(re.findall(r'name="offer" value="([^"]+)"', page)[0])
        if name == "link":
            with read() as session:
                return find_pay_link(session, UUID(self["invoice_id"])) or ""
        if name == "code":
            return pyotp.TOTP(self["secret"]).at(next(self._steps))
        if name == "code_of_boss":
            return pyotp.TOTP(self["secret_of_boss"]).now()
        raise KeyError(name)


def newest() -> tuple[int, AuditEntry | None]:
    with read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).first()
        return session.execute(select(func.count()).select_from(AuditEntry)).scalar_one(), entry


def with_app(email: str, *, before: bool) -> tuple[str, str]:
    """An employee with an app whose last code is a while ago; their id and its secret."""
    with begin() as session:
        user = employee(session, email, "viewer")
        session_of_user = UserSession(
            token_hash=email.encode(), user_id=user.id, audience=STAFF, expires_at=real_now() + timedelta(hours=1)
        )
        session.add(session_of_user)
        session.flush()
        offer = make_offer(user.id)
        long_ago = real_now() - timedelta(minutes=5) if before else real_now()
        code = pyotp.TOTP(offer.secret).at(long_ago)
        enrol(session, user.id, session_of_user.id, sealed=offer.sealed, code=code, now=long_ago)
        return str(user.id), offer.secret


def test_every_changing_address_of_the_desk_is_here() -> None:
    changing = {path for method, path in ACCESS if method != "GET" and path.startswith("/staff")}

    assert changing == set(DEEDS) | set(WITHOUT_ENTRY)
    assert set(DEEDS) & set(WITHOUT_ENTRY) == set()


def test_every_act_leaves_its_entry(door: Door, sandbox: Sandbox) -> None:
    client = door.employee("owner")
    names = play_desk(tuple(pay_past_us(sandbox, "300.00")["id"] for _ in range(3)))
    with begin() as session:
        owner_id = employee(session, "owner@example.com", "owner").id
        employee(session, "plain@example.com", "viewer")
    client.cookies.set("kabinet_staff", session_of(owner_id, STAFF))
    names["user_id"], _secret = with_app("lost@example.com", before=True)
    _boss_id, names["secret_of_boss"] = with_app("boss@example.com", before=True)
    real = Reality(names, client)

    for path, deed in DEEDS.items():
        if path.endswith("{note_id}"):
            with read() as session:  # the one that was just written: nobody may touch a colleague's
                written = select(CustomerNote.id).order_by(CustomerNote.id.desc()).limit(1)
                real["note_id"] = str(session.scalars(written).one())
        if "{session_id}" in path:
            session_of(owner_id, STAFF)
            with read() as session:
                other = select(UserSession.id).where(UserSession.user_id == owner_id, UserSession.ended_at.is_(None))
                real["session_id"] = str(session.scalars(other.order_by(UserSession.created_at.desc())).first())
        browser = client
        if path.startswith("/staff/login"):
            browser = door.stranger()
        if path == "/staff/login/code":
            browser.post("/staff/login", data={"login": "boss@example.com", "password": PASSWORD})
        if path == "/staff/security/authenticator/removal":
            client.cookies.set("kabinet_staff", session_of(owner_id, STAFF))
        before, _entry = newest()

        answer = browser.post(
            (deed.at or path).format_map(real),
            data={name: value.format_map(real) for name, value in deed.form.items()},
        )

        after, entry = newest()
        assert answer.status_code == 303, f"{path}: {answer.status_code} {re.sub('<[^>]+>', ' ', answer.text)[:600]}"
        assert after == before + 1, path
        assert entry is not None
        assert entry.act == deed.act, path
        assert entry.user_id, path
        assert entry.request_id, path
        for name in entry.details:
            assert detail_name(name) != name, f"{path}: {name} has no words"
