"""Each part breaks while a job is under way: exactly one result, at most one charge, and nothing left over.

Jobs are fast here (fast_worker.py) and leases short; the real times are held to in test_end_to_end.py.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.gpuworker.processes import patiently
from tests.production.conftest import flush, site_on_parts
from tests.production.fast_worker import MOMENTS
from tests.production.listening import Listener
from tests.production.parts import Part
from tests.production.relay import Relay
from tests.production.site import ProductionSite, Running
from tests.site.running import Person, with_signal

Start = Callable[[], str]
SOON = 30.0
"""Seconds in which everything goes on once the parts have returned."""
FAST_MOMENTS = ("stored",)
"""The others are tried by `make check`."""


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    redis_part: tuple[Part, str],
    postgres_part: tuple[Part, str],
    s3_part: tuple[Part, dict[str, str]],
    relay: Relay,
) -> Iterator[ProductionSite]:
    """Its bucket is reached through the relay."""
    s3 = s3_part[1] | {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{relay.port}"}
    home = tmp_path_factory.mktemp("faults")
    with site_on_parts(home, "faults", redis_part[1], postgres_part[1], s3) as site:
        site.start_web()
        yield site


@pytest.fixture(scope="module")
def person(site: ProductionSite) -> Person:
    return site.person()


@pytest.fixture(scope="module")
def fast_worker(site: ProductionSite) -> Running:
    """Job processes under their supervisor, for the whole file."""
    return site.start_fast_worker()


@pytest.fixture
def start(site: ProductionSite, person: Person, fast_worker: Running, photo: bytes) -> Iterator[Start]:
    """start(): a run of another portrait; its id."""

    def begin() -> str:
        return person.session_of(person.upload(photo))

    yield begin
    site.release()


@pytest.fixture(autouse=True, scope="module")
def agreement(site: ProductionSite) -> Iterator[None]:
    """Case 71: after all of them, rows, files and hashes agree."""
    yield
    assert patiently(lambda: not site.rows("SELECT 1 FROM portraits_render WHERE state NOT IN ('ready', 'failed')"))
    site.manage("fsck")


def once(render: dict[str, object], attempts: range) -> bool:
    """Ready, charged, one result, in as many attempts."""
    return (render["state"], render["charge"], render["outputs"]) == ("ready", "charged", 1) and render[
        "attempt"
    ] in attempts


def test_pages_hear_from_job_processes_in_order_and_over_one_connection(
    site: ProductionSite, start: Start, person: Person, redis_part: tuple[Part, str]
) -> None:
    client = redis.Redis.from_url(redis_part[1])
    site.hold("starting")
    session = start()
    site.held()
    listener = Listener(person, session)
    try:
        assert listener.next()["state"] == "starting"
        before = client.info("clients")["connected_clients"]
        site.release()
        seen = listener.until("ready")
        assert client.info("clients")["connected_clients"] <= before + 1
    finally:
        listener.close()
        client.close()
    numbers = [snapshot["sequence"] for snapshot in seen]
    assert numbers == sorted(set(numbers))
    assert [snapshot["alive"] for snapshot in seen].count(True) >= 2
    assert seen[-1]["complete"]


@pytest.mark.parametrize(
    "moment", [pytest.param(each, marks=[] if each in FAST_MOMENTS else pytest.mark.slow) for each in MOMENTS]
)
def test_case_45_killed_at_any_moment_another_process_goes_on_and_it_ends_once(
    site: ProductionSite, start: Start, moment: str
) -> None:
    site.hold(moment)
    session = start()
    os.kill(site.held(), signal.SIGKILL)
    render = site.ended(session, seconds=SOON)
    assert once(render, range(2, 3)), render


@pytest.mark.slow
def test_case_46_a_poison_job_is_stopped_after_three_attempts_and_others_run(
    site: ProductionSite, start: Start
) -> None:
    site.hold("starting")
    poisoned = start()
    site.held()
    site.poison(str(site.render(poisoned)["id"]))
    site.release()
    healthy = start()
    failed = site.ended(poisoned, "failed", seconds=60)
    assert (failed["attempt"], failed["charge"], failed["outputs"]) == (3, "released", 0)
    assert failed["error"] == "worker_died"
    assert once(site.ended(healthy), range(1, 4))


def test_case_47_a_process_that_was_frozen_finds_itself_overtaken(site: ProductionSite, start: Start) -> None:
    other = site.start_fast_worker()
    site.hold("done")
    session = start()
    frozen = site.held()
    with_signal(frozen, signal.SIGSTOP)
    render = site.ended(session)
    assert once(render, range(2, 3))
    site.release()
    with_signal(frozen, signal.SIGCONT)
    assert other.stop() == 0
    again = start()
    assert once(site.ended(again), range(1, 2))  # the frozen one works again, and has changed nothing
    assert site.render(session) == render


def test_case_49_a_restart_of_redis_in_mid_job_loses_nothing(
    site: ProductionSite, start: Start, redis_part: tuple[Part, str]
) -> None:
    site.hold("done")
    session = start()
    site.held()
    waiting = start()
    redis_part[0].stop()
    redis_part[0].start()
    site.release()
    assert once(site.ended(session), range(1, 2))
    assert once(site.ended(waiting), range(1, 2))


def test_case_50_a_flushed_queue_is_filled_again(
    site: ProductionSite, start: Start, redis_part: tuple[Part, str]
) -> None:
    site.hold("done")
    session = start()
    site.held()
    waiting = [start(), start()]
    flush(redis_part[1])
    site.release()
    assert once(site.ended(session), range(1, 2))
    for each in waiting:  # one may have stepped aside for the other's first sight
        assert once(site.ended(each, seconds=SOON), range(1, 3))


def test_case_51_without_redis_uploads_are_accepted_and_pages_are_true(
    site: ProductionSite, start: Start, person: Person, redis_part: tuple[Part, str]
) -> None:
    redis_part[0].stop()
    try:
        session = start()
        assert person.progress(session)["label"] == "Waiting"
        assert person.http.get("/portraits/").status_code == 200
    finally:
        redis_part[0].start()
    assert once(site.ended(session, seconds=SOON), range(1, 2))
    assert person.progress(session)["state"] == "ready"


@pytest.mark.slow
def test_case_52_a_restart_of_the_database_in_mid_job_ends_in_one_result(
    site: ProductionSite, start: Start, person: Person, postgres_part: tuple[Part, str]
) -> None:
    site.hold("done")
    session = start()
    site.held()
    postgres_part[0].stop(signal.SIGINT)
    site.release()
    postgres_part[0].start()
    assert once(site.ended(session, seconds=SOON), range(1, 3))
    assert person.progress(session)["state"] == "ready"


@pytest.mark.slow
def test_case_53_without_storage_jobs_wait_and_uploads_are_refused_politely(
    site: ProductionSite, start: Start, person: Person, relay: Relay, photo: bytes
) -> None:
    site.hold("rig")
    session = start()
    site.held()
    relay.cut()
    try:
        site.release()
        assert patiently(lambda: site.render(session)["error"] == "output_failed")
        assert person.progress(session)["state"] == "queued"
        files = {"photo": ("photo.jpg", photo, "image/jpeg")}
        answer = person.post(
            "/upload/", "/upload/", {"consent": "on"}, files=files, headers={"Accept": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "upload_not_stored")
    finally:
        relay.mend()
    assert once(site.ended(session, seconds=SOON), range(2, 5))


@pytest.mark.slow
def test_case_62_ten_deliveries_and_two_racing_processes_end_in_one_result(
    site: ProductionSite, start: Start, redis_part: tuple[Part, str]
) -> None:
    other = site.start_fast_worker()
    site.hold("starting")
    sessions = [start(), start()]
    # Each process has one: a single process would let the one step aside for the first sight of the other.
    assert patiently(lambda: all(site.render(each)["attempt"] == 1 for each in sessions), SOON)
    deliver(site, times=10)
    site.release()
    for each in sessions:
        assert once(site.ended(each), range(1, 2))
    assert other.stop() == 0


def deliver(site: ProductionSite, times: int) -> None:
    code = f"from portraits.rendering.actors import run_first_pass\nfor _ in range({times}): run_first_pass.send()"
    site.manage("shell", "-c", code)


@pytest.mark.slow
@pytest.mark.parametrize("hour", [3600, -3600])
def test_case_64_a_process_whose_clock_is_an_hour_wrong_is_taken_over_like_any_other(
    site: ProductionSite, start: Start, fast_worker: Running, hour: int
) -> None:
    right = newest(fast_worker)
    with_signal(right, signal.SIGSTOP)
    wrong = site.start_fast_worker(FAST_WORKER_CLOCK=str(hour))
    site.hold("done")
    session = start()
    held = site.held()
    assert held != right
    wrong.kill()
    os.kill(held, signal.SIGKILL)
    with_signal(right, signal.SIGCONT)
    assert once(site.ended(session, seconds=SOON), range(2, 3))


def newest(work: Running) -> int:
    """The job process that its supervisor started last."""
    assert patiently(lambda: "takes renders" in work.log.read_text())
    return int(re.findall(r"job process (\d+) takes renders", work.log.read_text())[-1])


def test_case_65_a_deployment_in_mid_job_hands_it_over_at_once_and_uncounted(
    site: ProductionSite, start: Start, fast_worker: Running
) -> None:
    site.hold("done")
    session = start()
    site.held()
    newer = site.start_fast_worker()
    with_signal(fast_worker.process.pid, signal.SIGTERM)
    assert once(site.ended(session), range(2, 3))
    assert fast_worker.process.wait(30) == 0
    allowed = site.rows("SELECT attempts_allowed FROM portraits_render WHERE session_id = %s", session)
    assert allowed == [(4,)]
    assert newer.stop() == 0
