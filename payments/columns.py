"""Column types that every table of this package shares."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text, func
from sqlalchemy.orm import mapped_column

from kernel.ids import uuid7

Key = Annotated[UUID, mapped_column(primary_key=True, default=uuid7)]
Serial = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Kopecks = Annotated[int, mapped_column(BigInteger)]
At = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.business_now())]
Str = Annotated[str, mapped_column(Text)]
CustomerId = Annotated[UUID, mapped_column(ForeignKey("customers.id"), index=True)]
ContractId = Annotated[UUID, mapped_column(ForeignKey("contracts.id"), index=True)]
ShopId = Annotated[UUID, mapped_column(ForeignKey("shops.id"))]
LegalEntityId = Annotated[UUID, mapped_column(ForeignKey("legal_entities.id"))]
