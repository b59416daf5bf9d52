"""What happens to money and people stands in Bitrix24, each once, with the right fields."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from crm_sync import wanting
from kernel.clock import business_date, business_now
from kernel.db import Session, begin
from payments.autopay.consents import Evidence
from payments.autopay.models import PaymentMethod
from payments.autopay.stopping import withdraw
from payments.catalogue.buying import buy
from payments.catalogue.models import Price, Product
from payments.charging.checkout import prepare_checkout, send_checkout
from payments.customers.registration import CustomerData, change_customer, create_customer
from payments.invoicing.issue import issue_now
from tests.crm_sync.conftest import Portal, jobs
from tests.support.business import (
    GOOD_CARD,
    Agreement,
    enter_card,
    make_agreement,
    open_company,
    pay_with_consent,
)
from tests.support.standing import begin_first_payment
from tests.support.world import World

pytestmark = pytest.mark.committed


def test_a_customer_who_pays_stands_there_with_contract_invoice_and_payment(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, kopecks=386_550, draft=True)
    pay(portal, it)

    contact, deal, invoice, payment = (portal.one(kind) for kind in ("contact", "deal", "invoice", "payment"))
    assert contact["name"] == "Анна Ковалёва"
    assert [record["value"] for record in contact["fm"]] == ["anna@example.com"]
    assert (deal["opportunity"], deal["stageId"], deal["contactIds"]) == (3865.5, "C1:PAID", [contact["id"]])
    assert deal["originId"].endswith(str(it.contract_id))
    assert (invoice["opportunity"], invoice["stageId"], invoice["parentId2"]) == (3865.5, "DT31_1:P", deal["id"])
    assert (payment["opportunity"], payment["stageId"]) == (3865.5, "DT1038_1:SUCCESS")
    assert (payment["parentId2"], payment["parentId31"]) == (deal["id"], invoice["id"])
    assert [line["title"] or line["text"][:9] for line in portal.timeline()]
    assert jobs() == {}


def test_a_decline_stands_in_the_deals_timeline_with_its_reason_and_the_next_attempt(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay(portal, it)
    with begin() as session:
        token = session.scalars(select(PaymentMethod.gateway_id)).one()
    portal.world.script(token, "insufficient_funds", "succeeded")
    portal.world.play(advance="P1M")
    portal.world.play(advance="P5D")

    texts = [line["text"] for line in portal.timeline()]
    assert any("не прошло" in text and "не хватило денег" in text and "Следующая попытка" in text for text in texts)
    stages = [item["stageId"] for item in portal.items("payment")]
    assert stages == ["DT1038_1:SUCCESS", "DT1038_1:FAIL", "DT1038_1:SUCCESS"]


def test_a_purchase_that_nobody_has_paid_yet_stands_there_with_its_invoice(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, kopecks=386_550, draft=True)
        issue_now(session, it.line_id, now=business_now(session))
    portal.sync()

    deal, invoice = portal.one("deal"), portal.one("invoice")
    assert (deal["stageId"], deal["UF_CRM_KABINET_DEBT"]) == ("C1:NEW", "3865.50|RUB")
    assert (invoice["opportunity"], invoice["stageId"], invoice["parentId2"]) == (3865.5, "DT31_1:S", deal["id"])


def test_an_invoice_whose_date_moves_with_a_later_try_at_buying_moves_there_too(portal: Portal) -> None:
    with begin() as session:
        price_id = put_on_sale(session)
        customer_id = create_customer(session, CustomerData("Анна", email="a@example.com")).id
    for _day in range(2):
        with begin() as session:
            now = business_now(session)
            buy(session, price_id, customer_id=customer_id, now=now)
        portal.sync()
        assert portal.one("invoice")["closedate"][:10] == business_date(now).isoformat()
        portal.world.jump("P1D")


def test_a_payment_under_way_waits_there_and_then_shows_its_outcome(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    url = open_payment_page(it)
    portal.sync()
    waiting = portal.one("payment")
    assert (waiting["stageId"], waiting["parentId31"]) == ("DT1038_1:PENDING", portal.one("invoice")["id"])

    enter_card(url, GOOD_CARD)
    portal.world.play(advance="PT10M")
    assert (portal.one("payment")["id"], portal.one("payment")["stageId"]) == (waiting["id"], "DT1038_1:SUCCESS")


def test_a_charge_that_ends_at_once_is_written_once(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay(portal, it)
    portal.world.play(advance="P1M")

    assert len(portal.items("payment")) == 2
    charge = portal.items("payment")[-1]
    changes = [call for call in portal.calls("crm.item.update") if call["object_id"] == f"payment:{charge['id']}"]
    assert (charge["stageId"], changes) == ("DT1038_1:SUCCESS", [])


def test_a_payment_that_never_left_is_not_there(portal: Portal) -> None:
    with begin() as session:
        it, _payment = begin_first_payment(session)
    with begin() as session:
        assert wanting.want_everything(session) == 4
    portal.sync()
    assert (portal.items("payment"), jobs()) == ([], {})
    assert portal.one("deal")["originId"].endswith(str(it.contract_id))


def test_a_changed_customer_is_changed_there_and_only_in_what_differs(portal: Portal) -> None:
    with begin() as session:
        customer_id = create_customer(session, CustomerData("Ольга Лебедева", email="o@example.com")).id
    portal.sync()
    portal.edit("contact", portal.one("contact")["id"], comments="Звонить после шести")
    with begin() as session:
        change_customer(session, customer_id, CustomerData("Ольга Лебедева", email="olga@example.com"))
    portal.sync()

    contact = portal.one("contact")
    assert [record["value"] for record in contact["fm"]] == ["olga@example.com"]
    assert contact["comments"] == "Звонить после шести"
    (update,) = [entry for entry in portal.calls() if "crm.item.update" in str(entry["request"])]
    assert "Лебедева" not in str(update["request"])


def test_many_changes_before_a_push_are_one_push(portal: Portal) -> None:
    with begin() as session:
        customer_id = create_customer(session, CustomerData("Имя 0", email="o@example.com")).id
    for number in range(1, 20):
        with begin() as session:
            change_customer(session, customer_id, CustomerData(f"Имя {number}", email="o@example.com"))
    portal.sync()

    assert portal.one("contact")["name"] == "Имя 19"
    assert len([entry for entry in portal.calls() if "crm.item.add" in str(entry["request"])]) == 1
    assert not [entry for entry in portal.calls() if "crm.item.update" in str(entry["request"])]


def test_a_debt_that_falls_overdue_moves_the_deal_though_nothing_happens(portal: Portal) -> None:
    with begin() as session:
        make_agreement(session, in_days=3, advance="by_calendar")
    portal.world.play(advance="P1D")
    assert portal.one("deal")["stageId"] == "C1:WAITING"
    portal.world.play(advance="P4D")
    assert portal.one("deal")["stageId"] == "C1:OVERDUE"


def test_a_stopped_autopay_is_told_in_the_deal(portal: Portal) -> None:
    with begin() as session:
        it = make_agreement(session, draft=True)
    pay(portal, it)
    assert portal.one("deal")["UF_CRM_KABINET_AUTOPAY"].startswith("Включён")
    with begin() as session:
        withdraw(session, it.contract_id, evidence=Evidence(), now=business_now(session))
    portal.sync()
    assert portal.one("deal")["UF_CRM_KABINET_AUTOPAY"] == "Отключён клиентом"


def test_a_company_stands_there_with_its_tax_number(portal: Portal) -> None:
    with begin() as session:
        create_customer(
            session, CustomerData("ООО «Садко»", "company", "sadko@example.com", inn="5000123458", kpp="500001001")
        )
    portal.sync()

    company = portal.one("company")
    (requisite,) = portal.call("crm.requisite.list", filter={"ENTITY_TYPE_ID": 4, "ENTITY_ID": company["id"]})
    assert (company["title"], requisite["RQ_INN"], requisite["RQ_KPP"]) == ("ООО «Садко»", "5000123458", "500001001")


def test_names_with_markup_arrive_as_they_are(portal: Portal) -> None:
    with begin() as session:
        create_customer(session, CustomerData("<b>O'Нил</b> & «Ко» [url=x]", email="o@example.com"))
    portal.sync()
    assert portal.one("contact")["name"] == "<b>O'Нил</b> & «Ко» [url=x]"


def test_a_name_that_looks_like_a_reference_brings_nothing_of_another_customer(portal: Portal) -> None:
    with begin() as session:
        create_customer(session, CustomerData("Анна", email="a@example.com", phone="+79990001122"))
        create_customer(session, CustomerData("$result[c0][item][fm][0][value]", email="b@example.com"))
        create_customer(session, CustomerData("$RESULT[c0]", email="c@example.com"))
    portal.sync()
    names = [item["name"] for item in portal.items("contact")]
    assert sorted(names) == ["$RESULT [c0]", "$result [c0][item][fm][0][value]", "Анна"]


def test_without_a_crm_nothing_is_kept_for_it(world: World) -> None:
    with begin() as session:
        create_customer(session, CustomerData("Анна", email="a@example.com"))
    world.drain()
    assert jobs() == {}


def put_on_sale(session: Session) -> UUID:
    """A product with a weekly price; the price's id."""
    entity, shop = open_company(session)
    product = Product(legal_entity_id=entity.id, shop_id=shop.id, name="Абонемент", description="Три занятия")
    session.add(product)
    session.flush()
    price = Price(product_id=product.id, kind="recurring", kopecks=250_000, period_unit="week", period_count=1)
    session.add(price)
    session.flush()
    return price.id


def open_payment_page(it: Agreement) -> str:
    """The customer stands on the gateway's page for the first line; its address."""
    with begin() as session:
        now = business_now(session)
        invoice = issue_now(session, it.line_id, now=now)
        checkout = prepare_checkout(session, invoice.id, customer_id=it.customer_id, consent_id=None, now=now)
    url = send_checkout(checkout.payment_id)
    assert url is not None
    return url


def pay(portal: Portal, it: Agreement) -> None:
    """The customer agrees and pays on the gateway's page; the gateway is asked, and everything comes to rest."""
    pay_with_consent(it)
    portal.world.play(advance="PT10M")
