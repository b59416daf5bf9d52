"""Addresses of mail as plain SMTP carries them."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr


def parse_address(written: str) -> Address:
    """The address of «Кабинет <kabinet@example.com>» or «kabinet@example.com»; a domain in Russian becomes punycode.

    Raises:
        ValueError: it is none, or its mailbox has letters that plain SMTP does not carry.
    """
    name, spec = parseaddr(written)
    user, at, domain = spec.rpartition("@")
    try:
        address = Address(name, user, domain.encode("idna").decode("ascii"))
        address.addr_spec.encode("ascii")
    except IndexError as error:  # so the standard library answers an empty mailbox
        raise ValueError(written) from error
    if not (user and at and domain):
        raise ValueError(written)
    return address
