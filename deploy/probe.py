"""Exit code 0 when the server of this container answers `path` with 200; for the image's health check.

    python deploy/probe.py livez
"""

from __future__ import annotations

import http.client
import os
import sys


def answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not answers(int(os.environ.get("PORT", "3000")), sys.argv[1]))
