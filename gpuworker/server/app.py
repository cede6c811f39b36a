"""Starlette application of a worker: routes over a JobTable, described on one page in PROTOCOL.md. No image code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gpuworker.errors import BadRequest, Busy, OtherProtocol, OutputFailed, PhotoTooLarge, RenderError, Superseded
from gpuworker.server.job_queue import JobOver, JobTable, UnknownJob
from gpuworker.server.middleware import WorkerMiddleware
from gpuworker.workers import protocol
from gpuworker.workers.protocol import Health

CANCEL_SECONDS = 3.0
"""Seconds that a cancellation waits for the job's end, so that its answer is the truth."""

TYPES = {"webp": "image/webp", "avif": "image/avif", "json": "application/json", "bin": "application/octet-stream"}

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
    """Facts about a worker that its health reports."""

    engine: str
    gpu: str | None
    release: str


def create_app(jobs: JobTable, about: About, token: str | None) -> ASGIApp:
    """ASGI application behind its middleware. token None lets everybody in."""
    routes = _Routes(jobs, about)
    app = Starlette(
        routes=[
            Route("/health", routes.health, methods=["GET"]),
            Route("/generate", routes.generate, methods=["POST"]),
            Route("/progress/{job_id}", routes.progress, methods=["GET"]),
            Route("/files/{job_id}/{filename}", routes.file, methods=["GET"]),
            Route("/cancel/{job_id}", routes.cancel, methods=["POST"]),
            Route("/jobs/{job_id}", routes.forget, methods=["DELETE"]),
        ],
        exception_handlers={
            RenderError: _refused,
            UnknownJob: _says(404, "There is no such job or file here."),
            JobOver: _says(410, "This attempt is over, and nothing of it is kept."),
            HTTPException: _no_route,
            Exception: _says(500, "The worker failed at this request."),
        },
    )
    app.router.redirect_slashes = False
    return WorkerMiddleware(app, token)


class _Routes:
    """Endpoints, one a route. Those that are no coroutines run on Starlette's thread pool, because a job may block."""

    def __init__(self, jobs: JobTable, about: About) -> None:
        self._jobs = jobs
        self._about = about

    def health(self, request: Request) -> Response:
        jobs, about = self._jobs, self._about
        health = Health(jobs.readiness, about.engine, about.gpu, about.release, jobs.unfinished, jobs.idle_seconds)
        return JSONResponse(health.to_json())

    async def generate(self, request: Request) -> Response:
        body = await request.body()
        snapshot = await run_in_threadpool(lambda: self._jobs.submit(protocol.job_from(body)))
        return JSONResponse(snapshot.to_json(), 202)

    def progress(self, request: Request) -> Response:
        return JSONResponse(self._jobs.snapshot(_job_id(request), _attempt(request)).to_json())

    def file(self, request: Request) -> Response:
        name = str(request.path_params["filename"])
        listing, data = self._jobs.read(_job_id(request), name, _attempt(request))
        media_type = TYPES.get(name.rpartition(".")[2], TYPES["bin"])
        return Response(data, media_type=media_type, headers={protocol.HASH_HEADER: listing.sha256})

    def cancel(self, request: Request) -> Response:
        snapshot = self._jobs.cancel(_job_id(request), _named_attempt(request), CANCEL_SECONDS)
        return JSONResponse(snapshot.to_json())

    def forget(self, request: Request) -> Response:
        self._jobs.forget(_job_id(request), _named_attempt(request))
        return JSONResponse({"protocol": protocol.VERSION})


def _job_id(request: Request) -> str:
    return str(request.path_params["job_id"])


def _attempt(request: Request) -> int | None:
    """Attempt in the query, None without one. Raises BadRequest."""
    text = request.query_params.get("attempt")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len(str(protocol.MAX_ATTEMPT)):
        raise BadRequest("The request cannot be read.")
    return int(text)


def _named_attempt(request: Request) -> int:
    """Attempt in the query of a request that must name one. Raises BadRequest."""
    attempt = _attempt(request)
    if attempt is None:
        raise BadRequest("The request cannot be read.")
    return attempt


async def _refused(request: Request, error: Exception) -> Response:
    """Response to a RenderError: a code, a sentence, and whether asking again can help."""
    if not isinstance(error, RenderError):
        raise error
    headers = {"Retry-After": str(error.details["retry_after"])} if "retry_after" in error.details else None
    status = next((code for kind, code in _BY_ERROR.items() if isinstance(error, kind)), 500)
    return JSONResponse(protocol.refusal_json(error), status, headers)


async def _no_route(request: Request, error: Exception) -> Response:
    """Response to a path without a route, or a route without this method."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse(protocol.refusal_json(BadRequest("There is no such route.")), error.status_code, error.headers)


def _says(status: int, sentence: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        kind = RenderError if status >= 500 else BadRequest
        return JSONResponse(protocol.refusal_json(kind(sentence)), status)

    return handler
