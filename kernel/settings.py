"""Settings come from the environment (`KABINET_…`, or `KABINET_…_FILE` for secrets) and are checked once, at start."""

from __future__ import annotations

import base64
import os
import re
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kernel.addresses import parse_address
from kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX = "KABINET_"
# YooKassa's published notification sources; docs: developers/using-api/webhooks
YOOKASSA_SOURCES = (
    "185.71.76.0/27",
    "185.71.77.0/27",
    "77.75.153.0/25",
    "77.75.154.128/25",
    "77.75.156.11/32",
    "77.75.156.35/32",
    "2a02:5180::/32",
)
# What pydantic finds by itself, in our words; its names for what was expected stand in braces.
_WORDS = {
    "missing": "не задана",
    "string_too_short": "нужно не меньше {min_length} знаков",
    "literal_error": "нужно {expected}",
    "int_parsing": "нужно целое число",
    "greater_than_equal": "нужно не меньше {ge}",
    "less_than_equal": "нужно не больше {le}",
    "greater_than": "нужно больше {gt}",
    "float_parsing": "нужно число",
}
_NOTHING_LOADED = "настройки — это переменные среды; файл с ними загружает оболочка: set -a; . ./.env; set +a"
_INBOUND_WEBHOOK = re.compile(r"https?://\S+/rest/\d+/\w+/?")
_FERNET_KEY_BYTES = 32
# So begin the secret keys of YooKassa's test shops, and no others.
_TEST_KEY = "test_"
Mode = Literal["demo", "test", "live"]
Networks = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything an operator sets. See docs/settings.md, which a test keeps complete."""

    # What is set to nothing is not set: a form's empty line, or a variable that Compose passes on.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    mode: Mode = "live"
    database_url: str
    redis_url: str
    secret_key: str = Field(min_length=32)
    encryption_key: str
    base_url: str
    yookassa_shop_id: str
    yookassa_secret_key: str
    yookassa_api_url: str = "https://api.yookassa.ru/v3"
    yookassa_webhook_secret: str = ""
    yookassa_webhook_ips: Networks = YOOKASSA_SOURCES
    bitrix24_url: str = ""
    bitrix24_burst: int = Field(default=50, ge=4)
    bitrix24_per_second: float = Field(default=2, gt=0)
    smtp_url: str
    mail_from: str
    business_tz: str = "Europe/Moscow"
    trusted_proxies: Networks = ("127.0.0.1/32", "::1/128")
    gateway_concurrency: int = Field(default=16, ge=1, le=512)
    clock_url: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _psycopg_driver(cls, url: str) -> str:
        for scheme in ("postgresql+psycopg://", "postgresql://", "postgres://"):
            if url.startswith(scheme):
                return "postgresql+psycopg://" + url.removeprefix(scheme)
        raise ValueError("должен начинаться с postgresql://")

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, url: str) -> str:
        if not url.startswith("unix://") and not _names_a_server(url, ("redis", "rediss")):
            raise ValueError("нужен адрес Redis: redis://:пароль@сервер:6379/0")
        return url

    @field_validator("smtp_url")
    @classmethod
    def _smtp_address(cls, url: str) -> str:
        if not _names_a_server(url, ("smtp", "smtps")):
            raise ValueError(
                "нужен адрес почтового сервера: smtps://имя:пароль@сервер:465 или smtp://имя:пароль@сервер:587"
            )
        return url

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, written: str) -> str:
        try:
            parse_address(written)
        except ValueError as wrong:
            raise ValueError("нужен адрес, с которого уходят письма: Кабинет <kabinet@example.com>") from wrong
        return written

    @field_validator("encryption_key")
    @classmethod
    def _fernet_keys(cls, text: str) -> str:
        keys = _split(text)
        if not keys or not all(_is_fernet_key(key) for key in keys):
            raise ValueError("нужен ключ из команды, которая стоит в .env.example; при замене новый пишут первым")
        return ",".join(keys)

    @field_validator("base_url", "yookassa_api_url")
    @classmethod
    def _absolute_url(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("должен начинаться с https:// или http://")
        return url.rstrip("/")

    @field_validator("bitrix24_url")
    @classmethod
    def _webhook_address(cls, url: str) -> str:
        # The address is a secret: it ends with the user and the code of the inbound webhook.
        if url and not _INBOUND_WEBHOOK.fullmatch(url):
            raise ValueError("нужен адрес входящего вебхука: https://портал/rest/номер/код/")
        return url.rstrip("/")

    @field_validator("business_tz")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as unknown:
            raise ValueError("неизвестный часовой пояс") from unknown
        return name

    @field_validator("yookassa_webhook_ips", "trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        parts = _split(value) if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)):
            return value
        try:
            return tuple(str(ip_network(str(part), strict=False)) for part in parts)
        except ValueError as wrong:
            raise ValueError("нужны сети через запятую, например 127.0.0.1/32,10.0.0.0/8") from wrong

    @model_validator(mode="after")
    def _live_is_strict(self) -> Settings:
        if self.mode != "live":
            return self
        if self.clock_url:
            raise ValueError("KABINET_CLOCK_URL: в режиме live часы не переводят")
        if not self.base_url.startswith("https://"):
            raise ValueError("KABINET_BASE_URL: в режиме live нужен https://")
        if not self.yookassa_api_url.startswith("https://"):
            raise ValueError("KABINET_YOOKASSA_API_URL: в режиме live нужен https://")
        if self.bitrix24_url.startswith("http://"):
            raise ValueError("KABINET_BITRIX24_URL: в режиме live нужен https://")
        if self.has_test_key:
            raise ValueError("KABINET_YOOKASSA_SECRET_KEY: в режиме live тестовый ключ не принимается")
        return self

    @model_validator(mode="after")
    def _only_live_takes_money(self) -> Settings:
        # Elsewhere the clock may be moved, and a day played through charges everybody: with a live key, for real.
        if self.mode != "live" and not self.has_test_key:
            raise ValueError(
                f"KABINET_YOOKASSA_SECRET_KEY: в режиме {self.mode} нужен ключ тестового магазина, он начинается с "
                f"{_TEST_KEY}; настоящий ключ — только в режиме live"
            )
        return self

    @property
    def has_test_key(self) -> bool:
        """Whether the gateway's key is a test shop's: no real money moves."""
        return self.yookassa_secret_key.startswith(_TEST_KEY)

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """The keys that secrets in the database are sealed with: the first seals, all of them open."""
        return tuple(_split(self.encryption_key))

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone: due dates are its civil dates."""
        return ZoneInfo(self.business_tz)


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _names_a_server(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def _is_fernet_key(text: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(text)) == _FERNET_KEY_BYTES
    except ValueError:
        return False


def _read_secret_files() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in Settings.model_fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if not path:
            continue
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError([f"{PREFIX}{name.upper()}_FILE: {error.strerror}: {path}"]) from error
        if text:  # set to nothing is not set, here too
            found[name] = text
    return found


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The checked settings of this process.

    Raises:
        ConfigurationError: naming every bad variable at once, never its value.
    """
    try:
        return Settings(**_read_secret_files())  # type: ignore[arg-type]  # values are parsed by pydantic
    except ValidationError as error:
        problems = error.errors()
        unset = {problem["loc"][0] for problem in problems if problem["type"] == "missing"}
        hint = [_NOTHING_LOADED] if "database_url" in unset else []
        raise ConfigurationError([*map(_describe, problems), *hint]) from error


def _describe(problem: ErrorDetails) -> str:
    words = _WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
    text = words.format(**problem.get("ctx", {})).replace(" or ", " или ")
    return f"{PREFIX}{str(problem['loc'][0]).upper()}: {text}" if problem["loc"] else text
