"""What a reader's mail program makes of our letters is, to the space, what we wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr
from uuid import UUID

import pytest

from kernel.settings import get_settings
from portal.notifications.envelope import Outgoing, seal

SUBJECT = "Автоплатёж по договору № 2026-0040 включён: «Абонемент в бассейн», 3 900 ₽, карта •• 4477"


def letter(subject: str) -> Outgoing:
    return Outgoing(
        id=UUID(int=7),
        kind="autopay_on",
        recipient="anna@example.com",
        subject=subject,
        text_body="Здравствуйте!",
        html_body="<p>Здравствуйте!</p>",
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        notice_id=None,
        invoice_id=None,
        tries=0,
    )


# Wherever the line is folded, at a space or not: each shift moves the fold by one character.
@pytest.mark.parametrize("shift", range(30))
def test_a_long_subject_keeps_every_space(shift: int) -> None:
    subject = "я" * shift + SUBJECT
    data = seal(letter(subject)).data
    assert message_from_bytes(data, policy=policy.default)["Subject"] == subject
    assert max(map(len, data.splitlines())) <= 78


def test_a_line_break_in_a_subject_makes_no_header_of_its_own() -> None:
    read = message_from_bytes(seal(letter("Счёт\r\nBcc: all@example.com\n\nТекст")).data, policy=policy.default)
    assert read["Bcc"] is None
    assert read["Subject"] == "Счёт Bcc: all@example.com  Текст"


@pytest.mark.parametrize(
    "name", ["Кабинет", "Личный кабинет ООО «Тёплый контур» и партнёры, г. Одинцово", "Kabinet, Ltd.", ""]
)
def test_a_senders_name_keeps_every_space(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        get_settings(), "mail_from", f'"{name}" <kabinet@example.com>' if name else "kabinet@example.com"
    )
    # The old parser: the new one adds spaces of its own between the encoded words of a name.
    written = message_from_bytes(seal(letter(SUBJECT)).data)["From"]
    shown, address = parseaddr(written)
    assert (str(make_header(decode_header(shown))), address) == (name, "kabinet@example.com")
