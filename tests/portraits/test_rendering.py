"""One attempt at one render, with everything that may happen between its steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gpuworker.errors import Cancelled, NoFace, WorkerDied
from portraits import actors, removal, rendering, storage, workers
from portraits.models import Charge, Output, Render, Session, User
from tests.portraits import cast
from tests.portraits.scripted_worker import ScriptedWorker

Play = Callable[..., ScriptedWorker]


@pytest.fixture
def queued(owner: User) -> Session:
    return cast.session(cast.portrait(owner))


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """play(between=…, ends_with=…): the worker that the site has from now on."""

    def use(**script: object) -> ScriptedWorker:
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        worker = ScriptedWorker(folder, **script)
        monkeypatch.setattr(workers, "current", lambda: worker)
        return worker

    return use


def run(session: Session) -> Render:
    rendering.run(str(session.first_render.pk))
    return Render.objects.get(session=session)


def test_a_render_is_ready_charged_and_shown(queued: Session, play: Play) -> None:
    play()
    render = run(queued)
    queued.refresh_from_db()
    assert (render.state, render.attempt, render.charge.state) == ("ready", 1, "charged")
    assert queued.complete
    assert queued.shown is not None
    assert {queued.shown.key(name) for name in queued.shown.files} == set(storage.keys("renders/"))
    assert render.log[-1]["text"].startswith("Ready")


def test_the_face_is_shown_from_the_preview_on(queued: Session, play: Play) -> None:
    alive: dict[str, tuple[bool, bool]] = {}

    def look(moment: str) -> None:
        session = Session.objects.get(pk=queued.pk)
        alive[moment] = session.alive, session.complete

    play(between=look)
    run(queued)
    assert alive == {"preview": (False, False), "mobile": (True, False), "full": (True, False), "done": (True, False)}


def test_case_74_no_reader_ever_sees_a_manifest_that_lists_a_missing_file(queued: Session, play: Play) -> None:
    seen = 0

    def look(moment: str) -> None:
        nonlocal seen
        for output in Output.objects.exclude(manifest=None):
            listed = [output.manifest["poster"], *(s for level in output.manifest["levels"] for s in level["sheets"])]
            assert [name for name in listed if not storage.exists(output.key(name))] == []
            seen += len(output.manifest["levels"])

    play(between=look)
    run(queued)
    assert seen == 1 + 2 + 3


def test_case_62_ten_deliveries_of_the_same_message_make_it_once(queued: Session, play: Play) -> None:
    worker = play()
    for _ in range(10):
        actors.run_render(str(queued.first_render.pk))
    assert len(worker.jobs) == 1


def test_case_62_two_workers_that_race_for_a_render_make_it_once(queued: Session, play: Play) -> None:
    worker = play(between=lambda moment: rendering.run(str(queued.first_render.pk)))
    assert run(queued).state == "ready"
    assert len(worker.jobs) == 1


@pytest.mark.parametrize("moment", ["preview", "mobile", "full", "done"])
def test_a_cancel_holds_at_every_stage_and_leaves_nothing(queued: Session, play: Play, moment: str) -> None:
    def cancel(at: str) -> None:
        if at == moment:
            assert Render.objects.get(session=queued).cancel()

    worker = play(between=cancel)
    render = run(queued)
    queued.refresh_from_db()
    assert (render.state, render.charge.state) == ("cancelled", "released")
    assert not queued.alive
    assert worker.closed_early == 1
    removal.erase_pending()
    assert list(storage.keys("renders/")) == []


def test_a_cancelled_render_is_made_after_all_when_it_is_tried_again(queued: Session, play: Play) -> None:
    play()
    render = queued.first_render
    assert render.cancel()
    rendering.run(str(render.pk))
    assert Render.objects.get().state == "cancelled"
    assert render.retry()
    assert run(queued).state == "ready"
    assert Charge.objects.get().state == "charged"


def test_an_attempt_that_was_overtaken_changes_nothing(queued: Session, play: Play) -> None:
    """Case 47 in small: a process that slept through its lease comes back while another is at work."""
    newer: list[Output] = []

    def overtake(moment: str) -> None:
        if moment == "mobile" and not newer:
            Render.objects.void_leases()
            output = Render.objects.get(session=queued).claim()
            assert output is not None
            newer.append(output)

    worker = play(between=overtake)
    rendering.run(str(queued.first_render.pk))
    render = Render.objects.get()
    assert (render.state, render.attempt) == ("starting", 2)
    assert worker.closed_early == 1
    cast.complete(newer[0])
    assert Session.objects.get().shown == newer[0]


def test_a_refused_photo_fails_at_once_with_its_sentence(queued: Session, play: Play) -> None:
    play(ends_with=NoFace())
    render = run(queued)
    assert (render.state, render.error_code, render.attempt) == ("failed", "no_face", 1)
    assert render.error_sentence == NoFace.sentence_default
    assert render.charge.state == "released"


def test_an_error_that_may_pass_is_tried_three_times(queued: Session, play: Play) -> None:
    worker = play(ends_with=WorkerDied())
    assert [run(queued).state for _ in range(3)] == ["queued", "queued", "failed"]
    run(queued)
    assert [job.attempt for job in worker.jobs] == [1, 2, 3]
    assert Render.objects.get().charge.state == "released"


def test_a_process_that_stops_hands_its_render_back_uncounted(queued: Session, play: Play) -> None:
    play(ends_with=Cancelled())
    for _ in range(5):
        assert run(queued).state == "queued"
    play()
    assert run(queued).state == "ready"


def test_a_photo_that_is_gone_from_storage_is_a_failure_not_a_crash(queued: Session, play: Play) -> None:
    play()
    photo = storage.photo_prefix(queued.portrait_id) + storage.PHOTO
    data = storage.read(photo)
    storage.private().delete(photo)
    render = run(queued)
    assert (render.state, render.attempt) == ("queued", 1)
    storage.put(photo, data)
    assert run(queued).state == "ready"


def test_case_72_a_portrait_deleted_in_mid_job_leaves_no_byte(queued: Session, play: Play) -> None:
    def delete(moment: str) -> None:
        if moment == "full":
            removal.remove_portrait(queued.portrait)

    play(between=delete)
    rendering.run(str(queued.first_render.pk))
    removal.erase_pending()
    assert list(storage.keys()) == []
    assert Render.objects.count() == Charge.objects.count() == 0
