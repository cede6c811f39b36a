"""Key of a client: an IPv4 address, an IPv6 network, or nothing where there is no address."""

from __future__ import annotations

import pytest

from gazesite.limits.client_key import client_key


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (("203.0.113.7", 5000), "203.0.113.7"),
        (["203.0.113.7", 5000], "203.0.113.7"),
        (None, ""),
    ],
)
def test_a_request_counts_for_the_address_of_its_client(client: object, key: str) -> None:
    assert client_key({"client": client}) == key


def test_addresses_of_one_ipv6_network_are_one_client() -> None:
    first, second = (client_key({"client": (f"2001:db8:1:2::{number}", 5000)}) for number in (1, 2))
    assert first == second
    assert first != client_key({"client": ("2001:db8:1:3::1", 5000)})


def test_a_request_without_a_client_counts_for_no_key() -> None:
    assert client_key({}) == ""
