"""Whose attempts count together."""

from __future__ import annotations

import pytest

from portal.accounts.visitor import Visitor


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        (None, "unknown"),
    ],
)
def test_a_subscriber_is_an_address_or_a_network_of_the_sixth_version(ip: str | None, network: str) -> None:
    assert Visitor(ip).network == network
