"""Ways in which an answer fails to arrive, on demand."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator

import httpx

HTML = b"<!doctype html><title>Just a moment</title><p>Please wait while your request is being checked.</p>"

KINDS = frozenset(
    (
        "500",
        "500 done",  # an error is answered, but it has happened
        "502",
        "524",
        "timeout",
        "timeout done",  # no answer, but it has happened
        "refused",  # no connection
        "html",  # 200 with somebody else's page
        "half",
        "wrong",  # as many bytes, other ones
        "empty",
        "garbled",  # JSON that is not what it should be
        "stale",  # the answer before the last one, once more
        "429",
    )
)


class Half(httpx.SyncByteStream):
    """The first half of a body, then a cut."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


class Breaks:
    """Breaks to come, by the name of a question; each break is used once."""

    def __init__(self) -> None:
        self._next: dict[str, deque[str]] = defaultdict(deque)
        self._answers: dict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=3))
        self._lock = threading.Lock()
        self.happened: list[tuple[str, str]] = []

    def next(self, question: str, *kinds: str) -> None:
        """These kinds, one after the other."""
        with self._lock:
            self._next[question].extend(kinds)

    def clear(self) -> None:
        with self._lock:
            self._next.clear()

    def take(self, question: str) -> str | None:
        with self._lock:
            kinds = self._next[question]
            if not kinds:
                return None
            self.happened.append((question, kinds[0]))
            return kinds.popleft()

    def answer(self, question: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """The real answer, or what becomes of it."""
        kind = self.take(question)
        if kind is None:
            response = ask()
            self._answers[question].append(response.content)
            return response
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no way to break")
        if kind.endswith(" done"):
            ask()
        return self._broken(kind.removesuffix(" done"), question, ask)

    def _broken(self, kind: str, question: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
        match kind:
            case "timeout":
                raise httpx.ReadTimeout("no answer")
            case "refused":
                raise httpx.ConnectError("connection refused")
            case "html":
                return httpx.Response(200, headers={"content-type": "text/html"}, content=HTML)
            case "429":
                return httpx.Response(429, headers={"Retry-After": "3"}, json={"title": "Too many", "status": 429})
            case "500" | "502" | "524":
                return httpx.Response(int(kind), headers={"content-type": "text/html"}, content=HTML)
        response = ask()
        body = response.content
        headers = {name: value for name, value in response.headers.items() if name != "transfer-encoding"}
        match kind:
            case "half":
                return httpx.Response(response.status_code, headers=headers, stream=Half(body))
            case "wrong":
                body = body[:-40] + bytes(40)
            case "empty":
                body = b""
            case "garbled":
                body = b'{"protocol": 3, "state": "odd"}'
            case "stale" if self._answers[question]:
                body = self._answers[question][0]
        headers["content-length"] = str(len(body))
        return httpx.Response(response.status_code, headers=headers, content=body)


class BreakingTransport(httpx.BaseTransport):
    """Another transport, whose answers break on demand; the first part of the path names the question."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.breaks = Breaks()
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        question = request.url.path.split("/")[1]
        self.asked.append(f"{request.method} {request.url.path}")

        def ask() -> httpx.Response:
            response = self._inner.handle_request(request)
            response.read()
            return response

        answer = self.breaks.answer(question, ask)
        if not isinstance(answer.stream, Half):
            answer = httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer
