"""`python -m gpuworker`: render a portrait, inspect a photo, draw contact sheets or a moving picture; serve.

    python -m gpuworker render portrait.jpg out/
    python -m gpuworker inspect portrait.jpg --annotated seen.png
    python -m gpuworker contact-sheets portrait.jpg out/
    python -m gpuworker loop portrait.jpg moving.webp
    python -m gpuworker serve --host 0.0.0.0 --port 8000
    python -m gpuworker health --url http://127.0.0.1:8000
    python -m gpuworker reap
    python -m gpuworker fetch-weights --which all --to weights/

Errors are one sentence on standard error; exit codes are listed in gpuworker/errors.py.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from gpuworker import engines, environment, grid
from gpuworker.contract import (
    DEFAULT_LEVELS,
    LEVELS,
    MANIFEST_NAME,
    MAX_INTENSITY,
    MIN_INTENSITY,
    STANDARD_FRAME,
    Box,
    Framing,
    Manifest,
    Progress,
    RenderRequest,
    Size,
)
from gpuworker.errors import BadRequest, Busy, Cancelled, OutputFailed, RenderError, SeveralFaces, UnreadablePhoto

BAR_WIDTH = 28


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(levelname)s %(message)s")
    try:
        commands = {
            "render": _render,
            "inspect": _inspect,
            "contact-sheets": _contact_sheets,
            "loop": _loop,
            "serve": _serve,
            "health": _health,
            "reap": _reap,
            "fetch-weights": _fetch_weights,
        }
        return commands[options.command](options)
    except RenderError as error:
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        _complain(Cancelled())
        return Cancelled.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpuworker", description="One portrait in, a living face out.")
    parser.add_argument("--verbose", action="store_true", help="log what happens")
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help="render a portrait into a folder with a page that lives")
    inspect = commands.add_parser("inspect", help="say which faces there are, with advice")
    contact = commands.add_parser("contact-sheets", help="draw 3×5 directions, 1:1 eyes and a blink as pictures")
    loop = commands.add_parser("loop", help="write a moving picture, an animated WebP")
    for command in (render, inspect, contact, loop):
        _add_portrait_options(command)
    for command in (render, contact, loop):
        command.add_argument("--face", type=int, help="which face, counted from 0, largest first")
    for command in (render, contact, loop):
        command.add_argument(
            "out", type=Path, help="the file to write" if command is loop else "the folder to write into"
        )
        command.add_argument("--engine", default="warp", help="the engine (default: warp)")
        command.add_argument(
            "--intensity", type=float, default=1.0, help=f"how far the face looks, {MIN_INTENSITY} to {MAX_INTENSITY}"
        )
    render.add_argument("--levels", help=f"some of {','.join(LEVELS)} (default: {','.join(DEFAULT_LEVELS)})")
    render.add_argument("--device", choices=("auto", "cuda", "cpu"), help="where the engine liveportrait computes")
    render.add_argument("--remove-background", action="store_true", help="show the person alone, on transparency")
    render.add_argument("--no-page", action="store_true", help="only the portrait's files, no index.html")
    render.add_argument("--quiet", action="store_true", help="no progress bar")
    loop.add_argument("--width", type=int, default=320, help="in pixels (default: 320)")
    weights = commands.add_parser("fetch-weights", help="fetch and verify the weights of the GPU engine and of matting")
    weights.add_argument("--to", type=Path, required=True, help="the folder; name it in GAZE_WEIGHTS afterwards")
    weights.add_argument(
        "--which",
        choices=("liveportrait", "matting", "all"),
        default="liveportrait",
        help="the engine's files, the matting model for people without a background, or both (default: liveportrait)",
    )
    weights.add_argument("--mirror", help="an address below which the files lie (default: the authors' own)")
    inspect.add_argument("--annotated", type=Path, help="write the photo with what was found drawn into it")
    inspect.add_argument("--json", action="store_true", help="print JSON")
    _add_serve_options(commands.add_parser("serve", help="take jobs over HTTP, as PROTOCOL.md tells"))
    health = commands.add_parser("health", help="ask a worker how it is; ends with 0 once it is ready")
    health.add_argument(
        "--url", default="http://127.0.0.1:8000", help="of the worker (default: the one of this machine)"
    )
    _add_reap_options(commands.add_parser("reap", help="terminate rented machines that a site has left behind"))
    return parser


def _add_serve_options(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", default="127.0.0.1", help="0.0.0.0 on a rented machine (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8000, help="0 takes any that is free (default: 8000)")
    serve.add_argument("--engine", help="the engine to keep warm (default: WORKER_ENGINE, or warp)")
    serve.add_argument("--processes", type=int, help="rendering processes (default: by the cores)")
    serve.add_argument("--idle-exit", type=float, default=0.0, help="end when idle for so many seconds")
    serve.add_argument("--no-token", action="store_true", help="let everybody in; on 127.0.0.1 only")


def _add_reap_options(reap: argparse.ArgumentParser) -> None:
    reap.add_argument("--prefix", default="gaze-", help="of the names of machines that are ours (default: gaze-)")
    reap.add_argument("--older-than", type=float, default=0.0, help="only those that are so many minutes old")
    reap.add_argument("--dry-run", action="store_true", help="only say which")


def _add_portrait_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("portrait", type=Path, help="the photo")
    command.add_argument("--crop", default="auto", help="auto, whole, or x,y,width,height in the photo's pixels")
    command.add_argument("--size", default=str(STANDARD_FRAME), help=f"of a frame (default: {STANDARD_FRAME})")


def _request(options: argparse.Namespace) -> RenderRequest:
    """The options as a request. Raises BadRequest, UnreadablePhoto."""
    try:
        encoded = options.portrait.read_bytes()
    except OSError as error:
        raise UnreadablePhoto(f"{options.portrait} cannot be read: {error.strerror}.") from error
    return RenderRequest(
        photo=encoded,
        framing=_framing(options.crop),
        face=getattr(options, "face", None),
        frame=Size.parse(options.size),
        levels=_levels(options),
        engine=getattr(options, "engine", "warp"),
        intensity=getattr(options, "intensity", 1.0),
        remove_background=getattr(options, "remove_background", False),
    )


def _levels(options: argparse.Namespace) -> tuple[str, ...]:
    """Levels asked for; by default all of them, but a draft from an engine that was sent to the CPU."""
    asked = getattr(options, "levels", "full")
    if asked is None:
        return (grid.DRAFT.name,) if getattr(options, "device", None) == "cpu" else DEFAULT_LEVELS
    return tuple(asked.split(","))


def _framing(text: str) -> Framing:
    match text:
        case "auto" | "whole":
            return text
        case _:
            return Box.parse(text)


def _render(options: argparse.Namespace) -> int:
    from gpuworker.cli import standalone_page
    from gpuworker.rendering.scheduler import render

    request = _request(options)
    if options.device:
        if options.engine not in engines.SINGLE:
            raise BadRequest(f"The engine {options.engine} has no choice of a device.")
        os.environ[environment.DEVICE] = options.device  # the rendering processes inherit it
    if options.out.exists() and not options.out.is_dir():
        raise OutputFailed(f"{options.out} is not a folder.")
    if not options.no_page:
        standalone_page.check(options.out)
    start = time.monotonic()
    existed = options.out.exists()
    page_written = False
    try:
        with _asked_to_end() as cancelled, closing(render(request, options.out, cancelled=cancelled)) as steps:
            for step in _shown(steps, sys.stderr, quiet=options.quiet):
                if step.manifest is not None and not page_written and not options.no_page:
                    page_written = True
                    standalone_page.write(options.out)
    except BaseException:
        if page_written:
            standalone_page.remove(options.out)
            if not existed:
                with suppress(OSError):  # another process put a file into it
                    options.out.rmdir()
        raise
    if not options.quiet:
        _print_result(options, time.monotonic() - start, page_written=page_written)
    return 0


@contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C or SIGTERM; a second one ends the hard way.

    An exception from a handler may come up where Python swallows it; an event is never lost.
    """
    asked = threading.Event()
    before: dict[signal.Signals, Any] = {}

    def ask(number: int, frame: object) -> None:
        asked.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    if threading.current_thread() is threading.main_thread():
        before.update({each: signal.signal(each, ask) for each in (signal.SIGINT, signal.SIGTERM)})
    try:
        yield asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _print_result(options: argparse.Namespace, seconds: float, *, page_written: bool) -> None:
    manifest = Manifest.loads((options.out / MANIFEST_NAME).read_text())
    names = {manifest.poster, *(name for level in manifest.levels for name in level.files)}
    size = sum((options.out / name).stat().st_size for name in names)
    print(f"{options.out}: {_readable(size)} in {seconds:.1f} s")
    if page_written:
        print(
            "Look at it:",
            shlex.join([sys.executable, "-m", "http.server", "--bind=127.0.0.1", f"--directory={options.out}", "8000"]),
        )


def _readable(size: int) -> str:
    """Bytes in the unit that a person would take."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} KB"


def _shown(steps: Iterator[Progress], stream: TextIO, *, quiet: bool) -> Iterator[Progress]:
    """The same steps, with a progress bar on a terminal and a line a stage elsewhere."""
    shown = ""
    for step in steps:
        for sentence in step.advice:
            _say(stream, f"Note: {sentence}", over=bool(shown) and stream.isatty())
        if not quiet:
            done = round(BAR_WIDTH * step.current / max(1, step.total))
            line = f"[{'█' * done}{'░' * (BAR_WIDTH - done)}] {step.current:>4}/{step.total} {step.message}"
            if stream.isatty():
                stream.write(f"\r\x1b[K{line}")
                stream.flush()
            elif step.stage != shown:
                stream.write(f"{step.stage}: {step.message}\n")
            shown = step.stage
        yield step
    if shown and stream.isatty():
        stream.write("\n")


def _say(stream: TextIO, sentence: str, *, over: bool) -> None:
    stream.write(("\r\x1b[K" if over else "") + sentence + "\n")


def _inspect(options: argparse.Namespace) -> int:
    from gpuworker.cli.inspect import inspect
    from gpuworker.errors import NoFace
    from gpuworker.vision import bundled_networks

    bundled_networks.warm()
    inspected = inspect(_request(options), options.annotated)
    if not inspected:
        raise NoFace
    for index, result in enumerate(inspected):
        box = result.face.box.to_json()
        remarks = [result.refusal.sentence] if result.refusal else list(result.advice) or ["Good."]
        if options.json:
            code = result.refusal.code if result.refusal else None
            print(
                json.dumps({"index": index, "box": box, "width": result.face.width, "code": code, "remarks": remarks})
            )
        else:
            print(
                f"face {index}: {result.face.width:.0f} px wide at {box['x']:.0f},{box['y']:.0f}. {' '.join(remarks)}"
            )
    return 0


def _contact_sheets(options: argparse.Namespace) -> int:
    from gpuworker.cli import contact_sheets as contact
    from gpuworker.vision import bundled_networks

    bundled_networks.warm()
    sheets = contact.write(_request(options), options.out)
    print(*(path for path in (sheets.directions, sheets.eyes, sheets.blinks) if path), sep="\n")
    _say(sys.stderr, sheets.drawn_by, over=False)
    return 0


def _loop(options: argparse.Namespace) -> int:
    from gpuworker.cli import loop
    from gpuworker.vision import bundled_networks

    bundled_networks.warm()
    loop.write(_request(options), options.out, options.width)
    print(options.out)
    return 0


def _serve(options: argparse.Namespace) -> int:
    with _extra("worker"):
        from gpuworker.server.http_server import serve, serving_from
    serve(serving_from(options))
    return 0


def _health(options: argparse.Namespace) -> int:
    with _extra("worker"):
        from gpuworker.workers.http_client import health_of
    health = health_of(options.url)
    print(json.dumps(health.to_json()))
    if health.state in ("loading", "warming"):
        raise Busy("The worker is not ready yet.")
    return 0


def _reap(options: argparse.Namespace) -> int:
    with _extra("worker"):
        from gpuworker.fleet.reaper import reap_from_environment
    for line in reap_from_environment(options.prefix, options.older_than * 60, dry_run=options.dry_run):
        print(line)
    return 0


@contextmanager
def _extra(name: str) -> Iterator[None]:
    """Packages that the base installation does without."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BadRequest(f"This needs {error.name}; install it with: pip install 'gazesite[{name}]'") from error


def _fetch_weights(options: argparse.Namespace) -> int:
    from gpuworker import weights

    shown: dict[str, int] = {}

    def told(path: str, present: int, total: int) -> None:
        percent = 100 * present // total
        if shown.get(path) != percent:
            shown[path] = percent
            sys.stderr.write(f"\r\x1b[K{path} {percent} %" if sys.stderr.isatty() else "")

    for path in weights.fetch(options.to, options.mirror, told, weights.chosen(options.which)):
        print(path)
    return 0


def _complain(error: RenderError) -> None:
    sys.stderr.write(("\n" if sys.stderr.isatty() else "") + error.sentence + "\n")
    if isinstance(error, SeveralFaces):
        for face in error.details.get("faces", []):
            sys.stderr.write(f"  --face {face['index']}: {face['box']}\n")


if __name__ == "__main__":
    sys.exit(main())
