"""Fair scheduling: whose turn it is, why a person waits, and that no person is starved."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from gpuworker.errors import NoCapacity
from portraits import deletion
from portraits.live import publisher
from portraits.models import Render, Session, User
from portraits.queue import scheduling
from portraits.queue.broker import QueueName
from tests.portraits import factories


def begin(owner: User, count: int = 1) -> list[Session]:
    portrait = factories.portrait(owner)
    return [factories.session(portrait) for _ in range(count)]


def next_owner(queue: QueueName = "rig") -> str:
    """Owner of the render that the next free process takes; it is ready at once."""
    taken = scheduling.take(queue)
    assert taken is not None
    render, output = taken
    factories.complete(output)
    return str(render.session.portrait.owner)


def test_what_waits_is_taken_once(owner: User) -> None:
    (session,) = begin(owner)
    taken = scheduling.take("rig")
    assert taken is not None
    assert taken[0] == session.first_render
    assert scheduling.take("rig") is None


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
    people = [factories.user(f"person{number}") for number in range(4)]
    portraits = {person.email: factories.portrait(person) for person in people}
    waiting: list[str] = []
    served_since: dict[str, list[str]] = {person.email: [] for person in people}
    for _ in range(80):
        person = chance.choice(people[:2]) if chance.random() < 0.6 else chance.choice(people)
        if chance.random() < 0.55 or not waiting:
            if person.email not in waiting:
                served_since[person.email] = []
            factories.session(portraits[person.email])
            waiting.append(person.email)
            continue
        served = next_owner()
        waiting.remove(served)
        for each in set(waiting) - {served}:
            served_since[each].append(served)
            assert max(map(served_since[each].count, served_since[each])) <= 2
        served_since[served] = []


def begin_sheets(owner: User, count: int = 1) -> None:
    """Faces that are whole, and whose sheets wait."""
    for session in begin(owner, count):
        factories.complete(factories.claimed(session))
        assert session.ask_for_sheets()


def test_one_photo_behind_forty_is_alive_before_the_fortys_second(owner: User, stranger: User) -> None:
    begin(owner, 40)
    assert next_owner() == owner.email
    begin(stranger)
    assert next_owner() == stranger.email


def test_sheets_take_turns_by_person_as_first_passes_do(owner: User, stranger: User) -> None:
    begin_sheets(owner, 3)
    begin_sheets(stranger)
    order = [next_owner("sheets") for _ in range(4)]
    assert order == [owner.email, stranger.email, owner.email, owner.email]


def test_first_passes_and_sheets_wait_for_their_own_turns_only(owner: User, stranger: User) -> None:
    """Somebody whose sheets were just begun is no later for the next face."""
    begin_sheets(owner)
    User.objects.update(last_first_pass_at=None)
    assert next_owner("sheets") == owner.email
    begin(owner)
    begin(stranger)
    assert next_owner() == owner.email


def test_sheets_are_in_no_first_passs_way_and_count_against_no_quota(owner: User, settings: Settings) -> None:
    settings.RENDERS_PER_PERSON = 2
    begin_sheets(owner)
    assert next_owner("sheets") == owner.email
    begin(owner)
    assert scheduling.in_turn("sheets").count() == 0
    assert next_owner() == owner.email
    begin(owner)
    assert scheduling.take("rig") is None


def minute_passes() -> None:
    minute = timedelta(minutes=1)
    User.objects.update(last_first_pass_at=F("last_first_pass_at") - minute)
    Render.objects.update(queued_at=F("queued_at") - minute)


@pytest.mark.parametrize("served_before", [False, True])
def test_accounts_that_keep_coming_delay_a_second_portrait_for_a_bounded_time(owner: User, served_before: bool) -> None:
    """One account with one portrait for each turn, whether new or last served long ago."""
    long_ago = timezone.now() - timedelta(days=30) if served_before else None
    begin(owner, 2)
    turns = []
    for number in range(4):
        turns.append(next_owner())
        begin(factories.user(f"account{number}", last_first_pass_at=long_ago))
        minute_passes()
    assert turns[:2] == [owner.email, owner.email] or turns[:3] == [owner.email, "account0@example.com", owner.email]


def test_a_new_account_goes_before_those_who_were_served_less_than_a_minute_ago(owner: User, stranger: User) -> None:
    begin(owner, 2)
    begin(stranger, 2)
    assert [next_owner(), next_owner()] == [owner.email, stranger.email]
    begin(factories.user("third"))
    begin(factories.user("fourth"))
    assert [next_owner() for _ in range(3)] == ["third@example.com", "fourth@example.com", owner.email]


def test_deleting_a_portrait_gives_nobody_another_turn(owner: User, stranger: User) -> None:
    """The moment of the last turn must not go with the rows of the portrait."""
    begin(stranger, 3)
    turns = []
    for _ in range(4):
        (session,) = begin(owner)
        turns.append(next_owner())
        if Session.objects.filter(pk=session.pk).exclude(shown=None).exists():
            deletion.delete_portrait(session.portrait)
        else:
            session.first_render.cancel()
    assert turns.count(owner.email) <= turns.count(stranger.email) + 1


def test_refined_passes_take_turns_by_person_whether_or_not_the_face_was_seen(owner: User, stranger: User) -> None:
    (seen,) = begin(stranger)
    factories.complete(factories.claimed(seen))
    for session in begin(owner, 3):
        Render.begin(session, "refinement", "liveportrait", "url")
    assert scheduling.take("refinement") is not None
    Render.begin(seen, "refinement", "liveportrait", "url")
    taken = scheduling.take("refinement")
    assert taken is not None
    assert taken[0].session == seen


def test_what_a_dead_process_left_comes_first(owner: User, stranger: User) -> None:
    begin(owner)
    assert scheduling.take("rig") is not None
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
    assert scheduling.take("rig") is None
    waiting = next(s for s in sessions if Render.objects.get(session=s).state == "queued")
    seen = publisher.snapshot(Session.objects.get(pk=waiting.pk))
    assert seen["message"].startswith("You have made the 2 portraits that a day allows. This one begins by itself at ")
    assert (seen["state"], seen["position"]) == ("queued", None)
    Render.objects.filter(state="ready").update(finished_at=timezone.now() - timedelta(hours=25))
    assert next_owner() == owner.email


def test_failed_renders_count_against_no_quota(owner: User, settings: Settings) -> None:
    settings.RENDERS_PER_PERSON = 1
    begin(owner, 2)
    taken = scheduling.take("rig")
    assert taken is not None
    assert scheduling.take("rig") is None
    assert taken[0].fail(taken[1].attempt, NoCapacity())
    assert scheduling.take("rig") is not None


def test_case_36_over_the_days_cap_a_refinement_waits_with_a_sentence(owner: User, settings: Settings) -> None:
    settings.GPU_RENDERS_PER_DAY = 1
    for session in begin(owner, 2):
        Render.begin(session, "refinement", "liveportrait", "url")
    assert scheduling.take("refinement") is not None
    assert scheduling.take("refinement") is None
    queued = Render.objects.of_kind("refinement").get(state="queued")
    assert scheduling.reason(queued).startswith("Today's GPU time is used up.")
    assert scheduling.take("rig") is not None


def test_the_queues_do_not_wait_for_each_other(owner: User) -> None:
    (session,) = begin(owner)
    render = Render.begin(session, "refinement", "liveportrait", "url")
    assert scheduling.queue_of(render) == "refinement"
    taken = scheduling.take("refinement")
    assert taken is not None
    assert taken[0] == render
    assert scheduling.take("rig") is not None


def test_a_refinement_that_was_put_off_is_told_apart_from_the_face_that_is_there(owner: User) -> None:
    (session,) = begin(owner)
    output = Render.begin(session, "refinement", "liveportrait", "url").claim()
    assert output is not None
    assert scheduling.reason(output.render) == ""
    assert output.render.put_off(output.attempt, NoCapacity(), 60)
    said = f"A refined version will follow. {NoCapacity.sentence_default}"
    assert scheduling.reason(output.render) == said


def test_what_was_put_off_waits_until_then(owner: User) -> None:
    (session,) = begin(owner)
    output = factories.claimed(session)
    assert output.render.put_off(output.attempt, NoCapacity(), 60)
    assert scheduling.take("rig") is None
    render = Render.objects.get()
    assert scheduling.reason(render) == NoCapacity.sentence_default
    assert scheduling.position(render) is None
    Render.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert scheduling.take("rig") is not None


def test_the_position_is_that_of_the_turn(owner: User, stranger: User) -> None:
    sessions = begin(owner, 3)
    assert scheduling.take("rig") is not None
    (other,) = begin(stranger)
    assert scheduling.position(other.first_render) == 1
    waiting = [Render.objects.get(session=each) for each in sessions]
    assert sorted(filter(None, map(scheduling.position, waiting))) == [2, 3]


def test_the_position_counts_one_of_each_person_and_not_all_of_those_who_came_first(owner: User, db: None) -> None:
    begin(owner, 10)
    third = factories.user("third")
    begin(factories.user("second"), 10)
    (last,) = begin(third)
    assert scheduling.position(last.first_render) == 3


def test_what_has_begun_counts_against_the_quota_and_may_end(owner: User, settings: Settings) -> None:
    """Else a first sight that was handed back would make room for another, beyond what a day allows."""
    settings.RENDERS_PER_PERSON = 2
    begin(owner, 5)
    handed_back = scheduling.take("rig")
    assert handed_back is not None
    assert handed_back[0].hand_back(handed_back[1].attempt)
    assert [next_owner(), next_owner()] == [owner.email] * 2
    assert scheduling.take("rig") is None
