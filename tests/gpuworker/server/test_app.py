"""The routes, over a job table that renders nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from gpuworker.workers import protocol
from gpuworker.workers.fake import FakeWorker
from gpuworker.workers.protocol import Health, Snapshot, submission
from tests.gpuworker.jobs import NAMES, Halt, a_job, client, ended, table


def code(response: object) -> str:
    return str(response.json()["error"]["code"])


TYPES = {".webp": "image/webp", ".bin": "application/octet-stream"}


def test_a_portrait_becomes_files_over_http(tmp_path: Path) -> None:
    with table(tmp_path) as jobs, client(jobs) as asking:
        accepted = asking.post("/generate", content=submission(a_job()))
        assert accepted.status_code == 202
        assert accepted.headers["Gaze-Protocol"] == "3"
        assert ended(jobs) == "done"
        snapshot = Snapshot.from_json(asking.get("/progress/one").json())
        assert {listing.name for listing in snapshot.files} == NAMES
        for listing in snapshot.files:
            answer = asking.get(f"/files/one/{listing.name}?attempt=1")
            assert answer.status_code == 200
            assert answer.headers["content-type"] == TYPES[Path(listing.name).suffix]
            assert hashlib.sha256(answer.content).hexdigest() == listing.sha256 == answer.headers["Gaze-SHA256"]
        assert asking.delete("/jobs/one?attempt=1").status_code == 200
        assert asking.get("/progress/one").status_code == 410
        assert list(tmp_path.iterdir()) == []


def test_health_says_what_the_worker_is_and_does(tmp_path: Path) -> None:
    halt = Halt(1)
    with table(tmp_path, FakeWorker(halt)) as jobs, client(jobs) as asking:
        asking.post("/generate", content=submission(a_job()))
        assert halt.reached.wait(60)
        health = Health.from_json(asking.get("/health").json())
        assert (health.state, health.engine, health.gpu, health.release) == ("busy", "warp", "Fake GPU", "1.2.3")
        assert health.queued == 1
        halt.go_on.set()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/generate", b"nonsense", 400),
        ("POST", "/generate", submission(a_job(engine="warp")).replace(b'"warp"', b'"magic"'), 400),
        ("GET", "/progress/nobody", b"", 404),
        ("GET", "/progress/one?attempt=x", b"", 400),
        ("POST", "/cancel/nobody?attempt=1", b"", 404),
        ("POST", "/cancel/nobody", b"", 400),
        ("DELETE", "/jobs/nobody?attempt=1", b"", 404),
        ("GET", "/files/nobody/q0.webp", b"", 404),
        ("GET", "/progress/one?attempt=-1", b"", 400),
        ("GET", "/progress/one?attempt=" + "9" * 5000, b"", 400),
        ("GET", "/progress/one?attempt=%D9%A3", b"", 400),
        ("GET", "/nowhere", b"", 404),
        ("GET", "/health/", b"", 404),
        ("GET", "/docs", b"", 404),
        ("GET", "/openapi.json", b"", 404),
        ("PUT", "/generate", b"", 405),
        ("GET", "/generate", b"", 405),
    ],
)
def test_a_refusal_has_its_status_and_one_shape(
    tmp_path: Path, method: str, path: str, body: bytes, status: int
) -> None:
    with table(tmp_path) as jobs, client(jobs) as asking:
        answer = asking.request(method, path, content=body)
        assert answer.status_code == status
        assert status in protocol.STATUSES
        error = answer.json()["error"]
        assert set(error) == {"code", "sentence", "permanent", "details"}
        assert error["sentence"].endswith(".")


def test_attempts_fence_over_http(tmp_path: Path) -> None:
    halt = Halt(2)
    with table(tmp_path, FakeWorker(halt)) as jobs, client(jobs) as asking:
        asking.post("/generate", content=submission(a_job(attempt=1)))
        assert halt.reached.wait(60)
        assert asking.post("/generate", content=submission(a_job(attempt=2))).status_code == 202
        for answer in (
            asking.post("/generate", content=submission(a_job(attempt=1))),
            asking.get("/progress/one?attempt=1"),
            asking.get("/files/one/poster.webp?attempt=1"),
            asking.post("/cancel/one?attempt=1"),
            asking.delete("/jobs/one?attempt=1"),
        ):
            assert (answer.status_code, code(answer)) == (409, "superseded")
        halt.go_on.set()


def test_a_client_of_version_1_is_refused_with_a_code_and_a_sentence(tmp_path: Path) -> None:
    with table(tmp_path) as jobs, client(jobs) as asking:
        body = json.loads(submission(a_job())) | {"protocol": 1}
        body["session_id"] = body.pop("job_id")
        for headers in ({"Gaze-Protocol": "2"}, {}):
            answer = asking.post("/generate", json=body, headers=headers)
            assert (answer.status_code, code(answer)) == (426, "other_protocol")
            assert "install the same on both" in answer.json()["error"]["sentence"]
        assert jobs.unfinished == 0


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    halt = Halt(0)
    with table(tmp_path, FakeWorker(halt), waiting=1) as jobs, client(jobs) as asking:
        asking.post("/generate", content=submission(a_job("one")))
        assert halt.reached.wait(60)
        asking.post("/generate", content=submission(a_job("two")))
        answer = asking.post("/generate", content=submission(a_job("three")))
        assert (answer.status_code, code(answer)) == (429, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        halt.go_on.set()


def test_cancelling_over_http_answers_when_it_has_stopped(tmp_path: Path) -> None:
    halt = Halt(2)
    with table(tmp_path, FakeWorker(halt)) as jobs, client(jobs) as asking:
        asking.post("/generate", content=submission(a_job()))
        assert halt.reached.wait(60)
        jobs.cancel("one", 1)  # it is to stop, and does as soon as it goes on
        halt.go_on.set()
        assert asking.post("/cancel/one?attempt=1").json()["state"] == "cancelled"


@pytest.mark.parametrize("old", ["the token of the pod before, long gone", "the token of another pod, running"])
def test_case_37_another_workers_token_a_former_one_and_one_in_the_query_are_refused(tmp_path: Path, old: str) -> None:
    from tests.gpuworker.jobs import TOKEN

    with table(tmp_path) as jobs, client(jobs) as asking:
        for path in ("/health", "/progress/one", "/files/one/q0.webp"):
            assert asking.get(path, headers={"Authorization": f"Bearer {old}"}).status_code == 401
            for query in (f"?token={TOKEN}", f"?access_token={TOKEN}", f"?Authorization=Bearer%20{TOKEN}"):
                assert asking.get(path + query, headers={"Authorization": ""}).status_code == 401


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fetc%2fpasswd",
        "..%252f..%252fetc%252fpasswd",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "..%2fone%2fq0.webp",
        "..",
        ".",
        "%2e%2e%2fq0.webp",
        "q0.webp%00.txt",
        "q0.webp%0d%0aX: y",
        "..%5c..%5cwin.ini",
        ".q0.webp.part",
        "manifest.json",
        "link.webp",
    ],
)
def test_case_38_no_name_leads_out_of_the_job(tmp_path: Path, name: str) -> None:
    with table(tmp_path) as jobs, client(jobs) as asking:
        asking.post("/generate", content=submission(a_job("one")))
        asking.post("/generate", content=submission(a_job("two", photo=b"another")))
        assert (ended(jobs, "one"), ended(jobs, "two")) == ("done", "done")
        for folder in tmp_path.iterdir():
            (folder / "link.webp").symlink_to("/etc/passwd")
        for session in ("one", "nobody", "..", "%2e%2e"):
            answer = asking.get(f"/files/{session}/{name}")
            assert answer.status_code == 404
            assert b"root:" not in answer.content


def test_case_38_another_jobs_file_is_not_this_ones(tmp_path: Path) -> None:
    with table(tmp_path) as jobs, client(jobs) as asking:
        for identity, photo in (("one", b"a"), ("two", b"b")):
            asking.post("/generate", content=submission(a_job(identity, photo=photo)))
        assert (ended(jobs, "one"), ended(jobs, "two")) == ("done", "done")
        first, second = (asking.get(f"/files/{each}/q0.webp").content for each in ("one", "two"))
        assert first != second


@pytest.mark.parametrize("key", ["url", "image_url", "webhook", "callback"])
def test_case_39_no_address_is_taken_from_anybody(tmp_path: Path, key: str) -> None:
    body = json.loads(submission(a_job()))
    with table(tmp_path) as jobs, client(jobs) as asking:
        for extra in ({key: "http://127.0.0.1/"}, {"options": {key: "http://127.0.0.1/"}}, {"image": "http://x/"}):
            assert asking.post("/generate", json=body | extra).status_code == 400


def test_a_fault_of_our_own_is_a_500_in_the_same_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with table(tmp_path) as jobs, client(jobs) as asking:
        monkeypatch.setattr(jobs, "snapshot", lambda *_: 1 / 0)
        answer = asking.get("/progress/one")
        assert (answer.status_code, code(answer)) == (500, "render_failed")
        assert answer.headers["Gaze-Protocol"] == "3"
        monkeypatch.undo()


def test_the_application_imports_neither_image_code_nor_a_heavier_framework() -> None:
    import subprocess
    import sys

    heavy = "{'numpy', 'cv2', 'PIL', 'scipy', 'fastapi', 'pydantic'}"
    question = f"import sys, gpuworker.server.app; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", question], check=False).returncode == 0
