"""A person's customer follows their user: what both said alike stays alike."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from kernel.db import Session
from payments.customers.models import PERSON, Customer
from payments.customers.registration import CustomerData, change_customer
from portal.accounts.models import Membership, User


@dataclass(frozen=True, slots=True)
class Contact:
    """How a user is called and reached."""

    name: str
    email: str
    phone: str | None

    @classmethod
    def of(cls, user: User) -> Contact:
        """As it is at this moment."""
        return cls(user.name, user.email, user.phone)


def follow_user(session: Session, user: User, before: Contact) -> None:
    """Carry a change over to the persons that the user owns, field by field, where they agreed with the user before.

    What the company wrote down otherwise (another phone, the name as in the contract) is the company's and stays.
    """
    owned = session.scalars(
        select(Customer)
        .join(Membership, Membership.customer_id == Customer.id)
        .where(Membership.user_id == user.id, Membership.role == "owner", Customer.kind == PERSON)
    ).all()
    for customer in owned:
        data = CustomerData(
            name=user.name if customer.name == before.name else customer.name,
            email=user.email if customer.email == before.email else customer.email,
            phone=user.phone if customer.phone == before.phone else customer.phone,
            kind=customer.kind,
            inn=customer.inn,
            kpp=customer.kpp,
        )
        change_customer(session, customer.id, data)
