"""Whose turn it is, why somebody waits, and that nobody is starved."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from gpuworker.errors import NoCapacity
from portraits import progress, turns
from portraits.models import Render, Session, User
from tests.portraits import cast


def begin(owner: User, count: int = 1) -> list[Session]:
    portrait = cast.portrait(owner)
    return [cast.session(portrait) for _ in range(count)]


def next_owner() -> str:
    """Whose render the next free process takes; it is ready at once."""
    taken = turns.take("here")
    assert taken is not None
    render, output = taken
    cast.complete(output)
    return str(render.session.portrait.owner)


def test_what_waits_is_taken_once(owner: User) -> None:
    (session,) = begin(owner)
    taken = turns.take("here")
    assert taken is not None
    assert taken[0] == session.first_render
    assert turns.take("here") is None


def test_case_70_somebody_with_a_hundred_does_not_starve_somebody_with_one(owner: User, stranger: User) -> None:
    begin(owner, 100)
    assert next_owner() == owner.email
    begin(stranger)
    assert next_owner() == stranger.email
    assert next_owner() == owner.email


def test_two_people_with_many_take_turns(owner: User, stranger: User) -> None:
    begin(owner, 4)
    begin(stranger, 4)
    assert [next_owner() for _ in range(6)] == [owner.email, stranger.email] * 3


@pytest.mark.parametrize("seed", range(3))
def test_nobody_ever_waits_behind_three_of_the_same_person(db: None, seed: int) -> None:
    chance = random.Random(seed)
    people = [cast.user(f"person{number}") for number in range(4)]
    portraits = {person.email: cast.portrait(person) for person in people}
    waiting: list[str] = []
    served_since: dict[str, list[str]] = {person.email: [] for person in people}
    for _ in range(80):
        person = chance.choice(people[:2]) if chance.random() < 0.6 else chance.choice(people)
        if chance.random() < 0.55 or not waiting:
            if person.email not in waiting:
                served_since[person.email] = []
            cast.session(portraits[person.email])
            waiting.append(person.email)
            continue
        served = next_owner()
        waiting.remove(served)
        for each in set(waiting) - {served}:
            served_since[each].append(served)
            assert max(map(served_since[each].count, served_since[each])) <= 2
        served_since[served] = []


def test_faces_that_nobody_has_seen_come_before_the_rest_of_those_that_are_alive(owner: User, stranger: User) -> None:
    (first,) = begin(owner)
    output = cast.claimed(first)
    cast.store_level(output, ["preview"])
    begin(stranger)
    assert turns.unseen_wait("here")
    assert output.render.hand_back(output.attempt)
    assert next_owner() == stranger.email
    assert not turns.unseen_wait("here")
    assert next_owner() == owner.email


def test_what_a_dead_process_left_comes_first(owner: User, stranger: User) -> None:
    begin(owner)
    assert turns.take("here") is not None
    begin(stranger)
    Render.objects.void_leases()
    assert next_owner() == owner.email


def test_case_36_over_the_quota_a_render_waits_with_a_sentence_and_begins_by_itself(
    owner: User, stranger: User, settings: Settings
) -> None:
    settings.RENDERS_PER_PERSON = 2
    sessions = begin(owner, 3)
    begin(stranger)
    assert sorted(next_owner() for _ in range(3)) == sorted([owner.email, owner.email, stranger.email])
    assert turns.take("here") is None
    waiting = next(s for s in sessions if Render.objects.get(session=s).state == "queued")
    seen = progress.snapshot(Session.objects.get(pk=waiting.pk))
    assert seen["message"].startswith("You have made the 2 portraits that a day allows. This one begins by itself at ")
    assert (seen["state"], seen["position"]) == ("queued", None)
    Render.objects.filter(state="ready").update(finished_at=timezone.now() - timedelta(hours=25))
    assert next_owner() == owner.email


def test_failed_renders_count_against_no_quota(owner: User, settings: Settings) -> None:
    settings.RENDERS_PER_PERSON = 1
    begin(owner, 2)
    taken = turns.take("here")
    assert taken is not None
    assert turns.take("here") is None
    assert taken[0].fail(taken[1].attempt, NoCapacity())
    assert turns.take("here") is not None


def test_case_36_over_the_days_cap_a_refinement_waits_with_a_sentence(owner: User, settings: Settings) -> None:
    settings.GPU_RENDERS_PER_DAY = 1
    for session in begin(owner, 2):
        Render.begin(session, "liveportrait", "url")
    assert turns.take("elsewhere") is not None
    assert turns.take("elsewhere") is None
    queued = Render.objects.elsewhere().get(state="queued")
    assert turns.reason(queued).startswith("Today's GPU time is used up.")
    assert turns.take("here") is not None


def test_the_lanes_do_not_wait_for_each_other(owner: User) -> None:
    (session,) = begin(owner)
    render = Render.begin(session, "liveportrait", "url")
    assert turns.lane_of(render) == "elsewhere"
    taken = turns.take("elsewhere")
    assert taken is not None
    assert taken[0] == render
    assert turns.take("here") is not None


def test_a_refinement_that_was_put_off_is_told_apart_from_the_face_that_is_there(owner: User) -> None:
    (session,) = begin(owner)
    output = Render.begin(session, "liveportrait", "url").claim()
    assert output is not None
    assert turns.reason(output.render) == ""
    assert output.render.put_off(output.attempt, NoCapacity(), 60)
    said = f"A refined version will follow. {NoCapacity.sentence_default}"
    assert turns.reason(output.render) == said


def test_what_was_put_off_waits_until_then(owner: User) -> None:
    (session,) = begin(owner)
    output = cast.claimed(session)
    assert output.render.put_off(output.attempt, NoCapacity(), 60)
    assert turns.take("here") is None
    render = Render.objects.get()
    assert turns.reason(render) == NoCapacity.sentence_default
    assert turns.position(render) is None
    Render.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert turns.take("here") is not None


def test_the_position_is_that_of_the_turn(owner: User, stranger: User) -> None:
    sessions = begin(owner, 3)
    assert turns.take("here") is not None
    (other,) = begin(stranger)
    assert turns.position(other.first_render) == 1
    waiting = [Render.objects.get(session=each) for each in sessions]
    assert sorted(filter(None, map(turns.position, waiting))) == [2, 3]
