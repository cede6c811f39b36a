"""Checks of every request, whatever it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from gpuworker.server.middleware import WorkerMiddleware
from gpuworker.workers import protocol

TOKEN = "a token of at least 16 characters"
GOOD = {"authorization": f"Bearer {TOKEN}", "gaze-protocol": "3"}


class Inside:
    """Notes what gets through, and answers it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})


class Sender:
    """A client that sends chunks; it counts how many were taken, and hangs after the last unless that ends the body."""

    def __init__(self, chunks: Iterator[bytes], *, hang: bool = False) -> None:
        self._chunks = chunks
        self._hang = hang
        self.taken = 0

    async def __call__(self) -> dict[str, Any]:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            if self._hang:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": b"", "more_body": False}
        self.taken += 1
        return {"type": "http.request", "body": chunk, "more_body": True}


def ask(
    inside: Inside, headers: dict[str, str], sender: Sender | None = None, path: str = "/generate", **options: Any
) -> tuple[int, dict[bytes, bytes]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    app = WorkerMiddleware(inside, options.pop("token", TOKEN), **options)
    asyncio.run(app(scope, sender or Sender(iter(())), send))
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Bearer {TOKEN[:-1]}"},
        {"authorization": TOKEN},
        {"cookie": f"token={TOKEN}"},
        {"x-token": TOKEN},
    ],
)
@pytest.mark.parametrize("path", ["/health", "/generate", "/nowhere", "/docs", "/openapi.json"])
def test_case_37_whoever_does_not_bear_the_token_gets_401_everywhere(headers: dict[str, str], path: str) -> None:
    inside, sender = Inside(), Sender(iter([b"x"] * 3))
    status, answer = ask(inside, {"gaze-protocol": "3", **headers}, sender, path)
    assert (status, answer[b"www-authenticate"], answer[b"connection"]) == (401, b"Bearer", b"close")
    assert (inside.bodies, sender.taken) == ([], 0)


def test_whoever_bears_it_gets_through_with_the_whole_body() -> None:
    inside = Inside()
    status, answer = ask(inside, GOOD, Sender(iter([b"ab", b"c"])))
    assert (status, inside.bodies) == (200, [b"abc"])
    assert answer[b"gaze-protocol"] == b"3"
    assert answer[b"cache-control"] == b"no-store"


def test_without_a_token_everybody_is_let_in() -> None:
    assert ask(Inside(), {"gaze-protocol": "3"}, token=None)[0] == 200


@pytest.mark.parametrize("version", ["", "0", "2", "4", "3.0", "three"])
def test_another_version_is_refused_except_for_a_look_at_the_health(version: str) -> None:
    headers = {**GOOD, "gaze-protocol": version}
    assert ask(Inside(), headers)[0] == 426
    assert ask(Inside(), headers, path="/health")[0] == 200


@pytest.mark.parametrize("length", [str(protocol.MAX_BODY + 1), str(2**30), "1" + "0" * 30, "-1", "many", "٣"])
def test_case_41_a_gigabyte_that_is_announced_is_refused_unread(length: str) -> None:
    inside, sender = Inside(), Sender(iter([b"x"]))
    scope_headers = {**GOOD, "content-length": length}
    assert ask(inside, scope_headers, sender)[0] == 413
    assert (inside.bodies, sender.taken) == ([], 0)


def test_case_41_a_gigabyte_that_is_not_announced_is_cut_at_the_limit() -> None:
    chunk = bytes(1 << 20)
    sender = Sender(iter([chunk] * 1024))
    assert ask(Inside(), GOOD, sender)[0] == 413
    assert sender.taken == protocol.MAX_BODY // len(chunk) + 1


def test_only_a_submission_may_be_large() -> None:
    sender = Sender(iter([bytes(70_000)]))
    assert ask(Inside(), GOOD, sender, "/cancel/one")[0] == 413


def test_case_41_a_slow_loris_is_cut_off() -> None:
    assert ask(Inside(), GOOD, Sender(iter([b"x"]), hang=True), chunk_seconds=0.05)[0] == 408

    async def drip() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    assert ask(Inside(), GOOD, drip, body_seconds=0.1)[0] == 408  # type: ignore[arg-type]


@pytest.mark.parametrize("ranges", ["bytes=" + ",".join(f"{n}-{n}" for n in range(10_000)), "bytes=0-1,3-4"])
def test_case_41_ten_thousand_ranges_are_refused(ranges: str) -> None:
    assert ask(Inside(), {**GOOD, "range": ranges})[0] == 416
    assert ask(Inside(), {**GOOD, "range": "bytes=0-99"})[0] == 200


def test_a_client_that_hangs_up_is_no_fault() -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    inside = Inside()
    assert ask(inside, GOOD, gone)[0] == 200  # type: ignore[arg-type]
    assert inside.bodies == [b""]
