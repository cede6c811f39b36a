from __future__ import annotations

from typing import Any

import pytest

from tests.gaze.conftest import Js

REQUEST = """async ({ request }, { status, headers }) => {
  const { fetch: before } = window;
  window.fetch = async () => new Response('no JSON', { status, headers });
  const init = { signal: new AbortController().signal };
  try {
    return await request('x', { code: 'sheet', name: 'It', read: (response) => response.json(), init });
  } catch ({ code, message, temporary, retryAfter }) {
    return { code, message, temporary, retryAfter };
  } finally {
    window.fetch = before;
  }
}"""


def failure(js: Js, status: int, **headers: str) -> dict[str, Any]:
    told: dict[str, Any] = js("request.js", REQUEST, {"status": status, "headers": headers})
    return told


@pytest.mark.parametrize("status", [200, 408, 425, 429, 500, 502, 503, 504])
def test_trouble_of_the_server_may_pass(js: Js, status: int) -> None:
    assert failure(js, status)["temporary"] is True


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_refusal_is_final(js: Js, status: int) -> None:
    told = failure(js, status)
    assert told == {
        "code": "sheet",
        "message": f"It cannot be loaded (status {status}).",
        "temporary": False,
        "retryAfter": 0,
    }


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30), ("0", 0), ("-5", 0), ("9999999999", 3600), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("soon", 0)],
)
def test_the_seconds_to_wait_are_the_servers(js: Js, value: str, seconds: int) -> None:
    assert failure(js, 503, **{"Retry-After": value})["retryAfter"] == seconds
