"""Publishes a session's progress on demand, where the site itself would, and says when it began.

`python -m tests.bench.publisher serve …` is `manage.py serve …` with the publisher in its process, as jobs
are in the embedded site; without words it is a process of its own, as a job process is in production. It listens on
the socket `publisher` in GAZE_DATA: a session's id on a line, then `<monotonic seconds> <sequence>` on a line.
"""

from __future__ import annotations

import os
import socketserver
import sys
import threading
import time
from pathlib import Path
from uuid import UUID


class Publication(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        from portraits.live import publisher
        from portraits.models import Session

        session = UUID(self.rfile.readline().decode().strip())
        began = time.monotonic()
        publisher.publish(session)
        sequence = Session.objects.values_list("sequence", flat=True).get(pk=session)
        self.wfile.write(f"{began} {sequence}\n".encode())


def listening() -> socketserver.UnixStreamServer:
    folder = Path(os.environ["GAZE_DATA"])
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "publisher"
    place.unlink(missing_ok=True)
    return socketserver.UnixStreamServer(str(place), Publication)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gazesite.settings")
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    server = listening()
    if len(sys.argv) > 1:
        threading.Thread(target=server.serve_forever, name="publisher", daemon=True).start()
        execute_from_command_line(sys.argv)
    else:
        server.serve_forever()


if __name__ == "__main__":
    main()
