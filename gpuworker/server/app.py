"""The worker over HTTP: routes over a JobTable, and no image code. PROTOCOL.md tells them on one page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from gpuworker.errors import BadRequest, Busy, OtherProtocol, OutputFailed, PhotoTooLarge, RenderError, Superseded
from gpuworker.server.job_queue import JobOver, JobTable, UnknownJob
from gpuworker.server.middleware import Gate
from gpuworker.workers import protocol
from gpuworker.workers.protocol import Health, Snapshot

CANCEL_SECONDS = 3.0
"""How long a cancellation waits for the job's end, so that its answer is the truth."""

TYPES = {"webp": "image/webp", "json": "application/json", "bin": "application/octet-stream"}

_BY_ERROR: dict[type[RenderError], int] = {
    BadRequest: 400,
    PhotoTooLarge: 413,
    OtherProtocol: 426,
    Busy: 429,
    Superseded: 409,
    OutputFailed: 503,
}


@dataclass(frozen=True, slots=True)
class About:
    """What a worker says of itself in its health."""

    engine: str
    gpu: str | None
    release: str


def create_app(jobs: JobTable, about: About, token: str | None) -> ASGIApp:
    """The application behind its gate. token None lets everybody in."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_routes(app, jobs, about)
    _add_refusals(app)
    return Gate(app, token)


def _add_routes(app: FastAPI, jobs: JobTable, about: About) -> None:
    @app.get("/health")
    def health() -> dict[str, Any]:
        state = jobs.readiness
        return Health(state, about.engine, about.gpu, about.release, jobs.unfinished, jobs.idle_seconds).to_json()

    @app.post("/generate", status_code=202)
    async def generate(request: Request) -> dict[str, Any]:
        body = await request.body()
        snapshot = await run_in_threadpool(lambda: jobs.submit(protocol.job_from(body)))
        return snapshot.to_json()

    @app.get("/progress/{job_id}")
    def progress(job_id: str, attempt: int | None = None) -> dict[str, Any]:
        return jobs.snapshot(job_id, attempt).to_json()

    @app.get("/files/{job_id}/{filename}")
    def files(job_id: str, filename: str, attempt: int | None = None) -> Response:
        listing, data = jobs.read(job_id, filename, attempt)
        headers = {protocol.HASH_HEADER: listing.sha256}
        return Response(data, media_type=TYPES.get(filename.rpartition(".")[2], TYPES["bin"]), headers=headers)

    @app.post("/cancel/{job_id}")
    def cancel(job_id: str, attempt: int) -> dict[str, Any]:
        snapshot: Snapshot = jobs.cancel(job_id, attempt, CANCEL_SECONDS)
        return snapshot.to_json()

    @app.delete("/jobs/{job_id}")
    def forget(job_id: str, attempt: int) -> dict[str, Any]:
        jobs.forget(job_id, attempt)
        return {"protocol": protocol.VERSION}


def _add_refusals(app: FastAPI) -> None:
    """Every refusal has the same shape: a code, a sentence, and whether asking again can help."""

    @app.exception_handler(RenderError)
    async def refused(request: Request, error: RenderError) -> Response:
        headers = {"Retry-After": str(error.details["retry_after"])} if "retry_after" in error.details else None
        status = next((code for kind, code in _BY_ERROR.items() if isinstance(error, kind)), 500)
        return JSONResponse(protocol.refusal_json(error), status, headers)

    app.add_exception_handler(UnknownJob, _says(404, "There is no such job or file here."))
    app.add_exception_handler(JobOver, _says(410, "This attempt is over, and nothing of it is kept."))
    app.add_exception_handler(RequestValidationError, _says(400, "The request cannot be read."))
    app.add_exception_handler(Exception, _says(500, "The worker failed at this request."))

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> Response:
        return JSONResponse(
            protocol.refusal_json(BadRequest("There is no such route.")), error.status_code, error.headers
        )


def _says(status: int, sentence: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        kind = RenderError if status >= 500 else BadRequest
        return JSONResponse(protocol.refusal_json(kind(sentence)), status)

    return handler
