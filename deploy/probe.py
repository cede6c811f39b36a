"""Health check of the images: exits with 0 when the server of this container answers `path` with 200.

    python deploy/probe.py livez
    python deploy/probe.py health   # of a GPU worker: only once it is warm

PORT is the server's port. WORKER_TOKEN, or the file that WORKER_TOKEN_FILE names, is the bearer token.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

WARM = ("ready", "busy")


def answers(port: int, path: str, token: str = "") -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", f"/{path}", headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        return response.status == 200 and (path != "health" or _warm(response.read(65_536)))
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def token(environment: Mapping[str, str]) -> str:
    file = environment.get("WORKER_TOKEN_FILE")
    return Path(file).read_text().strip() if file else environment.get("WORKER_TOKEN", "")


def _warm(body: bytes) -> bool:
    try:
        return json.loads(body)["state"] in WARM
    except (ValueError, KeyError, TypeError):
        return False


if __name__ == "__main__":
    sys.exit(not answers(int(os.environ.get("PORT", "3000")), sys.argv[1], token(os.environ)))
