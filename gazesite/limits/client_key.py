"""Key under which limits count a client."""

from __future__ import annotations

from gazesite.asgi_types import Scope
from portraits.http.client_address import network_of


def client_key(scope: Scope) -> str:
    """Address or network that a request counts for; empty for a local socket's."""
    return network_of((scope.get("client") or ("",))[0])
