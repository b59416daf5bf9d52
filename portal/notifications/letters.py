"""Writing letters: a template and its facts become one Message per occasion, in the transaction of the occasion."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from css_inline import CSSInliner
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel import outbox
from kernel.db import ReadSession, Session
from kernel.errors import KabinetError
from kernel.ids import uuid7
from kernel.outbox import Hint
from kernel.settings import get_settings
from payments.installation.models import Installation, LegalEntity
from portal.accounts.models import Membership, User
from portal.notifications.models import Message
from portal.notifications.troubles import NO_ADDRESS
from portal.web.kit.frame import Brand
from portal.web.kit.i18n import Language, known_language, use_language
from portal.web.kit.render import environment

MAIL_JOB = "mail"
# A new row has its hint in the outbox; the sweep leaves it alone for so long.
HINT_LASTS = "30 seconds"
_MANY_EMPTY_LINES = re.compile(r"\n{3,}")


class UnsafeHeader(KabinetError):
    """A subject or an address holds a line break or another control character: it could forge a header."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be kept: a subject of one line, a plain text, and HTML with its styles inlined."""

    subject: str
    text: str
    html: str


def queue_letter(
    session: Session,
    kind: str,
    recipient: str,
    context: Mapping[str, Any],
    *,
    dedupe_key: str,
    customer_id: UUID | None = None,
    user_id: UUID | None = None,
    notice_id: UUID | None = None,
    payment_id: UUID | None = None,
    invoice_id: UUID | None = None,
) -> UUID | None:
    """Write `templates/emails/<kind>/` to the recipient, in their language; it leaves after the commit.

    The templates see `context`, `brand`, `base_url` and `recipient`. An empty recipient makes a row that failed with
    `NO_ADDRESS`, so that staff see what could not be said. Returns the message's id, or None when this occasion
    (`dedupe_key`) already has its letter.

    Raises:
        UnsafeHeader: the recipient or the rendered subject holds a control character.
    """
    _refuse_control_characters(recipient)
    facts = {**context, "brand": brand(session), "base_url": get_settings().base_url, "recipient": recipient}
    letter = render_letter(kind, facts, language=_language_of(session, user_id, customer_id))
    message_id = session.scalar(
        insert(Message)
        .values(
            id=uuid7(),
            kind=kind,
            dedupe_key=dedupe_key,
            customer_id=customer_id,
            user_id=user_id,
            notice_id=notice_id,
            payment_id=payment_id,
            invoice_id=invoice_id,
            recipient=recipient,
            subject=letter.subject,
            text_body=letter.text,
            html_body=letter.html,
            status="queued" if recipient else "failed",
            error=None if recipient else NO_ADDRESS,
            lease_until=func.clock_timestamp() + text(f"interval '{HINT_LASTS}'"),
        )
        .on_conflict_do_nothing(index_elements=[Message.dedupe_key])
        .returning(Message.id)
    )
    if message_id and recipient:
        outbox.hint(session, Hint(MAIL_JOB, (message_id,)))
    return message_id


def render_letter(kind: str, facts: Mapping[str, Any], *, language: Language) -> Letter:
    """The letter of this kind.

    Raises:
        UnsafeHeader: the subject holds a control character.
        jinja2.UndefinedError: the facts lack something that the template names.
    """
    templates = environment()
    with use_language(language):
        subject = templates.get_template(f"emails/{kind}/subject.txt").render(facts).strip()
        _refuse_control_characters(subject)
        plain, html = (
            templates.get_template(f"emails/{kind}/{name}").render({**facts, "subject": subject})
            for name in ("body.txt", "body.html")
        )
    return Letter(subject, _MANY_EMPTY_LINES.sub("\n\n", plain).strip() + "\n", _inliner().inline(html))


def brand(session: Session | ReadSession) -> Brand:
    """The company as letters sign it: the installation's name and its first legal entity."""
    row = session.execute(
        select(Installation.brand, LegalEntity.name, LegalEntity.inn, LegalEntity.phone, LegalEntity.email)
        .outerjoin(LegalEntity, LegalEntity.id.is_not(None))
        .order_by(LegalEntity.created_at, LegalEntity.id)
        .limit(1)
    ).one()
    return Brand(row.brand, row.name or row.brand, row.inn or "", row.phone or "", row.email or "")


def _language_of(session: Session, user_id: UUID | None, customer_id: UUID | None) -> Language:
    reader = select(User.locale)
    if user_id is not None:
        reader = reader.where(User.id == user_id)
    else:
        reader = (
            reader.join(Membership, Membership.user_id == User.id)
            .where(Membership.customer_id == customer_id, Membership.role == "owner")
            .order_by(Membership.created_at)
        )
    return known_language(session.execute(reader.limit(1)).scalar_one_or_none())


def _refuse_control_characters(value: str) -> None:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise UnsafeHeader(f"control character in {len(value)} characters of a header")


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    # At-rules (dark theme, narrow screens) cannot be inlined and stay in <style>.
    return CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
