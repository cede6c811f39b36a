"""Bodies on their way to the application: nothing is parsed on the event loop, nothing is kept in memory."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.gazesite.capped_site import LARGE
from tests.gazesite.served_site import BOUNDARY, CAP, HEAD, MEMBER, Site, form


def nested(depth: int, size: int) -> bytes:
    """Multiparts in multiparts, then padding."""
    parts = [
        f"--{BOUNDARY}{n}\r\nContent-Type: multipart/mixed; boundary={BOUNDARY}{n + 1}\r\n\r\n" for n in range(depth)
    ]
    start = "".join(parts).encode()
    return start + b"\r\n" * ((size - len(start)) // 2)


@pytest.mark.parametrize(
    "kind", [f"multipart/form-data; boundary={BOUNDARY}0", "application/x-www-form-urlencoded"], ids=["parts", "pairs"]
)
def test_a_strangers_form_is_parsed_by_django_or_nobody(site: Site, kind: str) -> None:
    for size, statuses in ((40_000, {200, 400}), (1 << 20, {413})):
        body = nested(300, size) if "multipart" in kind else b"a=1&" * (size // 4)
        answer = site.post(body, {"Content-Type": kind, "Accept": "application/json"}, "/other?" + "a=1&" * 3_000)
        assert answer.status in statuses
    assert site.post(form(b"photo")).status == 200


def test_memory_does_not_grow_with_what_is_uploaded(site: Site) -> None:
    photo, at_once = form(bytes(CAP - 4096)), 12
    assert site.post(photo).status == 200
    before = site.megabytes()
    with ThreadPoolExecutor(at_once) as threads:
        people = [{**MEMBER, "Cookie": f"sessionid=valid{number}"} for number in range(at_once)]
        answers = list(threads.map(lambda member: site.post(photo, member), people))
    assert [answer.status for answer in answers] == [200] * at_once
    assert site.megabytes() - before < at_once * (CAP >> 20) / 2


def test_nothing_is_kept_while_it_is_unknown_whose_the_upload_is(site: Site) -> None:
    with site.connect() as client:
        client.settimeout(0.2)
        client.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\nCookie: sessionid=slow\r\nContent-Length: 3000000\r\n\r\n")
        with suppress(TimeoutError):
            client.sendall(bytes(3 << 20))
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert site.spooled() == 0


def test_chunks_of_nothing_much_end_the_connection(site: Site) -> None:
    with site.connect() as client:
        client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 5_000)
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_waits_for_leave_to_send_is_refused_or_told_to_go_on(site: Site) -> None:
    wait = b"Content-Length: 9\r\nExpect: 100-continue\r\nAccept: application/json\r\n\r\n"
    with site.connect() as client:
        client.sendall(b"POST /upload HTTP/1.1\r\nHost: x\r\n" + wait)
        assert client.recv(100).startswith(b"HTTP/1.1 401 ")
    with site.connect() as client:
        client.sendall(HEAD + wait)
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"123456789")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_an_answer_before_the_end_of_the_request_ends_the_connection(site: Site) -> None:
    with site.connect() as client:
        client.sendall(HEAD + b"Content-Length: 900000000\r\n\r\nGET /other HTTP/1.1\r\nHost: x\r\n\r\n")
        heard = b"".join(iter(lambda: client.recv(65_536), b""))
    assert heard.count(b"HTTP/1.1 ") == 1
    assert heard.count(b"Connection: close") == 1


def test_requests_that_come_together_are_answered_one_after_the_other(site: Site) -> None:
    form = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1"
    post = b"POST /other HTTP/1.1\r\nHost: x\r\n" + form
    last = b"GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with site.connect() as client:
        client.sendall(post * 3 + last)
        heard = b"".join(iter(lambda: client.recv(65_536), b""))
    assert heard.count(b"HTTP/1.1 200 ") == 4
    assert heard.count(b'"fields": 1') == 3


def test_nobody_can_say_that_the_site_lies_elsewhere(site: Site) -> None:
    answer = site.post(b"", {"Daphne-Root-Path": "/other"}, "/other")
    assert json.loads(answer.content)["prefix"] == ""


def test_a_large_answer_waits_for_its_reader(site: Site) -> None:
    before = site.megabytes()
    readers = [site.connect() for _ in range(4)]
    for reader in readers:
        reader.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert readers[0].recv(9) == b"HTTP/1.1 "
    heard = sum(len(data) for data in iter(lambda: readers[0].recv(1 << 20), b""))
    assert heard > LARGE
    for reader in readers:
        reader.close()
    assert site.megabytes() - before < LARGE >> 20
