"""The fake on a port of loopback, for processes other than the test's: /rest/v2, /serverless/v2, /proxy/<id>-8000."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.runpod.fake import FakeRunPod


class ServedRunPod:
    """url: of the root; rest, serverless and proxy are what a client is configured with."""

    def __init__(self, fake: FakeRunPod, port: int = 0) -> None:
        self.fake = fake
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(fake))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name="fake-runpod")
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.rest = f"{self.url}/rest/v2"
        self.serverless = f"{self.url}/serverless/v2"
        self.proxy = self.url + "/proxy/{id}-8000"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.fake.close()


def _handler(fake: FakeRunPod) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            request = httpx.Request(
                self.command, f"http://127.0.0.1{self.path}", headers=list(self.headers.items()), content=body
            )
            try:
                response = fake.handle(request)
                self._write(response)
            except httpx.HTTPError:  # no answer, or half of one
                self.close_connection = True

        def _write(self, response: httpx.Response) -> None:
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            length = response.headers.get("content-length")
            if response.status_code != 204:
                self.send_header("Content-Length", length if length is not None else str(len(response.read())))
            self.end_headers()
            for chunk in response.stream:
                self.wfile.write(chunk)
                self.wfile.flush()

        do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
