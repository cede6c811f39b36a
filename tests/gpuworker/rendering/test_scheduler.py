from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gpuworker import engines, grid
from gpuworker.contract import (
    CARD_NAME,
    MANIFEST_NAME,
    PHOTO_NAMES,
    POSTER_NAME,
    RIG_NAME,
    SHEETS,
    Manifest,
    Progress,
    RenderRequest,
    RigLevel,
    Size,
)
from gpuworker.engines.warp.engine import WarpEngine
from gpuworker.errors import BadRequest, Cancelled, NoFace, OutputFailed, WorkerDied
from gpuworker.rendering import encoding, heartbeat, scheduler
from gpuworker.rendering.messages import Task, WriteRig
from gpuworker.rendering.process_pool import ProcessPool
from gpuworker.rendering.scheduler import render
from gpuworker.rig import rig_file
from gpuworker.rig.damage import DamagedRig
from tests.gpuworker.pictures import encoded
from tests.gpuworker.processes import alive, eventually

SMALL = Size(120, 150)
FILES = {POSTER_NAME, RIG_NAME, *PHOTO_NAMES.values(), *(sheet for level in SHEETS.values() for sheet in level)}
"""Those of a render of everything, beside its manifest."""


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPool]:
    with ProcessPool(size=2) as pool:
        yield pool


@pytest.fixture(scope="module")
def photo(astronaut: NDArray[np.uint8]) -> bytes:
    return encoded(astronaut)


@pytest.fixture(scope="module")
def whole(pool: ProcessPool, photo: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Progress]]:
    """One render of everything at a small size: its folder and every step with what lay there at the time."""
    out = tmp_path_factory.mktemp("render") / "out"
    return out, list(render(RenderRequest(photo=photo, frame=SMALL), out, pool))


@pytest.fixture(scope="module")
def alone(pool: ProcessPool, photo: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Progress]]:
    """A render of the rig alone: its folder and every step."""
    out = tmp_path_factory.mktemp("rig") / "out"
    return out, list(render(RenderRequest(photo=photo, frame=SMALL, levels=("rig",)), out, pool))


def test_all_900_frames_and_the_preview_are_there(whole: tuple[Path, list[Progress]]) -> None:
    out, steps = whole
    assert steps[-1].stage == "done"
    assert steps[-1].current == steps[-1].total == 936
    assert {path.name for path in out.iterdir()} == {MANIFEST_NAME, *FILES}
    for name, cells in (("q0.webp", 15), ("q0_20.webp", 10)):
        with Image.open(out / name) as image:
            assert image.size == (cells * SMALL.width, cells * SMALL.height)
    with Image.open(out / "preview.webp") as image:
        assert image.size == (6 * 60, 6 * 75)


def test_the_rig_comes_first_and_complete_last(
    whole: tuple[Path, list[Progress]],
) -> None:
    manifests = [step.manifest for step in whole[1] if step.manifest]
    assert [[level.name for level in manifest.levels] for manifest in manifests] == [
        ["rig"],
        ["rig", "preview"],
        ["rig", "preview", "mobile"],
        ["rig", "preview", "mobile", "full"],
        ["rig", "preview", "mobile", "full"],
    ]
    assert [manifest.complete for manifest in manifests] == [False, False, False, False, True]
    assert Manifest.loads((whole[0] / MANIFEST_NAME).read_text()).to_json() == manifests[-1].to_json()


def test_progress_counts_up_and_tiles_go_through_their_states(whole: tuple[Path, list[Progress]]) -> None:
    steps = whole[1]
    counts = [step.current for step in steps]
    assert counts == sorted(counts)
    assert len(set(counts)) > 30
    order = ["pending", "rendering", "encoding", "done"]
    for sheet in (sheet for level in SHEETS.values() for sheet in level):
        states = [order.index(step.tiles[sheet]) for step in steps if sheet in step.tiles]
        assert states == sorted(states)
        assert states[-1] == 3
    files = [name for step in steps for name in step.files]
    assert sorted(files) == sorted(FILES)


def test_the_mobile_sheet_holds_every_nested_frame_of_the_full_one(whole: tuple[Path, list[Progress]]) -> None:
    """Same direction, same picture, whichever level it is read from."""
    out = whole[0]
    for quadrant in range(4):
        full, mobile = (
            np.asarray(Image.open(out / SHEETS[name][quadrant]).convert("RGB"), int) for name in ("full", "mobile")
        )
        rows, cols = grid.FULL.quadrant(quadrant)
        indices = [i for i in grid.MOBILE_INDICES if i in rows], [i for i in grid.MOBILE_INDICES if i in cols]
        for slot, far in ((0, 6), (4, 9), (9, 2)):
            coarse = _cell(mobile, slot, slot)
            own = _cell(full, indices[0][slot] - rows[0], indices[1][slot] - cols[0])
            other = _cell(full, indices[0][far] - rows[0], indices[1][far] - cols[0])
            assert np.abs(own - coarse).mean() < 0.6 * np.abs(other - coarse).mean()


def _cell(sheet: NDArray[np.int_], row: int, col: int) -> NDArray[np.int_]:
    width, height = SMALL.width, SMALL.height
    return sheet[row * height : (row + 1) * height, col * width : (col + 1) * width]


def test_at_every_step_the_manifest_lists_only_whole_files(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    for _ in render(RenderRequest(photo=photo, frame=SMALL, levels=("preview", "mobile")), tmp_path, pool):
        if not (tmp_path / MANIFEST_NAME).exists():
            continue
        manifest = Manifest.loads((tmp_path / MANIFEST_NAME).read_text())
        for name in (manifest.poster, *(name for level in manifest.levels for name in level.files)):
            with Image.open(tmp_path / name) as image:
                image.load()


def test_a_pool_that_waits_holds_no_shared_memory(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    """A warm worker on a small host must not sit on the memory of its last job."""
    list(render(RenderRequest(photo=photo, frame=SMALL, levels=("preview",)), tmp_path / "out", pool))
    for pid in pool.process_ids:
        assert "gaze-sheet" not in Path(f"/proc/{pid}/maps").read_text()


def test_mobile_is_published_before_the_last_full_sheet_is_encoded(whole: tuple[Path, list[Progress]]) -> None:
    level = next(step for step in whole[1] if step.manifest and len(step.manifest.levels) == 3)
    assert all(level.tiles[sheet] == "done" for sheet in SHEETS["mobile"])


def test_no_more_than_one_quadrant_is_encoded_at_once(whole: tuple[Path, list[Progress]]) -> None:
    assert max(_encoded_at_once(whole[1])) == 1


def test_with_cores_to_spare_the_same_sheets_come_of_several_at_once(
    whole: tuple[Path, list[Progress]], pool: ProcessPool, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "quadrants_at_once", lambda engine: 4)
    steps = list(render(RenderRequest(photo=photo, frame=SMALL), tmp_path, pool))
    assert set(steps[-1].tiles.values()) == {"done"}
    for name in (*SHEETS["full"], *SHEETS["mobile"]):
        assert (tmp_path / name).read_bytes() == (whole[0] / name).read_bytes()


def _encoded_at_once(steps: list[Progress]) -> list[int]:
    return [sum(step.tiles.get(sheet) == "encoding" for sheet in SHEETS["full"]) for step in steps]


def test_only_the_levels_asked_for_are_made(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    request = RenderRequest(photo=photo, frame=SMALL, levels=("mobile",))
    steps = list(render(request, tmp_path, pool))
    assert steps[-1].total == 400
    assert {path.name for path in tmp_path.iterdir()} == {MANIFEST_NAME, POSTER_NAME, *SHEETS["mobile"]}


class TestRigAlone:
    def test_it_is_a_rig_its_photo_and_the_poster(self, alone: tuple[Path, list[Progress]]) -> None:
        out = alone[0]
        assert {path.name for path in out.iterdir()} == {MANIFEST_NAME, POSTER_NAME, RIG_NAME, PHOTO_NAMES["webp"]}
        manifest = Manifest.loads((out / MANIFEST_NAME).read_text())
        (level,) = manifest.levels
        assert isinstance(level, RigLevel)
        with Image.open(out / level.photo["webp"]) as image:
            assert image.size == (level.frame.width, level.frame.height)
        assert rig_file.loads((out / level.rig).read_bytes()).frame == manifest.frame == SMALL

    def test_it_is_alive_with_its_first_manifest_and_done_with_the_second(
        self, alone: tuple[Path, list[Progress]]
    ) -> None:
        published = [step for step in alone[1] if step.manifest]
        assert [step.message for step in published] == ["Alive", "Done"]
        assert [step.manifest.complete for step in published if step.manifest] == [False, True]
        before = [name for step in alone[1][: alone[1].index(published[0]) + 1] for name in step.files]
        assert sorted(before) == sorted([POSTER_NAME, RIG_NAME, PHOTO_NAMES["webp"]])

    def test_its_progress_is_one_frame_of_one(self, alone: tuple[Path, list[Progress]]) -> None:
        found = next(step for step in alone[1] if step.message == "Found the face")
        assert (found.current, found.total) == (0, 1)
        assert (alone[1][-1].current, alone[1][-1].total) == (1, 1)
        assert [dict(step.tiles) for step in alone[1] if step.tiles] == []

    def test_no_frame_but_the_poster_is_rendered_in_one_process_and_no_memory_is_shared(
        self, pool: ProcessPool, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ordered: list[tuple[int, str]] = []
        order = ProcessPool.order

        def noted(pool: ProcessPool, member: int, task: Task, *, aside: bool = False) -> int:
            ordered.append((member, type(task).__name__))
            return order(pool, member, task, aside=aside)

        monkeypatch.setattr(ProcessPool, "order", noted)
        monkeypatch.setattr("gpuworker.rendering.scheduler.SharedMemory", None)
        list(render(RenderRequest(photo=photo, frame=SMALL, levels=("rig",)), tmp_path, pool))
        names = ["Analyse", "SetPortrait", "WritePhoto", "WritePoster", "WriteRig", "Report", "UseSharedMemory"]
        assert ordered == [(0, name) for name in names]

    def test_the_same_level_asked_for_twice_is_made_once(self, pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
        steps = list(render(RenderRequest(photo=photo, frame=SMALL, levels=("rig", "rig")), tmp_path, pool))
        assert steps[-1].stage == "done"

    def test_a_person_without_background_has_a_transparent_photo_and_a_card(
        self, pool: ProcessPool, photo: bytes, tmp_path: Path
    ) -> None:
        request = RenderRequest(photo=photo, frame=SMALL, levels=("rig",), remove_background=True)
        list(render(request, tmp_path, pool))
        assert (tmp_path / CARD_NAME).exists()
        assert rig_file.loads((tmp_path / RIG_NAME).read_bytes()).alpha
        with Image.open(tmp_path / PHOTO_NAMES["webp"]) as image:
            assert image.mode == "RGBA"

    def test_leaving_it_in_the_middle_leaves_nothing(self, photo: bytes, tmp_path: Path) -> None:
        with ProcessPool(size=1) as pool:
            steps = render(RenderRequest(photo=photo, frame=SMALL, levels=("rig",)), tmp_path / "out", pool)
            while not next(steps).files:
                pass
            steps.close()
            assert not (tmp_path / "out").exists()


def test_the_photo_s_second_format_is_listed_by_the_last_manifest_alone(whole: tuple[Path, list[Progress]]) -> None:
    manifests = [step.manifest for step in whole[1] if step.manifest]
    listed = [set(level.photo) for each in manifests for level in each.levels if isinstance(level, RigLevel)]
    assert listed == [{"webp"}] * 4 + [{"webp", "avif"}]
    with Image.open(whole[0] / PHOTO_NAMES["avif"]) as avif, Image.open(whole[0] / PHOTO_NAMES["webp"]) as webp:
        assert avif.size == webp.size


def test_an_engine_without_a_rig_makes_the_sheets(
    pool: ProcessPool, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "RIGGED", frozenset())
    steps = list(render(RenderRequest(photo=photo, frame=SMALL, levels=("rig", "preview")), tmp_path / "out", pool))
    assert [level.name for level in Manifest.loads((tmp_path / "out" / MANIFEST_NAME).read_text()).levels] == [
        "preview"
    ]
    assert "Alive" in [step.message for step in steps]
    with pytest.raises(BadRequest, match="has no rig"):
        list(render(RenderRequest(photo=photo, frame=SMALL, levels=("rig",)), tmp_path / "none", pool))


class UnpackableRig:
    """Order for a rig that makes the engine of the process that gets it fail."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], WriteRig], tuple[Path]]:
        return _unpackable, (self.path,)


def _unpackable(path: Path) -> WriteRig:
    def rig(engine: WarpEngine) -> None:
        raise DamagedRig("range", "height")

    setattr(WarpEngine, "rig", rig)  # noqa: B010  # of the rendering process, which the test ends
    return WriteRig(path)


def test_a_portrait_whose_rig_cannot_be_packed_has_its_sheets(
    photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scheduler, "WriteRig", UnpackableRig)
    with ProcessPool(size=2) as pool:
        for asked, made in ((("rig",), ["preview", "mobile", "full"]), (("rig", "preview"), ["preview"])):
            out = tmp_path / f"{len(asked)}"
            steps = list(render(RenderRequest(photo=photo, frame=SMALL, levels=asked), out, pool))
            manifest = Manifest.loads((out / MANIFEST_NAME).read_text())
            assert manifest.complete
            assert [level.name for level in manifest.levels] == made
            assert steps[-1].current == steps[-1].total == (936 if "full" in made else 36)
            assert set(steps[-1].tiles.values()) == {"done"}
            assert [sentence for step in steps for sentence in step.advice].count(scheduler.NO_RIG) == 1
            files = [name for step in steps for name in step.files]
            sheets = [sheet for name in made for sheet in SHEETS[name]]
            assert sorted(files) == sorted([POSTER_NAME, *sheets])
            assert {path.name for path in out.iterdir()} == {MANIFEST_NAME, *files}
    assert "no rig: the portrait is shown by its sheets alone" in caplog.text


def test_a_refused_photo_leaves_nothing_and_the_pool_warm(pool: ProcessPool, tmp_path: Path) -> None:
    before = pool.process_ids
    wall = encoded(np.full((300, 300, 3), 190, np.uint8))
    with pytest.raises(NoFace):
        list(render(RenderRequest(photo=wall), tmp_path / "out", pool))
    assert not (tmp_path / "out").exists()
    assert pool.process_ids == before


def test_closing_in_the_middle_stops_every_process_and_leaves_nothing(photo: bytes, tmp_path: Path) -> None:
    with ProcessPool(size=2) as pool:
        steps = render(RenderRequest(photo=photo, frame=SMALL), tmp_path / "out", pool)
        for step in steps:
            if step.stage == "rendering" and step.current > 300:
                break
        old = pool.process_ids
        steps.close()
        assert not any(alive(pid) for pid in old)
        assert not (tmp_path / "out").exists()
        assert len(pool.process_ids) == 2  # started anew, warm for the next


def test_a_process_that_died_while_waiting_costs_no_render(photo: bytes, tmp_path: Path) -> None:
    with ProcessPool(size=2) as pool:
        pool.wait_ready()
        os.kill(pool.process_ids[0], signal.SIGKILL)
        assert eventually(lambda: not pool.whole)
        request = RenderRequest(photo=photo, frame=SMALL, levels=("preview",))
        assert list(render(request, tmp_path / "out", pool))[-1].stage == "done"


def test_leaving_at_the_last_step_keeps_the_finished_render(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    for step in render(RenderRequest(photo=photo, frame=SMALL, levels=("preview",)), tmp_path / "out", pool):
        if step.stage == "done":
            break
    assert Manifest.loads((tmp_path / "out" / MANIFEST_NAME).read_text()).complete


@pytest.mark.slow
def test_leaving_at_a_quiet_moment_frees_the_canvas_too(photo: bytes, tmp_path: Path) -> None:
    with ProcessPool(size=2) as pool:
        steps = render(RenderRequest(photo=photo, frame=SMALL), tmp_path / "out", pool)
        while next(steps).message != "Alive":
            pass
        steps.close()
        assert not (tmp_path / "out").exists()
        pool.wait_ready()
        for pid in pool.process_ids:
            assert "gaze-sheet" not in Path(f"/proc/{pid}/maps").read_text()


def test_a_folder_in_the_place_of_the_manifest_is_a_sentence(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).mkdir()
    with pytest.raises(OutputFailed):
        list(render(RenderRequest(photo=photo, frame=SMALL), tmp_path, pool))


def test_cancelling_from_another_thread_ends_the_render(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    cancelled = threading.Event()
    steps = render(RenderRequest(photo=photo, frame=SMALL), tmp_path / "out", pool, cancelled)
    while next(steps).stage != "preview":
        pass
    cancelled.set()
    with pytest.raises(Cancelled):
        list(steps)
    assert not (tmp_path / "out").exists()


def test_a_killed_process_is_an_error_that_may_be_retried(photo: bytes, tmp_path: Path) -> None:
    with ProcessPool(size=2) as pool:
        steps = render(RenderRequest(photo=photo, frame=SMALL), tmp_path / "out", pool)
        while next(steps).stage != "rendering":
            pass
        os.kill(pool.process_ids[1], signal.SIGKILL)
        with pytest.raises(WorkerDied) as caught:
            list(steps)
        assert not caught.value.permanent
        assert not (tmp_path / "out").exists()
        again = RenderRequest(photo=photo, frame=SMALL, levels=("preview",))
        assert list(render(again, tmp_path / "out", pool))[-1].stage == "done"


@pytest.mark.slow
def test_a_process_that_hangs_in_mid_render_is_an_error_and_the_next_render_is_made(
    photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "SILENT_SECONDS", 2.5)
    request = RenderRequest(photo=photo, frame=SMALL, levels=("preview",))
    with ProcessPool(size=2) as pool:
        steps = render(request, tmp_path / "out", pool)
        while next(steps).stage != "preview":
            pass
        os.kill(pool.process_ids[0], signal.SIGSTOP)
        with pytest.raises(WorkerDied, match="stopped answering"):
            list(steps)
        assert not (tmp_path / "out").exists()
        assert list(render(request, tmp_path / "out", pool))[-1].stage == "done"


def test_a_folder_that_was_there_keeps_what_is_not_ours(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    steps = render(RenderRequest(photo=photo, frame=SMALL), tmp_path, pool)
    for step in steps:
        if step.manifest:
            break
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_output_folder_that_cannot_be_made_is_a_sentence(pool: ProcessPool, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputFailed):
        list(render(RenderRequest(photo=photo, frame=SMALL), tmp_path / "file" / "out", pool))
