"""JSON of the worker's protocol, in both directions, with its limits; PROTOCOL.md describes it on one page.

Both ends build and read their JSON here and nowhere else. Standard library only.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import UnionType
from typing import Any, Literal, get_args, get_type_hints

from gpuworker.contract import (
    MAX_PHOTO_BYTES,
    Box,
    Framing,
    Manifest,
    Progress,
    RenderRequest,
    Size,
    Stage,
    TileState,
)
from gpuworker.errors import BadRequest, OtherProtocol, RenderError, WrongAnswer, from_code
from gpuworker.workers.worker import Job

VERSION = 3
"""Version of the JSON. Version 1 called a job's id session_id; version 2 knew no rig."""
VERSION_HEADER = "Gaze-Protocol"
HASH_HEADER = "Gaze-SHA256"

MAX_BODY = MAX_PHOTO_BYTES * 4 // 3 + 65_536
"""Bytes of a submission."""
MAX_ANSWER = 4_000_000
"""Bytes of a JSON answer that a client reads; a real one has about ten thousand."""
MAX_FILE = 200_000_000
"""Bytes of a rendered file that a client accepts. The largest sheets have about ten million."""

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
FILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}\.[a-z]{2,5}")
MAX_ATTEMPT = 1_000_000

STATUSES = {
    200: "here is what was asked for",
    202: "the job is accepted, or was before",
    400: "the request cannot be read, or an option is wrong",
    401: "the bearer token is missing or wrong",
    404: "there is no such job, file or route",
    405: "the route does not know this method",
    408: "the body came too slowly",
    409: "a newer attempt at this job has taken over, or this attempt is another request",
    410: "this attempt was given up or picked up, and is over",
    413: "the body is too large",
    416: "more than one range was asked for",
    426: "the other side speaks another version of this protocol",
    429: "the queue is full",
    500: "a fault of the worker's own",
    503: "too many connections, or the worker is about to end",
}
"""Every status that the worker itself answers with. Those of a proxy in between carry no version header."""

Readiness = Literal["loading", "warming", "ready", "busy"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Health:
    """Report of a worker about itself.

    gpu: its name, None without one; release: of this package; queued: jobs that wait or run;
    idle_seconds: since it last had anything to do for anybody.
    """

    state: Readiness
    engine: str
    gpu: str | None
    release: str
    queued: int
    idle_seconds: float
    protocol: int = VERSION

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_json(cls, data: Any) -> Health:
        """Raises WrongAnswer."""
        try:
            return cls(
                state=_one_of(data["state"], Readiness),
                engine=str(data["engine"]),
                gpu=None if data["gpu"] is None else str(data["gpu"]),
                release=str(data["release"]),
                queued=int(data["queued"]),
                idle_seconds=float(data["idle_seconds"]),
                protocol=int(data["protocol"]),
            )
        except _GARBLED as error:
            raise WrongAnswer(details={"reason": f"health lacks or garbles {error}"}) from error


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole file that may be fetched. sha256: hexadecimal; size: bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """at: seconds since the job was accepted."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A job as it now stands. `revision` grows with every change, so that an older answer is recognised.

    place: how many jobs come before it; seconds: of rendering so far.
    progress: its manifest is the latest there is, and lists only files of `files`.
    """

    id: str
    attempt: int
    state: State
    revision: int
    place: int
    seconds: float
    progress: Progress
    files: tuple[Listing, ...] = ()
    log: tuple[LogLine, ...] = ()
    error: RenderError | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "protocol": VERSION,
            "job_id": self.id,
            "attempt": self.attempt,
            "state": self.state,
            "revision": self.revision,
            "place": self.place,
            "seconds": round(self.seconds, 3),
            "stage": self.progress.stage,
            "current": self.progress.current,
            "total": self.progress.total,
            "message": self.progress.message,
            "tiles": dict(self.progress.tiles),
            "advice": list(self.progress.advice),
            "manifest": self.progress.manifest.to_json() if self.progress.manifest else None,
            "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in self.files],
            "log": [{"at": round(line.at, 2), "text": line.text} for line in self.log],
            "error": error_json(self.error) if self.error else None,
        }

    @classmethod
    def from_json(cls, data: Any) -> Snapshot:
        """Raises OtherProtocol for an answer of another version, WrongAnswer for anything else that is no job."""
        check_version(data)
        try:
            return cls(
                id=str(data["job_id"]),
                attempt=int(data["attempt"]),
                state=_one_of(data["state"], State),
                revision=int(data["revision"]),
                place=int(data["place"]),
                seconds=float(data["seconds"]),
                progress=_progress(data),
                files=tuple(_listing(each) for each in data["files"]),
                log=tuple(LogLine(float(line["at"]), str(line["text"])) for line in data["log"]),
                error=None if data["error"] is None else error_from(data["error"]),
            )
        except _GARBLED as error:
            raise WrongAnswer(details={"reason": f"progress lacks or garbles {error}"}) from error


def submission(job: Job) -> bytes:
    """The body of POST /generate."""
    options = {name: _plain(getattr(job.request, name)) for name in _OPTIONS}
    return json.dumps(
        {
            "protocol": VERSION,
            "job_id": job.id,
            "attempt": job.attempt,
            "image": base64.b64encode(job.request.photo).decode(),
            "options": options,
        }
    ).encode()


def job_from(body: bytes) -> Job:
    """Job that `submission` wrote. Raises BadRequest, OtherProtocol."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The request is not JSON.") from error
    return job_from_json(data)


def job_from_json(data: Any) -> Job:
    """A submission that has been read already. Raises BadRequest, OtherProtocol."""
    allowed = {"protocol", "job_id", "attempt", "image", "options"}
    if isinstance(data, dict) and "protocol" in data:
        check_version(data)  # before the fields: another version has others
    if not isinstance(data, dict) or not {"job_id", "attempt", "image"} <= set(data) <= allowed:
        raise BadRequest("A submission has job_id, attempt, image and options, and nothing else.")
    identity, attempt, options = data["job_id"], data["attempt"], data.get("options", {})
    if not isinstance(identity, str) or not ID.fullmatch(identity):
        raise BadRequest("A job_id has 1 to 64 letters, digits, hyphens or underscores.")
    if type(attempt) is not int or not 0 <= attempt <= MAX_ATTEMPT:
        raise BadRequest(f"An attempt is a number from 0 to {MAX_ATTEMPT:,}.")
    if not isinstance(options, dict) or not set(options) <= set(_OPTIONS):
        raise BadRequest(f"The options are {', '.join(_OPTIONS)}.")
    read = {name: _option(name, value) for name, value in options.items()}
    return Job(identity, attempt, RenderRequest(_image(data["image"]), **read))


def check_version(data: Any) -> None:
    """Raises OtherProtocol for a JSON object of another version, and for one that names none."""
    if isinstance(data, Mapping) and data.get("protocol") != VERSION:
        raise OtherProtocol(details={"protocol": VERSION})


def refusal_json(error: RenderError) -> dict[str, Any]:
    """JSON of every refusal."""
    return {"protocol": VERSION, "error": error_json(error)}


def error_json(error: RenderError) -> dict[str, Any]:
    return {
        "code": error.code,
        "sentence": error.sentence,
        "permanent": error.permanent,
        "details": error.details,
    }


def error_from(data: Any) -> RenderError:
    """Error that `error_json` wrote. Raises KeyError or TypeError when it is something else."""
    return from_code(str(data["code"]), str(data["sentence"]), dict(data["details"]))


_GARBLED = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
_HINTS: dict[str, Any] = {name: hint for name, hint in get_type_hints(RenderRequest).items() if name != "photo"}
_OPTIONS = tuple(_HINTS)
"""Every field of RenderRequest but the photo; one of a plain type needs nothing else to travel."""


def _image(text: Any) -> bytes:
    if not isinstance(text, str):
        raise BadRequest("The image must be base64.")
    try:
        photo = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The image must be base64.") from error
    if len(photo) > MAX_PHOTO_BYTES:
        raise BadRequest(f"A photo has at most {MAX_PHOTO_BYTES:,} bytes.")
    return photo


def _plain(value: Any) -> Any:
    """An option as JSON."""
    match value:
        case Size(width, height):
            return {"width": width, "height": height}
        case Box(x, y, width, height):
            return {"x": x, "y": y, "width": width, "height": height}
        case tuple():
            return list(value)
    return value


def _option(name: str, value: Any) -> Any:
    """An option from JSON. Raises BadRequest."""
    wrong = BadRequest(f"The option {name} is not valid.")
    match name, value:
        case (("framing" | "face_box"), {"x": _, "y": _, "width": _, "height": _, **rest}) if not rest:
            return Box.parse(",".join(str(value[key]) for key in ("x", "y", "width", "height")))
        case "framing", "auto" | "whole":
            framing: Framing = value
            return framing
        case "frame", {"width": int(width), "height": int(height), **rest} if not rest:
            return Size(width, height)
        case "levels", [*names] if all(isinstance(each, str) for each in names) and len(names) <= 16:
            return tuple(names)
        case "face_box", None:
            return None
        case (("framing" | "face_box" | "frame" | "levels"), _):
            raise wrong
    if not _fits(value, _HINTS[name]):
        raise wrong
    return value


def _fits(value: Any, hint: Any) -> bool:
    """Whether a JSON value is of a plain type; a whole number will do for a float, true will not for a number."""
    if isinstance(hint, UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if hint is float:
        return type(value) in (int, float)
    return type(value) is hint


def _one_of(value: Any, choices: Any) -> Any:
    if value not in get_args(choices):
        raise ValueError(f"{value!r}")
    return value


def _progress(data: Mapping[str, Any]) -> Progress:
    manifest = data["manifest"]
    return Progress(
        stage=_one_of(data["stage"], Stage),
        current=int(data["current"]),
        total=int(data["total"]),
        message=str(data["message"]),
        tiles={str(name): _one_of(state, TileState) for name, state in data["tiles"].items()},
        manifest=None if manifest is None else Manifest.loads(json.dumps(manifest)),
        advice=tuple(str(sentence) for sentence in data["advice"]),
    )


def _listing(data: Mapping[str, Any]) -> Listing:
    name, digest, size = data["name"], data["sha256"], data["size"]
    if not FILE_NAME.fullmatch(name) or not re.fullmatch(r"[0-9a-f]{64}", digest) or not 0 < size <= MAX_FILE:
        raise ValueError(f"the file {name!r}")
    return Listing(name, digest, int(size))
