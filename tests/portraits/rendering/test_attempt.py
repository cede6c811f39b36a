"""Attempts at a render, with everything that may happen between their steps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from gpuworker.clock import ManualClock
from gpuworker.errors import AccessDenied, BudgetSpent, Cancelled, NoFace, OutputFailed, RenderError, WorkerDied
from gpuworker.fleet.fixed_sources import UrlSource
from gpuworker.fleet.source import step_of
from gpuworker.workers.worker import Job, Step
from portraits import deletion
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Charge, Output, Render, Session, User
from portraits.models.render import MOST_PUT_OFF
from portraits.queue import broker, scheduling
from portraits.queue.broker import REFINEMENT, RIG, QueueName
from portraits.rendering import actors, dispatch, lease, workers
from portraits.rendering import attempt as rendering
from portraits.sharing import link_preview
from tests.portraits import factories
from tests.portraits.scripted_worker import ScriptedWorker

Play = Callable[..., ScriptedWorker]


@pytest.fixture
def queued(owner: User) -> Session:
    return factories.session(factories.portrait(owner))


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """play(between=…, ends_with=…): the worker that the site has from now on."""

    def use(**script: object) -> ScriptedWorker:
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        worker = ScriptedWorker(folder, **script)
        monkeypatch.setattr(workers, "current", lambda: worker)
        monkeypatch.setattr(workers, "sheets", lambda: worker)
        return worker

    return use


@pytest.fixture
def drawing(queued: Session) -> Session:
    """A run whose face is whole, and whose sheets wait."""
    factories.complete(factories.claimed(queued))
    assert queued.ask_for_sheets()
    return queued


def run(session: Session, kind: QueueName = "rig") -> Render:
    rendering.run_next(kind)
    return Render.objects.get(session=session, kind=kind)


def shown_kind(session: Session) -> str:
    shown = Session.objects.get(pk=session.pk).shown
    assert shown is not None
    return shown.render.kind


def test_a_render_is_ready_charged_and_shown(queued: Session, play: Play) -> None:
    play()
    render = run(queued)
    queued.refresh_from_db()
    assert (render.state, render.attempt, render.charge.state) == ("ready", 1, "charged")
    assert queued.complete
    assert queued.shown is not None
    assert {queued.shown.key(name) for name in queued.shown.files} == set(storage.keys("renders/"))
    assert render.log[-1]["text"].startswith("Ready")


def test_the_face_is_shown_from_the_rig_on(queued: Session, play: Play) -> None:
    alive: dict[str, tuple[bool, bool]] = {}

    def look(moment: str) -> None:
        session = Session.objects.get(pk=queued.pk)
        alive[moment] = session.alive, session.complete

    play(between=look)
    run(queued)
    assert alive == {"rig": (False, False), "done": (True, False)}


def test_a_first_pass_asks_for_the_rig_alone_and_the_sheets_follow(
    queued: Session, play: Play, settings: Settings
) -> None:
    settings.SHEETS = "always"
    worker = play()
    assert run(queued).state == "ready"
    assert Render.objects.get(kind="sheets").state == "queued"
    assert run(queued, "sheets").state == "ready"
    assert [job.request.levels for job in worker.jobs] == [("rig",), ("rig", "preview", "mobile", "full")]


def test_a_guest_who_downloads_nothing_gets_no_sheets(queued: Session, play: Play, settings: Settings) -> None:
    settings.SHEETS = "always"
    User.objects.filter(pk=queued.portrait.owner_id).update(guest_until=timezone.now() + timedelta(hours=1))
    play()
    assert run(queued).state == "ready"
    assert not Render.objects.filter(kind="sheets").exists()


def test_sheets_that_are_made_on_request_wait_until_they_are_asked_for(queued: Session, play: Play) -> None:
    play()
    assert run(queued).state == "ready"
    assert not Render.objects.filter(kind="sheets").exists()


def test_a_message_for_the_sheets_is_sent_as_the_first_pass_ends(
    queued: Session,
    play: Play,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.SHEETS = "always"
    play()
    with django_capture_on_commit_callbacks(execute=True):
        run(queued)
    assert broker.length("sheets") == 1


def test_the_first_pass_is_shown_until_the_sheets_are_whole_and_then_deleted(drawing: Session, play: Play) -> None:
    shown = []
    play(between=lambda moment: shown.append(shown_kind(drawing)))
    assert run(drawing, "sheets").state == "ready"
    assert shown == ["rig"] * 5
    assert shown_kind(drawing) == "sheets"
    deletion.delete_pending_files()
    output = Output.objects.get()
    assert {output.key(name) for name in output.files} == set(storage.keys("renders/"))


@pytest.mark.parametrize("moment", ["rig", "preview", "mobile", "full", "done"])
def test_stopping_the_sheets_at_any_stage_keeps_the_living_face(drawing: Session, play: Play, moment: str) -> None:
    def stop(at: str) -> None:
        if at == moment:
            assert dispatch.stop(Session.objects.get())

    before = set(storage.keys("renders/"))
    worker = play(between=stop)
    render = run(drawing, "sheets")
    assert (render.state, render.charge.state, worker.closed_early) == ("cancelled", "released", 1)
    session = Session.objects.get()
    assert (session.state, session.alive, shown_kind(session)) == ("ready", True, "rig")
    deletion.delete_pending_files()
    assert set(storage.keys("renders/")) == before
    assert run(drawing, "sheets").state == "cancelled"
    play()
    assert session.ask_for_sheets()
    assert run(drawing, "sheets").state == "ready"
    deletion.delete_pending_files()


def test_a_stop_between_the_last_sheet_and_the_end_keeps_the_living_face(
    drawing: Session, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Render.finish

    def stopped_first(render: Render, output: Output) -> bool:
        assert dispatch.stop(Session.objects.get())
        return finish(render, output)

    play()
    monkeypatch.setattr(Render, "finish", stopped_first)
    assert run(drawing, "sheets").state == "cancelled"
    assert (Session.objects.get().state, shown_kind(drawing)) == ("ready", "rig")
    deletion.delete_pending_files()


def test_sheets_that_fail_leave_the_living_face(drawing: Session, play: Play) -> None:
    play(ends_with=WorkerDied())
    assert [run(drawing, "sheets").state for _ in range(3)] == ["queued", "queued", "failed"]
    assert (Session.objects.get().state, shown_kind(drawing)) == ("ready", "rig")
    deletion.delete_pending_files()


def test_a_face_is_made_while_anothers_sheets_are_drawn(drawing: Session, stranger: User, play: Play) -> None:
    other = factories.session(factories.portrait(stranger))

    def first_sight(moment: str) -> None:
        if moment == "mobile":
            assert run(other).state == "ready"

    play(between=first_sight)
    assert run(drawing, "sheets").state == "ready"
    assert Session.objects.get(pk=other.pk).alive
    deletion.delete_pending_files()


def test_the_link_preview_is_made_once_after_the_face_is_alive(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: list[bool] = []
    real = link_preview.compose

    def compose(poster: bytes) -> bytes:
        alive.append(Session.objects.get(pk=queued.pk).alive)
        return real(poster)

    monkeypatch.setattr(link_preview, "compose", compose)
    play()
    run(queued)
    output = Output.objects.get()
    assert alive == [True]
    assert storage.sha256(output.key(link_preview.NAME)) == output.files[link_preview.NAME]["sha256"]
    deletion.delete_portrait(queued.portrait)
    deletion.delete_pending_files()
    assert list(storage.keys("renders/")) == []


def test_a_poster_that_cannot_be_read_costs_the_link_preview_and_not_the_render(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(factories, "picture", lambda size: b"no picture")
    play()
    assert run(queued).state == "ready"
    assert link_preview.NAME not in Output.objects.get().files
    assert "has no link preview" in caplog.text


def test_case_74_no_reader_ever_sees_a_manifest_that_lists_a_missing_file(queued: Session, play: Play) -> None:
    seen = 0

    def look(moment: str) -> None:
        nonlocal seen
        for output in Output.objects.exclude(manifest=None):
            assert [name for name in factories.listed(output.manifest) if not storage.exists(output.key(name))] == []
            seen += len(output.manifest["levels"])

    play(between=look)
    run(queued)
    assert queued.ask_for_sheets()
    run(queued, "sheets")
    assert seen == 1 + (1 + 2 + 3 + 4 + 5)
    deletion.delete_pending_files()


def test_case_62_ten_deliveries_of_the_same_message_make_it_once(queued: Session, play: Play) -> None:
    worker = play()
    for _ in range(10):
        actors.run_first_pass()
    assert len(worker.jobs) == 1


def test_case_62_two_workers_that_race_for_a_render_make_it_once(queued: Session, play: Play) -> None:
    worker = play(between=lambda moment: rendering.run_next("rig"))
    assert run(queued).state == "ready"
    assert len(worker.jobs) == 1


@pytest.mark.parametrize("moment", ["rig", "done"])
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
    deletion.delete_pending_files()
    assert list(storage.keys("renders/")) == []


def test_a_cancelled_render_is_made_after_all_when_it_is_tried_again(queued: Session, play: Play) -> None:
    play()
    render = queued.first_render
    assert render.cancel()
    rendering.run_next("rig")
    assert Render.objects.get().state == "cancelled"
    assert render.retry()
    assert run(queued).state == "ready"
    assert Charge.objects.get().state == "charged"


def test_an_attempt_that_was_overtaken_changes_nothing(queued: Session, play: Play) -> None:
    """Case 47 in small: a process that slept through its lease comes back while another is at work."""
    newer: list[Output] = []

    def overtake(moment: str) -> None:
        if moment == "done" and not newer:
            Render.objects.void_leases()
            output = Render.objects.get(session=queued).claim()
            assert output is not None
            newer.append(output)

    worker = play(between=overtake)
    rendering.run_next("rig")
    render = Render.objects.get()
    assert (render.state, render.attempt) == ("starting", 2)
    assert worker.closed_early == 1
    factories.complete(newer[0])
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


@pytest.mark.parametrize(("kind", "at"), [("rig", "done"), ("sheets", "full")])
def test_case_72_a_portrait_deleted_in_mid_job_leaves_no_byte(
    queued: Session, play: Play, kind: QueueName, at: str
) -> None:
    def delete(moment: str) -> None:
        if moment == at:
            deletion.delete_portrait(queued.portrait)

    if kind == "sheets":
        factories.complete(factories.claimed(queued))
        assert queued.ask_for_sheets()
    play(between=delete)
    rendering.run_next(kind)
    deletion.delete_pending_files()
    assert list(storage.keys()) == []
    assert Render.objects.count() == Charge.objects.count() == 0


# --- what may pass is put off, uncounted


def away_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Storage does not take this file."""
    put = storage.put

    def refuses(key: str, source: object) -> None:
        if key.endswith(f"/{name}"):
            raise OSError("the bucket does not answer")
        put(key, source)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "put", refuses)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("rig", "poster.webp"), ("rig", "rig.bin"), ("sheets", "photo.webp"), ("sheets", "q2_20.webp")],
)
def test_case_54_storage_that_fails_at_a_file_puts_the_render_off_and_later_it_is_ready_once(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch, kind: QueueName, name: str
) -> None:
    if kind == "sheets":
        factories.complete(factories.claimed(queued))
        assert queued.ask_for_sheets()
    play()
    with monkeypatch.context() as broken:
        away_at(broken, name)
        for _ in range(5):
            Render.objects.update(not_before=None)
            assert run(queued, kind).state == "queued"
    render = Render.objects.get(kind=kind)
    assert (render.charge.state, render.error_code) == ("reserved", "output_failed")
    assert render.not_before is not None
    Render.objects.update(not_before=None)
    render = run(queued, kind)
    assert (render.state, render.charge.state, render.outputs.count()) == ("ready", "charged", 1)
    deletion.delete_pending_files()


def test_storage_that_stays_away_is_a_failure_in_the_end(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play()
    away_at(monkeypatch, "poster.webp")
    Render.objects.update(times_put_off=MOST_PUT_OFF)
    assert run(queued).state == "failed"
    assert Render.objects.get().charge.state == "released"
    deletion.delete_pending_files()


def test_what_is_put_off_is_tried_again_less_and_less_often_but_within_half_a_minute(
    queued: Session, play: Play
) -> None:
    play(ends_with=OutputFailed())
    pauses = []
    for _ in range(5):
        Render.objects.update(not_before=None)
        before = timezone.now()
        render = run(queued)
        assert render.not_before is not None
        pauses.append((render.not_before - before).total_seconds())
    assert pauses == pytest.approx([5, 10, 20, 20, 20], abs=3)


def test_whoever_waits_for_storage_is_told_what_they_cannot_mend_and_nothing_of_folders(
    queued: Session, play: Play
) -> None:
    play(ends_with=OutputFailed())
    said = scheduling.reason(run(queued))
    assert said == rendering.STORED_LATER
    assert "permission" not in said


def locked(*ignored: object) -> None:
    raise OperationalError("database is locked")


def lock_at(monkeypatch: pytest.MonkeyPatch, times: int) -> list[float]:
    """The database takes nothing so many times while attempts are handed back. How long was waited each time."""
    put_off, waited = Render.put_off, []

    def refused(self: Render, attempt: int, error: RenderError, seconds: float) -> bool:
        if len(waited) < times:
            locked()
        return put_off(self, attempt, error, seconds)

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return False

    monkeypatch.setattr(Render, "put_off", refused)
    monkeypatch.setattr(workers, "wait_closing", wait)
    return waited


@pytest.mark.django_db(transaction=True)  # a connection that failed is closed, which ends a transaction
@pytest.mark.parametrize("moment", ["rig", "done"])
def test_case_52_a_database_that_is_away_costs_no_attempt_however_often(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def lock(at: str) -> None:
        if at == moment:
            locked()

    play(between=lock)
    for _ in range(5):
        Render.objects.update(not_before=None)
        render = run(queued)
        assert (render.state, render.error_sentence) == ("queued", rendering.DATABASE_LATER)
    play()
    Render.objects.update(not_before=None)
    assert run(queued).state == "ready"
    deletion.delete_pending_files()


@pytest.mark.django_db(transaction=True)  # a connection that failed is closed, which ends a transaction
def test_an_attempt_is_handed_back_as_soon_as_the_database_answers_again(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(between=locked)
    waited = lock_at(monkeypatch, times=4)
    render = run(queued)
    assert waited == [0.5, 1, 2, 4]
    assert (render.state, render.attempt, render.attempts_allowed) == ("queued", 1, 4)


@pytest.mark.django_db(transaction=True)  # a connection that failed is closed, which ends a transaction
def test_a_process_that_ends_waits_for_no_database(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(between=locked)
    lock_at(monkeypatch, times=99)
    monkeypatch.setattr(workers, "wait_closing", lambda seconds: True)
    assert run(queued).state == "starting"


@pytest.mark.django_db(transaction=True)  # a connection that failed is closed, which ends a transaction
def test_pages_that_cannot_be_told_cost_nobody_anything(
    queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play()
    with monkeypatch.context() as broken:
        broken.setattr(publisher, "publish", locked)
        assert run(queued).attempts_allowed == 4
    Render.objects.update(not_before=None)
    assert run(queued).state == "ready"


def test_a_queue_that_is_asked_while_the_database_is_away_says_so_in_one_line(
    queued: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scheduling, "take", locked)
    actors.run_first_pass()
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]


def test_case_63_a_full_scratch_disk_puts_the_render_off(queued: Session, play: Play) -> None:
    play(ends_with=OutputFailed())
    assert run(queued).state == "queued"
    assert run(queued).attempt == 1  # not before the pause is over
    play()
    Render.objects.update(not_before=None)
    assert run(queued).state == "ready"


def test_case_61_no_capacity_waits_uncharged_for_as_long_as_the_provider_says(queued: Session, play: Play) -> None:
    play(ends_with=BudgetSpent(details={"retry_after": 7200}))
    before = timezone.now()
    render = run(queued)
    assert (render.state, render.charge.state, render.attempts_allowed) == ("queued", "reserved", 4)
    assert render.not_before is not None
    assert (render.not_before - before).total_seconds() == pytest.approx(7200, abs=60)


# --- the end of a process


def test_a_process_that_ends_takes_nothing_more(queued: Session, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    play()
    monkeypatch.setattr(workers, "closing", lambda: True)
    assert not rendering.run_next("rig")
    assert Render.objects.get().state == "queued"


def test_what_is_under_way_is_handed_back_when_the_process_ends(drawing: Session, play: Play) -> None:
    def end(moment: str) -> None:
        if moment == "full":
            lease.hand_back_all()

    play(between=end)
    assert rendering.run_next("sheets")
    render = Render.objects.get(kind="sheets")
    assert (render.state, render.attempt, render.attempts_allowed) == ("queued", 1, 4)


# --- the refined pass


@pytest.fixture
def refined(queued: Session, settings: Settings) -> Render:
    """The second pass of a session whose first one is ready."""
    settings.GPU_SOURCE = "url"
    settings.GPU_WORKER_TOKEN = "a token of at least 16 characters"
    factories.complete(factories.claimed(queued))
    return Render.begin(queued, "refinement", "liveportrait", "url")


@pytest.fixture
def gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """gpu(…): the worker of the GPU source, as play() is the site's own."""

    def use(**script: object) -> ScriptedWorker:
        folder = tmp_path / "gpu"
        folder.mkdir(exist_ok=True)
        worker = ScriptedWorker(folder, **script)
        monkeypatch.setattr(workers, "gpu", lambda: worker)
        return worker

    return use


def test_a_refined_pass_is_shown_at_once_when_it_is_whole_and_not_before(
    queued: Session, refined: Render, gpu: Play
) -> None:
    shown: list[str] = []

    def look(moment: str) -> None:
        output = Session.objects.get(pk=queued.pk).shown
        assert output is not None
        shown.append(output.render.engine)

    gpu(between=look)
    assert not rendering.run_next("refinement")
    look("after")
    assert shown == ["warp"] * 5 + ["liveportrait"]
    assert Charge.objects.filter(state="charged").count() == 2
    assert publisher.snapshot(Session.objects.get())["refining"]["state"] == "ready"


def test_a_first_pass_that_ends_later_does_not_replace_the_refined_one(
    queued: Session, settings: Settings, play: Play, gpu: Play
) -> None:
    settings.GPU_SOURCE = "url"
    Render.begin(queued, "refinement", "liveportrait", "url")
    gpu()
    play()
    rendering.run_next("refinement")
    rendering.run_next("rig")
    session = Session.objects.get()
    assert session.shown is not None
    assert session.shown.render.engine == "liveportrait"
    assert {render.state for render in Render.objects.all()} == {"ready"}


def test_sheets_that_nobody_would_see_are_not_made_once_the_refined_ones_are_there(
    drawing: Session, settings: Settings, gpu: Play
) -> None:
    settings.GPU_SOURCE = "url"
    Render.begin(drawing, "refinement", "liveportrait", "url")
    gpu()
    rendering.run_next("refinement")
    sheets = Render.objects.get(kind="sheets")
    assert (sheets.state, sheets.charge.state) == ("cancelled", "released")
    seen = publisher.snapshot(Session.objects.get())
    assert (seen["has_sheets"], seen["sheets"], seen["can_ask_for_sheets"]) == (True, None, False)
    assert not Session.objects.get().ask_for_sheets()


def test_when_refining_fails_the_first_stands_and_the_page_says_so(queued: Session, refined: Render, gpu: Play) -> None:
    gpu(ends_with=AccessDenied())
    rendering.run_next("refinement")
    session = Session.objects.get()
    seen = publisher.snapshot(session)
    assert session.complete
    assert session.shown is not None
    assert session.shown.render.engine == "warp"
    assert (seen["state"], seen["refining"]["state"]) == ("ready", "failed")
    stands = "A refined version could not be made, and this one stays."
    assert seen["refining"]["sentence"] == f"{stands} {publisher.NOT_SET_UP}", "no setting is named to a person"
    assert Render.objects.get(pk=refined.pk).charge.state == "released"
    deletion.delete_pending_files()


def test_case_59_a_gpu_worker_that_answers_with_html_fails_politely_and_the_first_stands(
    queued: Session, refined: Render, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = httpx.MockTransport(lambda request: httpx.Response(200, html="<h1>Just a moment</h1>"))
    source = UrlSource("http://worker.example", "a token", client=httpx.Client(transport=answer), clock=ManualClock())
    monkeypatch.setattr(workers, "gpu", lambda: source)
    for _ in range(3):
        rendering.run_next("refinement")
    render = Render.objects.get(pk=refined.pk)
    assert (render.state, render.charge.state) == ("failed", "released")
    assert Session.objects.get().complete
    assert "<h1>" not in render.error_sentence


def test_each_phase_of_a_cold_start_is_in_the_log(
    queued: Session, refined: Render, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Cold(ScriptedWorker):
        def render(self, job: Job, cancelled: threading.Event | None = None) -> Generator[Step]:
            yield step_of("provisioning")
            assert publisher.snapshot(Session.objects.get())["refining"]["sentence"].endswith(": renting a GPU.")
            yield step_of("booting")
            yield from super().render(job, cancelled)

    monkeypatch.setattr(workers, "gpu", lambda: Cold(tmp_path))
    rendering.run_next("refinement")
    told = [line["text"] for line in Render.objects.get(pk=refined.pk).log]
    assert [text.rpartition(":")[0] for text in told[:2]] == ["Renting a GPU", "The GPU machine starts"]


# --- without background

CUT = "The background was removed with the simple segmentation."


def test_both_passes_are_asked_to_remove_the_background(owner: User, settings: Settings, play: Play, gpu: Play) -> None:
    settings.GPU_SOURCE = "url"
    session = factories.session(factories.portrait(owner), remove_background=True)
    Render.begin(session, "refinement", "liveportrait", "url")
    passes = play(), gpu()
    rendering.run_next("rig")
    rendering.run_next("refinement")
    requests = [job.request for worker in passes for job in worker.jobs]
    assert [(request.engine, request.remove_background) for request in requests] == [
        ("warp", True),
        ("liveportrait", True),
    ]
    assert Session.objects.get().cut_out


def test_a_background_that_nobody_wanted_removed_stays(queued: Session, play: Play) -> None:
    worker = play()
    run(queued)
    assert not worker.jobs[0].request.remove_background
    assert not Session.objects.get().cut_out


def test_advice_reaches_the_page_and_the_log_and_is_that_of_the_pass_that_is_shown(
    owner: User, settings: Settings, play: Play, gpu: Play
) -> None:
    settings.GPU_SOURCE = "url"
    session = factories.session(factories.portrait(owner), remove_background=True)
    Render.begin(session, "refinement", "liveportrait", "url")
    play(advice=(CUT,))
    gpu(advice=("The hair is fine.",))
    told: list[list[str]] = []
    for queue in (RIG, REFINEMENT):
        rendering.run_next(queue)
        told.append(publisher.snapshot(Session.objects.get())["advice"])
    assert told == [[CUT], ["The hair is fine."]]
    assert CUT in [line["text"] for line in Session.objects.get().first_render.log]
