"""Network addresses by which clients are counted."""

from __future__ import annotations

import pytest

from portraits.http.client_address import network_of


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("", ""),
        ("nowhere", ""),
    ],
)
def test_an_ipv4_address_or_an_ipv6_network_is_one_client(address: str, counted: str) -> None:
    assert network_of(address) == counted
