"""Autopay and what it rests on: the saved method, the consent, the notice of each charge."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    and_,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base
from payments.columns import At, ContractId, CreatedAt, CustomerId, Key, Kopecks, Serial, ShopId, Str

# An autopay that was neither taken back nor is over: what can still be stopped.
STANDING = ("active", "paused", "suspended")


class PaymentMethod(Base):
    """A card or account that the gateway keeps for us: its token there, and a mask for people.

    `unlinked_at` is set by the customer, or at once when the gateway saved the method without a living consent, and is
    never cleared; `disabled_reason` is set when the bank says that the method will not work again.
    """

    __tablename__ = "payment_methods"
    __table_args__ = (UniqueConstraint("shop_id", "gateway_id"),)
    id: Mapped[Key]
    customer_id: Mapped[CustomerId]
    shop_id: Mapped[ShopId]
    gateway_id: Mapped[Str]
    kind: Mapped[Str]
    title: Mapped[Str]
    last4: Mapped[Str | None] = mapped_column(index=True)
    card_type: Mapped[Str | None]
    expiry_year: Mapped[int | None] = mapped_column(SmallInteger)
    expiry_month: Mapped[int | None] = mapped_column(SmallInteger)
    disabled_reason: Mapped[Str | None]
    unlinked_at: Mapped[At | None]
    created_at: Mapped[CreatedAt]


class Autopay(Base):
    """A contract's standing permission to be charged: the row that every barrier locks.

    It comes into being with the first successful payment that saved its method. Status: active, paused (its contract is
    suspended; an employee holds it: `held_at`; or it comes from a backup and nobody knows what its customer decided since:
    `unconfirmed_since`), suspended (the method stopped working), withdrawn (consent taken back), ended (the contract
    ended). Only a paused autopay is held or unconfirmed.
    `changed_at` is when the present permission began: each new status, consent or method sets it, and nothing else.
    """

    __tablename__ = "autopays"
    __table_args__ = (
        CheckConstraint(
            "status IN ('active', 'paused', 'suspended', 'withdrawn', 'ended')",
            name="status",
        ),
        CheckConstraint("unconfirmed_since IS NULL OR status = 'paused'", name="unconfirmed_is_paused"),
        Index("ix_autopays_unconfirmed", "contract_id", postgresql_where=text("unconfirmed_since IS NOT NULL")),
    )
    id: Mapped[Key]
    contract_id: Mapped[ContractId] = mapped_column(unique=True)
    customer_id: Mapped[CustomerId]
    consent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("consents.id"))
    method_id: Mapped[UUID] = mapped_column(ForeignKey("payment_methods.id"), index=True)
    max_kopecks: Mapped[Kopecks]
    status: Mapped[Str] = mapped_column(default="active")
    created_at: Mapped[CreatedAt]
    changed_at: Mapped[CreatedAt]
    held_at: Mapped[At | None]
    unconfirmed_since: Mapped[At | None]

    @property
    def is_kept_back(self) -> bool:
        """Whether it is paused for a reason of its own, not for its contract's."""
        return self.held_at is not None or self.unconfirmed_since is not None


class Consent(Base):
    """Evidence that cannot be changed: who agreed to what, or took it back, with the exact words they saw.

    Kind: offer, personal_data, marketing, recurring. Action: given, withdrawn. `shown` holds the values in the text.
    `salt` goes into the digest of who agreed and from where, so that nobody can be found by that digest alone.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("kind IN ('offer', 'personal_data', 'marketing', 'recurring')", name="kind"),
        CheckConstraint("action IN ('given', 'withdrawn')", name="action"),
    )
    id: Mapped[Serial]
    customer_id: Mapped[CustomerId]
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"), index=True)
    kind: Mapped[Str]
    action: Mapped[Str]
    text_version: Mapped[Str]
    text: Mapped[Str]
    text_sha256: Mapped[Str]
    shown: Mapped[dict[str, Any]] = mapped_column(JSONB)
    max_kopecks: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[UUID | None]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[Str | None]
    at: Mapped[CreatedAt]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary, server_default=func.uuid_send(func.gen_random_uuid()))


class ConsentLink(Base):
    """What makes a changed consent show: its digest, over that of the one `before` it of the same customer.

    The database writes it when a consent's transaction commits. `person` is the salted digest of who agreed and from
    where: it stays when these are erased.
    """

    __tablename__ = "consent_links"
    __table_args__ = (
        UniqueConstraint("customer_id", "before", postgresql_nulls_not_distinct=True),
        Index("ix_consent_links_customer", "customer_id", "id"),
    )
    id: Mapped[Serial]
    consent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("consents.id"), unique=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customers.id"))
    person: Mapped[bytes] = mapped_column(LargeBinary)
    before: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Notice(Base):
    """The warning of one charge: its sum, its date and its card, and when the letter really left."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_unsent", "installment_id", postgresql_where=text("sent_at IS NULL")),)
    id: Mapped[Key]
    installment_id: Mapped[UUID] = mapped_column(ForeignKey("installments.id"), index=True)
    method_id: Mapped[UUID] = mapped_column(ForeignKey("payment_methods.id"))
    kopecks: Mapped[Kopecks]
    charge_on: Mapped[date]
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[At | None]


# Over a Notice and the Autopay of its line's contract, in every statement that may lead to a charge. What was announced
# under an earlier permission, or for another method, has been called off: people were told to pay it by hand.
NOTICE_COUNTS = and_(
    Autopay.status == "active", Notice.method_id == Autopay.method_id, Notice.created_at >= Autopay.changed_at
)
