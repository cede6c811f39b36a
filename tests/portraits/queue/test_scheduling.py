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
from portraits.models import Output, Render, Session, User
from portraits.models.render import FACES_AHEAD
from portraits.queue import scheduling
from tests.portraits import factories


def begin(owner: User, count: int = 1) -> list[Session]:
    portrait = factories.portrait(owner)
    return [factories.session(portrait) for _ in range(count)]


def next_owner() -> str:
    """Owner of the render that the next free process takes; it is ready at once."""
    taken = scheduling.take("here")
    assert taken is not None
    render, output = taken
    factories.complete(output)
    return str(render.session.portrait.owner)


def test_what_waits_is_taken_once(owner: User) -> None:
    (session,) = begin(owner)
    taken = scheduling.take("here")
    assert taken is not None
    assert taken[0] == session.first_render
    assert scheduling.take("here") is None


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


class Processes:
    """Job processes without rendering: each takes what is in turn, shows it, and completes it unless it gives way."""

    def __init__(self, number: int = 1) -> None:
        self.hands: list[tuple[Render, Output] | None] = [None] * number
        self.completed: list[str] = []
        self.turns: list[str] = []

    def step(self, process: int = 0) -> bool:
        """One turn begins or ends in this process. Whether there was anything to do."""
        held, self.hands[process] = self.hands[process], None
        if held is None:
            self.hands[process] = scheduling.take("here")
            held = self.hands[process]
            self.turns += [str(held[0].session.portrait.owner)] if held else []
            return held is not None
        self._end(*held)
        return True

    def _end(self, render: Render, output: Output) -> None:
        unseen = not render.session.alive
        if not output.record({}, None):
            return  # cancelled or deleted meanwhile
        if unseen:
            assert render.session.show(output)
            if scheduling.give_way(render, output):
                return
        assert Output.objects.filter(pk=output.pk).update(complete=True)
        output.refresh_from_db()
        assert render.finish(output)
        self.completed.append(str(render.session.portrait.owner))


def test_one_portrait_behind_forty_is_complete_before_the_forties_third(owner: User, stranger: User) -> None:
    processes = Processes()
    begin(owner, 40)
    processes.step()
    begin(stranger)
    while stranger.email not in processes.completed:
        assert processes.step()
    assert processes.completed.count(owner.email) < 3
    assert processes.turns.count(owner.email) < 3


def test_whoever_keeps_uploading_new_faces_delays_nobodys_completion(owner: User, stranger: User) -> None:
    processes = Processes()
    begin(stranger)
    for _ in range(8):
        begin(owner)
        processes.step()
        processes.step()
    assert processes.completed[0] == stranger.email


def minute_passes() -> None:
    minute = timedelta(minutes=1)
    User.objects.update(last_first_pass_at=F("last_first_pass_at") - minute)
    Render.objects.update(queued_at=F("queued_at") - minute)


@pytest.mark.parametrize("served_before", [False, True])
def test_accounts_that_keep_coming_delay_a_completion_for_a_bounded_time(owner: User, served_before: bool) -> None:
    """One account with one portrait for each turn, whether new or last served long ago."""
    processes = Processes()
    long_ago = timezone.now() - timedelta(days=30) if served_before else None
    begin(owner)
    for number in range(8):
        assert processes.step()
        begin(factories.user(f"account{number}", last_first_pass_at=long_ago))
        assert processes.step()
        minute_passes()
    assert processes.turns[:2] == [owner.email, "account0@example.com"]
    assert processes.completed[0] == owner.email
    assert len(processes.completed) >= 3


def test_a_new_account_goes_before_completions_that_wait_for_less_than_a_minute(owner: User, stranger: User) -> None:
    processes = Processes()
    begin(owner)
    processes.step()
    begin(stranger)
    processes.step()
    begin(factories.user("third"))
    begin(factories.user("fourth"))
    for _ in range(5):
        processes.step()
    assert processes.turns == [owner.email, stranger.email, "third@example.com", "fourth@example.com"]


def seen_at_once(*sessions: Session) -> list[tuple[Render, Output]]:
    """Each in the hands of a process of its own, which has just shown the face."""
    taken = [scheduling.take("here") for _ in sessions]
    held = [each for each in taken if each is not None]
    for render, output in held:
        assert output.record({}, None)
        assert render.session.show(output)
    return held


def test_of_two_processes_only_one_gives_way_to_one_that_waits(owner: User, stranger: User) -> None:
    first, second = seen_at_once(*begin(owner), *begin(stranger))
    (third,) = begin(factories.user("third"))
    assert [scheduling.give_way(*first), scheduling.give_way(*second)] == [True, False]
    taken = scheduling.take("here")
    assert taken is not None
    assert taken[0] == third.first_render
    assert not scheduling.give_way(*second)  # nor to the one that has just given way


def test_two_processes_that_look_at_the_same_moment_do_not_both_give_way(owner: User, stranger: User) -> None:
    first, second = seen_at_once(*begin(owner), *begin(stranger))
    begin(factories.user("third"))
    waiting = scheduling.in_turn("here").get()
    assert first[0].give_way(first[1].attempt, waiting)
    assert not second[0].give_way(second[1].attempt, waiting)
    assert second[0].renew(second[1].attempt)


def test_one_that_was_given_way_to_and_not_taken_is_given_way_to_again(owner: User, stranger: User) -> None:
    first, second = seen_at_once(*begin(owner), *begin(stranger))
    (third,) = begin(factories.user("third"))
    assert scheduling.give_way(*first)
    Render.objects.filter(session=third).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert scheduling.give_way(*second)


def test_deleting_what_was_seen_gives_nobody_another_turn(owner: User, stranger: User) -> None:
    """The moment of the last turn must not go with the rows of the portrait."""
    begin(stranger, 2)
    (seen,) = begin(owner)
    processes = Processes()
    processes.step()
    begin(stranger)
    for _ in range(6):
        processes.step()
        if Session.objects.filter(pk=seen.pk).exclude(shown=None).exists():
            deletion.delete_portrait(seen.portrait)
            (seen,) = begin(owner)
    assert processes.turns.count(owner.email) <= processes.turns.count(stranger.email) + 1


def test_a_person_who_comes_first_sees_the_face_before_anybody_elses_is_completed(owner: User, stranger: User) -> None:
    processes = Processes()
    begin(owner, 2)
    processes.step()
    begin(stranger)
    processes.step()
    processes.step()
    assert (processes.turns, processes.completed) == ([owner.email, stranger.email], [])


def test_the_faces_of_one_person_are_seen_first_but_only_so_many_wait_for_completion(owner: User) -> None:
    processes = Processes()
    begin(owner, FACES_AHEAD + 3)
    while not processes.completed:
        processes.step()
    assert Session.objects.exclude(shown=None).count() == FACES_AHEAD
    first = Render.objects.order_by("queued_at", "pk").first()
    assert first is not None
    assert first.state == "ready"


def longest_wait(seed: int, people: int, processes: int) -> int:
    """Most turns that the oldest render of a person waited, of random people who upload, cancel and delete."""
    chance = random.Random(seed)
    persons = [factories.user(f"person{number}") for number in range(people)]
    portraits = {person.pk: factories.portrait(person) for person in persons}
    work = Processes(processes)
    waited: dict[object, int] = {}
    for _ in range(150):
        person = persons[0] if chance.random() < 0.6 else chance.choice(persons)
        match chance.choice(["upload", "upload", "work", "work", "work", "cancel"]):
            case "upload":
                factories.session(portraits[person.pk])
            case "cancel":
                seen = Render.objects.unfinished().filter(session__portrait__owner=persons[0], session__shown=None)
                if victim := seen.last():
                    assert victim.cancel()
            case _:
                before = len(work.turns)
                work.step(chance.randrange(processes))
                for each in persons:
                    oldest = Render.objects.waiting().filter(session__portrait__owner=each).first()
                    if oldest is not None:
                        waited[oldest.pk] = waited.get(oldest.pk, 0) + len(work.turns) - before
    return max(waited.values())


@pytest.mark.parametrize(("seed", "people", "processes"), [(0, 2, 1), (1, 4, 1), (2, 6, 1), (3, 4, 2), (4, 5, 3)])
def test_how_long_anybody_waits_grows_with_the_people_and_not_with_what_one_of_them_uploads(
    db: None, seed: int, people: int, processes: int
) -> None:
    assert longest_wait(seed, people, processes) <= people * (FACES_AHEAD + 1)


def test_refined_passes_take_turns_by_person_whether_or_not_the_face_was_seen(owner: User, stranger: User) -> None:
    (seen,) = begin(stranger)
    factories.complete(factories.claimed(seen))
    for session in begin(owner, 3):
        Render.begin(session, "liveportrait", "url")
    assert scheduling.take("elsewhere") is not None
    Render.begin(seen, "liveportrait", "url")
    taken = scheduling.take("elsewhere")
    assert taken is not None
    assert taken[0].session == seen


def test_what_a_dead_process_left_comes_first(owner: User, stranger: User) -> None:
    begin(owner)
    assert scheduling.take("here") is not None
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
    assert scheduling.take("here") is None
    waiting = next(s for s in sessions if Render.objects.get(session=s).state == "queued")
    seen = publisher.snapshot(Session.objects.get(pk=waiting.pk))
    assert seen["message"].startswith("You have made the 2 portraits that a day allows. This one begins by itself at ")
    assert (seen["state"], seen["position"]) == ("queued", None)
    Render.objects.filter(state="ready").update(finished_at=timezone.now() - timedelta(hours=25))
    assert next_owner() == owner.email


def test_failed_renders_count_against_no_quota(owner: User, settings: Settings) -> None:
    settings.RENDERS_PER_PERSON = 1
    begin(owner, 2)
    taken = scheduling.take("here")
    assert taken is not None
    assert scheduling.take("here") is None
    assert taken[0].fail(taken[1].attempt, NoCapacity())
    assert scheduling.take("here") is not None


def test_case_36_over_the_days_cap_a_refinement_waits_with_a_sentence(owner: User, settings: Settings) -> None:
    settings.GPU_RENDERS_PER_DAY = 1
    for session in begin(owner, 2):
        Render.begin(session, "liveportrait", "url")
    assert scheduling.take("elsewhere") is not None
    assert scheduling.take("elsewhere") is None
    queued = Render.objects.elsewhere().get(state="queued")
    assert scheduling.reason(queued).startswith("Today's GPU time is used up.")
    assert scheduling.take("here") is not None


def test_the_queues_do_not_wait_for_each_other(owner: User) -> None:
    (session,) = begin(owner)
    render = Render.begin(session, "liveportrait", "url")
    assert scheduling.queue_of(render) == "elsewhere"
    taken = scheduling.take("elsewhere")
    assert taken is not None
    assert taken[0] == render
    assert scheduling.take("here") is not None


def test_a_refinement_that_was_put_off_is_told_apart_from_the_face_that_is_there(owner: User) -> None:
    (session,) = begin(owner)
    output = Render.begin(session, "liveportrait", "url").claim()
    assert output is not None
    assert scheduling.reason(output.render) == ""
    assert output.render.put_off(output.attempt, NoCapacity(), 60)
    said = f"A refined version will follow. {NoCapacity.sentence_default}"
    assert scheduling.reason(output.render) == said


def test_what_was_put_off_waits_until_then(owner: User) -> None:
    (session,) = begin(owner)
    output = factories.claimed(session)
    assert output.render.put_off(output.attempt, NoCapacity(), 60)
    assert scheduling.take("here") is None
    render = Render.objects.get()
    assert scheduling.reason(render) == NoCapacity.sentence_default
    assert scheduling.position(render) is None
    Render.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert scheduling.take("here") is not None


def test_the_position_is_that_of_the_turn(owner: User, stranger: User) -> None:
    sessions = begin(owner, 3)
    assert scheduling.take("here") is not None
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
    processes = Processes()
    begin(owner, 5)
    while processes.step():
        pass
    assert Session.objects.exclude(shown=None).count() == 2
    assert processes.completed == [owner.email] * 2
