"""Inside a Serverless worker: a job table behind a generator."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from gpuworker.errors import NoFace
from gpuworker.server import runpod_handler
from gpuworker.server.runpod_handler import PART, Handler
from gpuworker.workers.fake import FakeWorker
from gpuworker.workers.protocol import Snapshot, submission
from gpuworker.workers.worker import Job
from tests.gpuworker.jobs import NAMES, Halt, a_job, table
from tests.gpuworker.processes import eventually
from tests.gpuworker.workers.test_http_client import truth


def event(job: Job) -> dict[str, Any]:
    return {"id": "x-u1", "input": json.loads(submission(job))}


def test_every_part_comes_before_the_snapshot_that_lists_its_file(tmp_path: Path) -> None:
    parts: dict[str, dict[int, bytes]] = {}
    with table(tmp_path) as jobs:
        for number, item in enumerate(Handler(jobs)(event(a_job()))):
            assert item["seq"] == number
            if "snapshot" in item:
                snapshot = Snapshot.from_json(item["snapshot"])
                for listing in snapshot.files:
                    data = b"".join(parts[listing.name][part] for part in sorted(parts[listing.name]))
                    assert (hashlib.sha256(data).hexdigest(), len(data)) == (listing.sha256, listing.size)
            else:
                parts.setdefault(item["file"], {})[item["part"]] = base64.b64decode(item["data"])
        assert snapshot.state == "done"
        assert set(parts) == NAMES
        assert {listing.name: listing.sha256 for listing in snapshot.files} == truth(a_job())
        assert list(tmp_path.iterdir()) == []


def test_no_item_is_larger_than_the_provider_takes(tmp_path: Path, monkeypatch: Any) -> None:
    from gpuworker.workers import fake

    monkeypatch.setattr(fake, "FILLING", 2 * PART // 32)
    with table(tmp_path) as jobs:
        items = list(Handler(jobs)(event(a_job(levels=("preview",)))))
    assert max(len(json.dumps(item)) for item in items) < 1_000_000
    assert [item["parts"] for item in items if item.get("file") == "preview.webp"] == [3, 3, 3]


def test_what_is_no_submission_is_one_error(tmp_path: Path) -> None:
    with table(tmp_path) as jobs:
        for wrong in ({}, {"input": None}, {"input": {"prompt": "x"}}, {"input": {"image": "http://x/"}}):
            (item,) = Handler(jobs)(wrong)
            assert (item["seq"], item["error"]["code"]) == (0, "bad_request")


def test_a_submission_of_version_1_is_one_error_that_says_so(tmp_path: Path) -> None:
    wrong = event(a_job())
    wrong["input"] |= {"protocol": 1, "session_id": wrong["input"].pop("job_id")}
    with table(tmp_path) as jobs:
        (item,) = Handler(jobs)(wrong)
    assert (item["seq"], item["protocol"], item["error"]["code"]) == (0, 3, "other_protocol")


def test_an_error_of_the_engine_is_the_last_snapshot(tmp_path: Path) -> None:
    def fail(number: int) -> None:
        if number == 2:
            raise NoFace("No face here.")

    with table(tmp_path, FakeWorker(fail)) as jobs:
        items = list(Handler(jobs)(event(a_job())))
    last = Snapshot.from_json(items[-1]["snapshot"])
    assert last.state == "failed"
    assert last.error is not None
    assert last.error.code == "no_face"


def test_an_attempt_that_is_over_is_refused(tmp_path: Path) -> None:
    with table(tmp_path) as jobs:
        list(Handler(jobs)(event(a_job())))
        (item,) = Handler(jobs)(event(a_job()))
        assert item["error"]["code"] == "superseded"


def test_closing_the_generator_stops_the_job(tmp_path: Path) -> None:
    halt = Halt(3)
    with table(tmp_path, FakeWorker(halt)) as jobs:
        items = Handler(jobs)(event(a_job()))
        next(items)
        assert halt.reached.wait(60)
        items.close()
        halt.go_on.set()
        assert eventually(lambda: jobs.unfinished == 0 and not list(tmp_path.iterdir()))


def test_the_providers_library_is_given_the_handler(monkeypatch: Any) -> None:
    import sys
    from types import SimpleNamespace

    started: list[dict[str, Any]] = []
    library = SimpleNamespace(serverless=SimpleNamespace(start=started.append))
    monkeypatch.setitem(sys.modules, "runpod", library)
    monkeypatch.setattr(runpod_handler, "LocalWorker", lambda *_, **__: Warm())
    runpod_handler.main()
    assert isinstance(started[0]["handler"], Handler)
    assert started[0]["return_aggregate_stream"] is False


class Warm(FakeWorker):
    def warm(self) -> None: ...

    def wait_ready(self) -> None: ...
