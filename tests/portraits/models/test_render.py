"""Transitions of a render: each is won by one process, and charges follow whatever happens."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from gpuworker.contract import STANDARD_FRAME, Manifest, Progress
from gpuworker.errors import NoFace, WorkerDied
from portraits import deletion, integrity
from portraits.models import Charge, Output, Portrait, Render, Session, User
from portraits.rendering import dispatch
from tests.portraits import factories

STEP = Progress("rendering", 100, 936, "Rendered 100 of 936 frames")


@pytest.fixture
def run(owner: User) -> Session:
    return factories.session(factories.portrait(owner))


def test_a_claim_is_won_once(run: Session) -> None:
    assert run.first_render.claim() is not None
    assert run.first_render.claim() is None


def test_attempts_are_counted_before_the_work_starts(run: Session) -> None:
    factories.claimed(run)
    assert Render.objects.get().attempt == 1


def test_a_silent_attempt_is_taken_over_under_another_number_and_prefix(run: Session) -> None:
    first = factories.claimed(run)
    Render.objects.void_leases()
    second = factories.claimed(run)
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.prefix != second.prefix
    assert not first.render.advance(first, STEP)
    assert not first.record({}, Manifest("warp", STANDARD_FRAME))
    assert not first.render.finish(first)
    assert second.render.advance(second, STEP)


def test_only_the_heartbeat_renews_a_lease(run: Session) -> None:
    output = factories.claimed(run)
    begun = Render.objects.get().lease_until
    assert begun is not None
    ends = begun + timedelta(seconds=1)
    Render.objects.update(lease_until=ends)
    assert output.render.advance(output, STEP)
    assert output.record({}, Manifest("warp", STANDARD_FRAME))
    assert Render.objects.get().lease_until == ends
    assert output.render.renew(output.attempt)
    assert Render.objects.get().lease_until != ends


def test_case_46_a_job_that_kills_its_process_is_stopped_after_three_attempts(run: Session) -> None:
    for _ in range(3):
        factories.claimed(run)
        Render.objects.void_leases()
    assert run.first_render.claim() is None
    assert Render.objects.get().give_up(WorkerDied())
    render = Render.objects.get()
    assert (render.state, render.error_code, render.charge.state) == ("failed", "worker_died", "released")


def test_a_finished_render_cannot_be_cancelled_retried_or_finished_again(portrait: Portrait) -> None:
    for render in Render.objects.all():
        assert not render.cancel()
        assert not render.retry()
        assert not render.finish(portrait.sessions.get().shown)
    assert set(Charge.objects.values_list("state", flat=True)) == {"charged"}


def test_a_retry_gives_three_more_attempts_with_growing_numbers(run: Session) -> None:
    render = run.first_render
    output = factories.claimed(run)
    assert render.fail(output.attempt, NoFace())
    assert not run.first_render.fail(output.attempt, NoFace())
    assert run.first_render.retry()
    assert factories.claimed(run).attempt == 2


def test_a_whole_output_is_never_replaced_by_a_part_of_a_newer_attempt(portrait: Portrait) -> None:
    session = portrait.sessions.get()
    whole = session.shown
    assert whole is not None
    part = Output.objects.create(render=whole.render, attempt=9)
    assert not session.show(part)
    session.refresh_from_db()
    assert session.shown == whole


def test_another_engines_output_replaces_the_first_only_when_it_is_whole(portrait: Portrait) -> None:
    session = portrait.sessions.get()
    refined = Render.begin(session, "refinement", engine="other").claim()
    assert refined is not None
    assert not session.show(refined)
    Output.objects.filter(pk=refined.pk).update(complete=True)
    refined.refresh_from_db()
    assert session.show(refined)
    factories.store_level(refined, ["preview"], complete=True)
    assert refined.render.finish(refined)


def test_the_position_in_the_queue_counts_those_before(run: Session, owner: User) -> None:
    from portraits.live import publisher

    later = factories.session(factories.portrait(owner))
    assert [publisher.snapshot(each)["position"] for each in (run, later)] == [1, 2]


@pytest.mark.parametrize("seed", range(5))
def test_case_73_charges_are_succeeded_jobs_over_random_steps(owner: User, seed: int) -> None:
    """Five times 1,000 steps of everything that may happen, in any order, by late and early processes."""
    chance = random.Random(seed)
    owned: list[Output] = []
    succeeded: set[object] = set()
    for step in range(1000):
        renders = list(Render.objects.order_by("?" if step % 50 == 0 else "pk")[:8])
        if len(renders) < 4:
            dispatch.start(Portrait.objects.first() or factories.portrait(owner))
            continue
        render = chance.choice(renders)
        output = chance.choice(owned) if owned else None
        match chance.choice(
            ["claim", "claim", "advance", "finish", "fail", "requeue", "cancel", "retry", "silence", "sweep"]
        ):
            case "claim":
                claimed = render.claim()
                owned.extend([claimed] if claimed else [])
            case "advance" if output:
                output.render.advance(output, STEP)
            case "finish" if output:
                manifest = Manifest("warp", STANDARD_FRAME, complete=True)
                if output.record({}, manifest) and output.render.finish(output):
                    assert output.render.pk not in succeeded
                    succeeded.add(output.render.pk)
            case "fail" if output:
                output.render.fail(output.attempt, NoFace())
            case "requeue" if output:
                output.render.requeue(output.attempt, WorkerDied())
            case "cancel":
                render.cancel()
            case "retry":
                render.retry()
            case "silence":
                Render.objects.void_leases()
            case "sweep":
                for silent in Render.objects.expired():
                    silent.give_up(WorkerDied())
    charged = set(Charge.objects.filter(state="charged").values_list("render_id", flat=True))
    assert charged == succeeded
    assert charged == set(Render.objects.filter(state="ready").values_list("pk", flat=True))
    deletion.delete_pending_files()
    assert [str(difference) for difference in integrity.differences()] == []
