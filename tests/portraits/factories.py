"""Factories of rows, with their files as a real upload and render would leave them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone
from PIL import Image

from gpuworker import grid
from gpuworker.contract import (
    CARD_NAME,
    DEFAULT_LEVELS,
    PHOTO_NAMES,
    POSTER_NAME,
    RIG,
    RIG_NAME,
    SHEETS,
    STANDARD_FRAME,
    Level,
    Manifest,
    Progress,
    RigLevel,
    Size,
    level_frame,
)
from gpuworker.rig import rig_file
from portraits.files import storage
from portraits.models import Output, Portrait, Render, Session, Upload, User
from portraits.models.browser import GUEST_KEY
from portraits.models.user import GUEST_LIFETIME
from portraits.sharing import link_preview
from tests.gpuworker.rig import small

PASSWORD = "a long enough password"
TWICE = Size(2 * STANDARD_FRAME.width, 2 * STANDARD_FRAME.height)


def user(name: str, **fields: object) -> User:
    return User.objects.create_user(f"{name}@example.com", PASSWORD, **fields)


@cache  # the same few pictures stand for thousands of sheets
def picture(colour: str = "tan", size: tuple[int, int] = (410, 512)) -> bytes:
    """A small WebP."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "WEBP")
    return file.getvalue()


@cache
def rig() -> bytes:
    """A small rig.bin."""
    return rig_file.dumps(small.small())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def upload(owner: User) -> Upload:
    """A photo with one usable face that waits for its owner's choice."""
    photo, thumbnail = picture(size=(600, 800)), picture(size=(120, 160))
    row = Upload.objects.create(
        owner=owner,
        consent_at=timezone.now(),
        width=600,
        height=800,
        photo_sha256=sha256(photo),
        photo_size=len(photo),
        thumbnail_sha256=sha256(thumbnail),
        original_sha256=sha256(b"original"),
        stored=True,
        face_reports=[
            {
                "index": 0,
                "box": {"x": 200, "y": 200, "width": 200, "height": 260},
                "width": 190.0,
                "crop": {"x": 60, "y": 60, "width": 480, "height": 600},
                "code": None,
                "sentence": None,
                "advice": [],
            }
        ],
    )
    _store(row.pk, photo, thumbnail)
    return row


def portrait(owner: User, title: str = "Eileen") -> Portrait:
    """A portrait with its photo stored and no session yet."""
    photo, thumbnail = picture(size=(600, 800)), picture(size=(120, 160))
    row = Portrait.objects.create(
        owner=owner,
        title=title,
        consent_at=timezone.now(),
        width=600,
        height=800,
        photo_sha256=sha256(photo),
        thumbnail_sha256=sha256(thumbnail),
        original_sha256=sha256(b"original"),
        face=0,
        face_box={"x": 200, "y": 200, "width": 200, "height": 260},
        expires_at=owner.guest_until,
    )
    _store(row.pk, photo, thumbnail)
    return row


def _store(portrait_id: object, photo: bytes, thumbnail: bytes) -> None:
    prefix = storage.photo_prefix(portrait_id)  # type: ignore[arg-type]
    storage.put(prefix + storage.PHOTO, photo)
    storage.put(prefix + storage.THUMBNAIL, thumbnail)


def session(of: Portrait, **options: object) -> Session:
    """A run that waits in the queue."""
    run = Session.objects.create(portrait=of, **options)
    Render.begin(run)
    return run


def claimed(run: Session) -> Output:
    """Its render in the hands of a worker."""
    output = run.first_render.claim()
    assert output is not None
    return output


def make_sheets(run: Session) -> Output:
    """Sheets of a run whose face is whole, asked for and made."""
    run.ask_for_sheets()
    output = Render.objects.get(session=run, kind=Render.Kind.SHEETS).claim()
    assert output is not None
    complete(output)
    return output


def store_level(output: Output, levels: Iterable[str], *, complete: bool = False, alpha: bool = False) -> None:
    """Results of a worker's step: files, the manifest that lists them, and the session shows it."""
    render = output.render
    names = [POSTER_NAME, *([CARD_NAME] if alpha else [])]
    manifest = Manifest("warp", STANDARD_FRAME, complete=complete, alpha=alpha)
    for name in levels:
        manifest = manifest.with_level(level(name))
        names.extend(level(name).files)
    files = {}
    for name in names:
        data = rig() if name == RIG_NAME else picture()
        storage.put(output.key(name), data)
        files[name] = {"sha256": sha256(data), "size": len(data)}
    tiles = {name: "done" for name in names if name in {sheet for sheets in SHEETS.values() for sheet in sheets}}
    assert render.advance(output, Progress("rendering", 200, 936, "Rendered 200 of 936 frames", tiles), ["Alive"])
    assert output.record(files, manifest)
    assert render.session.show(output)


@cache
def _link_preview() -> bytes:
    return link_preview.compose(picture())


def store_link_preview(output: Output) -> None:
    """Link preview as a render leaves it beside the poster."""
    data = _link_preview()
    storage.put(output.key(link_preview.NAME), data)
    assert output.record({link_preview.NAME: {"sha256": sha256(data), "size": len(data)}}, None)


def level(name: str) -> Level | RigLevel:
    """A level as a manifest lists it; the rig's photo has no AVIF."""
    if name == RIG:
        return RigLevel(RIG, RIG_NAME, {"webp": PHOTO_NAMES["webp"]}, TWICE)
    size = grid.LEVELS[name]
    return Level(name, size.x, size.y, level_frame(name, STANDARD_FRAME), SHEETS[name])


def listed(manifest: dict[str, Any]) -> list[str]:
    """Names of all files that a manifest's JSON lists."""
    levels = Manifest.loads(json.dumps(manifest)).levels
    return [manifest["poster"], *(name for level in levels for name in level.files)]


def complete(output: Output, *, alpha: bool = False) -> None:
    """All levels that it makes are there, and the render has ended."""
    levels = [RIG] if output.render.kind == Render.Kind.RIG else DEFAULT_LEVELS
    store_level(output, levels, complete=True, alpha=alpha)
    store_link_preview(output)
    assert output.render.finish(output)


def guest() -> User:
    """Somebody without an account who has just come."""
    person = User.objects.new_guest()
    person.stay_until(timezone.now() + GUEST_LIFETIME)
    person.save()
    return person


def browser_of(guest: User) -> Client:
    """The guest's browser."""
    client = Client()
    session = client.session
    session[GUEST_KEY] = guest.pk
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


def signed_in(user: User) -> Client:
    """A browser of this person."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
