"""kill -9 of everything, at any moment: the same session becomes ready, once, and nothing is lost or left."""

from __future__ import annotations

import socket

import pytest

from tests.gpuworker.processes import alive, eventually, patiently
from tests.site.running import Person, RunningSite


def agrees(site: RunningSite) -> bool:
    found = site.manage("fsck")
    assert found.returncode == 0, found.stdout + found.stderr
    return True


@pytest.mark.parametrize(
    "moment",
    ["queued", "alive", "rendering"],
)
def test_killed_in_mid_job_the_same_session_becomes_ready_once(
    site: RunningSite, person: Person, photo: bytes, moment: str
) -> None:
    portrait = person.upload(photo)
    session = person.session_of(portrait)
    if moment == "alive":
        person.until(session, "alive")
    elif moment == "rendering":
        assert patiently(lambda: (person.progress(session)["sheets"] or {"current": 0})["current"] > 200, 240)
    site.kill()
    site.start()
    ended = person.until(session, "ready")
    assert ended["complete"]
    assert ended["attempt"] <= 2
    assert patiently(lambda: person.progress(session)["has_sheets"], 240)
    assert person.progress(session)["sheets"]["attempt"] <= 2
    assert person.session_of(portrait) == session
    assert agrees(site)


def test_case_43_killed_in_mid_upload_nothing_is_left_and_the_next_upload_works(
    site: RunningSite, person: Person, photo: bytes
) -> None:
    token, cookies = person.token("/upload/"), "; ".join(f"{c.name}={c.value}" for c in person.http.cookies.jar)
    head = (
        f"POST /upload/ HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nCookie: {cookies}\r\nX-CSRFToken: {token}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 20000000\r\n\r\n--x\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port)) as half:
        half.sendall(head.encode() + bytes(5_000_000))
        site.kill()
    site.start()
    assert list((site.data / "scratch").iterdir()) == []
    assert agrees(site)
    person.until(person.session_of(person.upload(photo)), "alive")


def test_ctrl_c_stops_everything_and_the_next_start_goes_on(site: RunningSite, person: Person, photo: bytes) -> None:
    session = person.session_of(person.upload(photo))
    person.until(session, "alive")
    family = site.family()
    assert site.stop() == 0
    assert eventually(lambda: not any(map(alive, family)))
    assert "Traceback" not in site.log.read_text()
    site.start()
    person.until(session, "ready")
    assert agrees(site)


def test_an_occupied_port_is_named_with_the_way_out(site: RunningSite) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()
        refused = site.manage("serve")
    assert refused.returncode == 1
    assert f"Port {site.port} is in use" in refused.stderr
    assert f"PORT={site.port + 1} make run" in refused.stderr
