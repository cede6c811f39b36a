"""Refusal of a WebSocket's handshake."""

from __future__ import annotations

from typing import Any

import pytest

from portraits.live.handshake import deny


@pytest.mark.parametrize("knows_statuses", [True, False])
async def test_a_handshake_is_refused_with_a_status_where_the_server_knows_it(knows_statuses: bool) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await deny({"extensions": {"websocket.http.response": {}} if knows_statuses else {}}, receive, send, 404)
    if knows_statuses:
        assert sent[0] == {"type": "websocket.http.response.start", "status": 404, "headers": []}
    else:
        assert sent == [{"type": "websocket.close"}]
