"""Validation of addresses in settings, part by part; the reason for a refusal never contains the value.

A value may be a secret, or contain one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)
_LABEL_OF_A_NETWORK = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
"""Names inside a container network may have underscores."""
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
"""Last part of a host that browsers read as an IPv4 address, in any of its old spellings."""


def checked(
    value: str, schemes: Sequence[str], *, path: bool = False, query: bool = False, credentials: bool = False
) -> SplitResult:
    """Parts of an address whose scheme is one of these and whose host can be reached.

    path, query, credentials: whether the address may have them; a lone slash at the end is no path.
    Raises ValueError with a reason such as "it names no host".
    """
    parts = _split(value)
    if parts.scheme not in schemes:
        raise ValueError(f"it must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if "@" in parts.path + parts.query + parts.fragment:
        raise ValueError("signs such as / ? # @ in its user or password must be percent-encoded")
    if not credentials and "@" in parts.netloc:
        raise ValueError("it must hold neither user nor password")
    if not parts.hostname:
        raise ValueError("it names no host")
    in_brackets_no_ipv6 = "[" in parts.netloc and ":" not in parts.hostname  # urlsplit takes addresses of the future
    if in_brackets_no_ipv6 or not is_host(parts.hostname, underscores=parts.scheme not in DEFAULT_PORTS):
        raise ValueError("its host is neither a name nor an IP address")
    if is_unspecified(parts.hostname):
        raise ValueError("its host stands for every address of a machine and is none that can be reached")
    if is_of_many_machines(parts.hostname):
        raise ValueError("its host is an address of many machines at once")
    _check_port(parts)
    if (parts.query and not query) or parts.fragment or (parts.path not in ("", "/") and not path):
        raise ValueError("it must end after its host and port" if not path else "it must end after its path")
    return parts


def normalised(parts: SplitResult) -> str:
    """The address as browsers write an origin: lower case, no default port; no slash at the end."""
    user, at, _ = parts.netloc.rpartition("@")
    host = bracketed(str(parts.hostname).lower())
    port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}{port}", path=parts.path.rstrip("/")))


def is_host(host: str, *, underscores: bool = False) -> bool:
    """Whether it is an IP address, without brackets, or a name that DNS would take."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        label = _LABEL_OF_A_NETWORK if underscores else _LABEL
        labels = host.split(".")
        return len(host) <= 253 and not _NUMBER.fullmatch(labels[-1]) and all(map(label.fullmatch, labels))
    return "%" not in host  # a zone means something on one machine only


def is_unspecified(host: str) -> bool:
    """Whether it is 0.0.0.0 or ::, in any spelling."""
    found = _ip_address(host)
    return found is not None and found.is_unspecified


def is_of_many_machines(host: str) -> bool:
    """Whether it is a multicast address or the broadcast address, where no server listens."""
    found = _ip_address(host)
    return found is not None and (found.is_multicast or str(found) == "255.255.255.255")


def is_ipv4_as_ipv6(host: str) -> bool:
    """Whether it is an IPv4 address that is written as an IPv6 one, such as ::ffff:127.0.0.1."""
    return ":" in host and isinstance(_ip_address(host), ipaddress.IPv4Address)


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None) or found


def bracketed(host: str) -> str:
    """The host as it is written in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _split(value: str) -> SplitResult:
    if any(sign <= " " or sign == "\x7f" for sign in value):
        raise ValueError("there are spaces or control characters in it")
    if not value.isascii():
        raise ValueError("there are signs outside ASCII in it; a host's are written as xn--, others percent-encoded")
    try:
        return urlsplit(value)
    except ValueError:
        raise ValueError("its host is neither a name nor an IP address") from None


def _check_port(parts: SplitResult) -> None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("its port is no number from 1 to 65535")
