from __future__ import annotations

import threading

import pytest

from gpuworker.errors import Cancelled
from gpuworker.images import webp
from gpuworker.workers.fake import FakeWorker
from tests.gpuworker.jobs import NAMES, SIGHT, a_job


def test_the_twin_gives_what_a_render_gives() -> None:
    seen: dict[str, str] = {}
    for step in FakeWorker().render(a_job()):
        seen |= {file.name: file.sha256 for file in step.files}
        for level in step.progress.manifest.levels if step.progress.manifest else ():
            assert set(level.files) <= set(seen)
    assert set(seen) == NAMES
    assert step.progress.stage == "done"
    assert step.progress.current == step.progress.total == 936
    assert step.progress.manifest is not None
    assert step.progress.manifest.complete


def test_sheets_have_the_size_that_the_manifest_promises_and_belong_to_their_photo() -> None:
    def hashes(photo: bytes) -> set[str]:
        return {file.sha256 for step in FakeWorker().render(a_job(photo=photo)) for file in step.files}

    for step in FakeWorker().render(a_job(levels=("full",))):
        for file in step.files:
            width = 120 if file.name == "poster.webp" else 15 * 120
            size = webp.size(file.path.read_bytes())
            assert size is not None
            assert size.width == width
    assert not hashes(b"one") & hashes(b"another")


def test_the_twin_can_be_cancelled() -> None:
    cancelled = threading.Event()
    steps = FakeWorker().render(a_job(), cancelled)
    next(steps)
    cancelled.set()
    with pytest.raises(Cancelled):
        next(steps)
    FakeWorker().close()


def test_the_twin_of_a_rig_alone_is_alive_and_done() -> None:
    steps = list(FakeWorker().render(a_job(levels=("rig",))))
    assert {file.name for step in steps for file in step.files} == SIGHT
    assert [(step.progress.message, step.progress.current, step.progress.total) for step in steps[2:]] == [
        ("Alive", 1, 1),
        ("Done", 1, 1),
    ]
