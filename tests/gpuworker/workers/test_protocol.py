"""The wire in both directions, and the page that tells it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from gpuworker.contract import MAX_PHOTO_BYTES, Box, Level, Manifest, Progress, RenderRequest, Size
from gpuworker.errors import BadRequest, NoFace, OtherProtocol, WrongAnswer
from gpuworker.workers import protocol
from gpuworker.workers.protocol import Health, Listing, LogLine, Snapshot, job_from, submission
from gpuworker.workers.worker import Job
from tests.gpuworker.jobs import a_job

PAGE = Path(protocol.__file__).parents[1].joinpath("PROTOCOL.md").read_text()


def whole() -> Snapshot:
    level = Level("preview", (-15.0, 15.0), (-15.0, 15.0), Size(60, 75), ("preview.webp",))
    manifest = Manifest("warp", Size(120, 150), levels=(level,))
    progress = Progress("preview", 3, 36, "Alive", {"preview.webp": "done"}, (), manifest, ("Look up.",))
    listing = Listing("preview.webp", "0" * 64, 10)
    return Snapshot("one", 2, "failed", 7, 0, 1.5, progress, (listing,), (LogLine(0.5, "Accepted"),), NoFace())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"framing": "whole", "face": 3, "levels": ("preview",), "intensity": 1},
        {"framing": Box(1.5, 2, 300, 400), "frame": Size(512, 640), "engine": "warp", "intensity": 0.5},
    ],
)
def test_a_job_arrives_as_it_was_sent(options: dict[str, object]) -> None:
    job = Job("a_Job-1", 3, RenderRequest(bytes(range(256)), **options))
    assert job_from(submission(job)) == job


def test_every_option_of_a_request_travels() -> None:
    sent = json.loads(submission(a_job()))["options"]
    assert set(sent) == {field.name for field in fields(RenderRequest)} - {"photo"}


def altered(**changes: object) -> bytes:
    return json.dumps(json.loads(submission(a_job())) | changes).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[]",
        b"{}",
        altered(url="http://169.254.169.254/"),
        altered(job_id="../etc"),
        altered(job_id=7),
        altered(job_id="x" * 65),
        altered(attempt="1"),
        altered(attempt=True),
        altered(attempt=-1),
        altered(attempt=10**9),
        altered(image="not base64"),
        altered(image=["x"]),
        altered(image="https://example.com/portrait.jpg"),
        altered(options=[]),
        altered(options={"colour": "red"}),
        altered(options={"face": "0"}),
        altered(options={"face": True}),
        altered(options={"intensity": "1"}),
        altered(options={"intensity": 99}),
        altered(options={"levels": "full"}),
        altered(options={"levels": [["full"]]}),
        altered(options={"levels": ["ultra"]}),
        altered(options={"frame": {"width": 410}}),
        altered(options={"frame": {"width": 1e9, "height": 512}}),
        altered(options={"framing": {"x": "nan", "y": 0, "width": 1, "height": 1}}),
        altered(options={"framing": {"x": 0, "y": 0, "width": 1, "height": 1, "url": "x"}}),
        altered(options={"engine": None}),
    ],
)
def test_what_is_no_submission_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        job_from(body)


def test_a_photo_over_the_limit_is_refused() -> None:
    with pytest.raises(BadRequest, match="at most"):
        job_from(altered(image=base64.b64encode(bytes(MAX_PHOTO_BYTES + 1)).decode()))


@pytest.mark.parametrize("version", [1, 2, 4, "3", None])
def test_a_submission_of_another_version_is_refused_as_such(version: object) -> None:
    with pytest.raises(OtherProtocol, match="install the same on both"):
        job_from(altered(protocol=version))


def test_a_submission_of_version_1_with_its_own_fields_is_refused_as_such() -> None:
    body = json.loads(submission(a_job()))
    body["session_id"] = body.pop("job_id")
    with pytest.raises(OtherProtocol):
        job_from(json.dumps(body | {"protocol": 1}).encode())


def test_a_snapshot_of_version_1_is_refused_as_such() -> None:
    data = whole().to_json()
    data["session_id"] = data.pop("job_id")
    with pytest.raises(OtherProtocol, match="install the same on both"):
        Snapshot.from_json(data | {"protocol": 1})


def test_a_snapshot_arrives_as_it_was_sent() -> None:
    sent = whole()
    arrived = Snapshot.from_json(json.loads(json.dumps(sent.to_json())))
    assert arrived.to_json() == sent.to_json()
    assert type(arrived.error) is NoFace


@pytest.mark.parametrize("lost", sorted(set(whole().to_json()) - {"protocol"}))
def test_a_snapshot_that_lacks_something_is_wrong(lost: str) -> None:
    data = whole().to_json()
    del data[lost]
    with pytest.raises(WrongAnswer):
        Snapshot.from_json(data)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("state", "odd"),
        ("stage", "odd"),
        ("revision", "many"),
        ("files", [{"name": "../../etc/passwd", "sha256": "0" * 64, "size": 1}]),
        ("files", [{"name": "q0.webp", "sha256": "0", "size": 1}]),
        ("files", [{"name": "q0.webp", "sha256": "0" * 64, "size": 10**12}]),
        ("manifest", {"version": 99}),
        ("tiles", {"q0.webp": "odd"}),
        ("error", {"code": "no_face"}),
    ],
)
def test_a_snapshot_with_garbage_is_wrong(key: str, value: object) -> None:
    with pytest.raises(WrongAnswer):
        Snapshot.from_json(whole().to_json() | {key: value})


def test_health_arrives_as_it_was_sent() -> None:
    health = Health("busy", "warp", None, "1.2.3", 2, 0.0)
    assert Health.from_json(json.loads(json.dumps(health.to_json()))) == health
    with pytest.raises(WrongAnswer):
        Health.from_json({"state": "ready"})
    with pytest.raises(WrongAnswer):
        Health.from_json("ready")


def test_the_page_explains_every_status_as_the_code_means_it() -> None:
    told = {int(status): words for status, words in re.findall(r"^\| (\d{3}) \| (.+?) \|", PAGE, re.MULTILINE)}
    assert told == protocol.STATUSES


def test_the_page_tells_every_field_state_and_header() -> None:
    names = {
        *whole().to_json(),
        *Health("ready", "warp", None, "1", 0, 0.0).to_json(),
        *json.loads(submission(a_job())),
        *json.loads(submission(a_job()))["options"],
        *("loading", "warming", "ready", "busy", "queued", "running", "done", "failed", "cancelled"),
        *("seq", "snapshot", "file", "part", "parts", "data"),
    }
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []
    for header in (protocol.VERSION_HEADER, protocol.HASH_HEADER, "Authorization", "Retry-After"):
        assert header in PAGE


def test_the_page_names_the_version_and_the_limits() -> None:
    assert f"version {protocol.VERSION}" in PAGE
    assert f"{MAX_PHOTO_BYTES:,}" in PAGE


def test_the_page_names_everything_that_a_worker_reads_from_its_environment() -> None:
    source = "".join(path.read_text() for path in Path(protocol.__file__).parents[1].rglob("*.py"))
    read = set(re.findall(r"\bWORKER_[A-Z_]+\b", source))
    assert {"WORKER_TOKEN", "WORKER_UNTIL"} <= read
    assert [name for name in sorted(read) if f"`{name}`" not in PAGE] == []


def test_the_page_is_one_page() -> None:
    assert len(PAGE.splitlines()) <= 110
