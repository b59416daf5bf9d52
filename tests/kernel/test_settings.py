"""A process starts with good settings or says which variables are bad, all at once, without their values."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.errors import ConfigurationError
from kernel.settings import get_settings


@pytest.fixture(autouse=True)
def _fresh() -> object:
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def _problems() -> list[str]:
    get_settings.cache_clear()
    with pytest.raises(ConfigurationError) as refused:
        get_settings()
    return refused.value.problems


def test_every_bad_variable_is_named_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_DATABASE_URL", "mysql://secret@host/db")
    monkeypatch.setenv("KABINET_BUSINESS_TZ", "Europe/Atlantis")
    monkeypatch.setenv("KABINET_SECRET_KEY", "short-and-secret")
    monkeypatch.delenv("KABINET_SMTP_URL")
    problems = _problems()
    assert {problem.partition(":")[0] for problem in problems} == {
        "KABINET_DATABASE_URL",
        "KABINET_BUSINESS_TZ",
        "KABINET_SECRET_KEY",
        "KABINET_SMTP_URL",
    }
    assert "secret" not in " ".join(problems).replace("KABINET_SECRET_KEY", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KABINET_REDIS_URL", ""),
        ("KABINET_REDIS_URL", "127.0.0.1:6379"),
        ("KABINET_REDIS_URL", "redis://"),
        ("KABINET_REDIS_URL", "redis://127.0.0.1:door/0"),
        ("KABINET_SMTP_URL", ""),
        ("KABINET_SMTP_URL", "mail.example.com:465"),
        ("KABINET_SMTP_URL", "smtps://:465"),
        ("KABINET_SMTP_URL", "smtp://mail.example.com:post"),
        ("KABINET_MAIL_FROM", ""),
        ("KABINET_MAIL_FROM", "Кабинет"),
        ("KABINET_MAIL_FROM", "Кабинет <@example.com>"),
        ("KABINET_MAIL_FROM", "касса@example.com"),
        ("KABINET_YOOKASSA_SHOP_ID", ""),
    ],
)
def test_what_nothing_could_be_reached_with_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert [problem.partition(":")[0] for problem in _problems()] == [name]


@pytest.mark.parametrize(
    "sender", ["kabinet@example.com", "Тёплый контур <kabinet@example.com>", "Кабинет <kabinet@контур.рф>"]
)
def test_a_sender_may_have_a_name_and_a_russian_domain(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("KABINET_MAIL_FROM", sender)

    assert get_settings().mail_from == sender


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KABINET_CLOCK_URL", "http://127.0.0.1:8100"),
        ("KABINET_BASE_URL", "http://cabinet.example.com"),
        ("KABINET_YOOKASSA_API_URL", "http://127.0.0.1:8100/v3"),
        ("KABINET_YOOKASSA_SECRET_KEY", "test_key"),
    ],
)
def test_live_mode_refuses_what_belongs_to_tests(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("KABINET_MODE", "live")
    monkeypatch.setenv("KABINET_BASE_URL", "https://cabinet.example.com")
    monkeypatch.setenv("KABINET_YOOKASSA_SECRET_KEY", "live_key")
    for left_over in ("KABINET_CLOCK_URL", "KABINET_YOOKASSA_API_URL"):
        monkeypatch.delenv(left_over, raising=False)
    get_settings.cache_clear()
    assert get_settings().mode == "live"
    monkeypatch.setenv(name, value)
    assert name in " ".join(_problems())


@pytest.mark.parametrize("mode", ["test", "demo"])
@pytest.mark.parametrize("key", ["live_key", "key_of_a_shop"])
def test_where_the_clock_may_be_moved_only_a_test_shops_key_is_taken(
    monkeypatch: pytest.MonkeyPatch, mode: str, key: str
) -> None:
    monkeypatch.setenv("KABINET_MODE", mode)
    get_settings.cache_clear()
    assert get_settings().yookassa_secret_key == "test_sandbox"
    monkeypatch.setenv("KABINET_YOOKASSA_SECRET_KEY", key)
    [problem] = _problems()
    assert problem.startswith("KABINET_YOOKASSA_SECRET_KEY: ")
    assert "test_" in problem
    assert key not in problem


def test_a_burst_that_would_let_no_request_leave_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KABINET_BITRIX24_BURST", "2")
    assert _problems() == ["KABINET_BITRIX24_BURST: нужно не меньше 4"]


@pytest.mark.parametrize("key", ["", "short", "x" * 44, "пароль", "YS1rZXktZm9yLXRlc3RzLW9mLTMyLWJ5dGVzLWxvbmc=,short"])
def test_a_key_that_seals_nothing_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("KABINET_ENCRYPTION_KEY", key)
    [problem] = _problems()
    assert problem.startswith("KABINET_ENCRYPTION_KEY: ")
    assert not key or key not in problem


def test_a_new_key_stands_before_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    newer, older = "YW5vdGhlci1rZXktb2YtMzItYnl0ZXMtZm9yLXRlc3Q=", "YS1rZXktZm9yLXRlc3RzLW9mLTMyLWJ5dGVzLWxvbmc="
    monkeypatch.setenv("KABINET_ENCRYPTION_KEY", f"{newer}, {older}")
    get_settings.cache_clear()
    assert get_settings().encryption_keys == (newer, older)


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file-and-long-enough-to-be-a-key\n")
    monkeypatch.setenv("KABINET_SECRET_KEY_FILE", str(tmp_path / "key"))
    get_settings.cache_clear()
    assert get_settings().secret_key == "from-a-file-and-long-enough-to-be-a-key"
    monkeypatch.setenv("KABINET_SECRET_KEY_FILE", str(tmp_path / "nothing"))
    assert "KABINET_SECRET_KEY_FILE" in _problems()[0]
