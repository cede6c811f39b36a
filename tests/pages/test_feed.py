"""How a page hears of its session: by socket, by asking, and never an old thing after a new one."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Route, WebSocketRoute

from portraits.live.subscriptions import NOT_FOUND
from tests.pages.conftest import ORIGIN, Stand, answer_json

SOCKET, PROGRESS = "/ws/sessions/1/", "/sessions/1/progress.json"
FOLLOW = """async ([socket, progress]) => {
  const { Feed } = await import('/static/site/feed.js');
  window.feed = new Feed({ socket, progress });
  window.told = [];
  feed.addEventListener('snapshot', ({ detail }) => told.push(detail.sequence));
  feed.addEventListener('gone', () => told.push('gone'));
  feed.start();
}"""


def follow(stand: Stand) -> None:
    stand.answers["/"] = lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
    stand.page.goto(ORIGIN + "/")
    stand.page.evaluate(FOLLOW, [SOCKET, PROGRESS])


def wait_told(stand: Stand, *expected: Any) -> None:
    stand.page.wait_for_function(
        "(expected) => JSON.stringify(told) === JSON.stringify(expected)", arg=list(expected), timeout=60_000
    )


def test_older_snapshots_are_dropped(stand: Stand) -> None:
    def serve(socket: WebSocketRoute) -> None:
        for sequence in (3, 2, 5, 4, 5):
            socket.send(f'{{"sequence": {sequence}}}')

    stand.page.route_web_socket("**" + SOCKET, serve)
    follow(stand)
    wait_told(stand, 3, 5, 5)


def test_a_lost_socket_is_opened_again(stand: Stand) -> None:
    opened: list[WebSocketRoute] = []

    def serve(socket: WebSocketRoute) -> None:
        opened.append(socket)
        socket.send(f'{{"sequence": {len(opened)}}}')
        if len(opened) < 3:
            socket.close(code=1012)

    stand.page.route_web_socket("**" + SOCKET, serve)
    follow(stand)
    wait_told(stand, 1, 2, 3)


def test_where_sockets_are_blocked_it_asks(stand: Stand) -> None:
    sequence = iter(range(1, 100))

    def serve(route: Route) -> None:
        route.fulfill(json={"sequence": next(sequence)})

    stand.answers[PROGRESS] = serve
    stand.page.route_web_socket("**" + SOCKET, lambda socket: socket.close(code=1006 - 5))
    follow(stand)
    stand.page.wait_for_function("() => told.length >= 3", timeout=60_000)
    told = stand.page.evaluate("told")
    assert told == sorted(told)


def test_while_a_socket_is_open_it_does_not_ask(stand: Stand) -> None:
    stand.page.route_web_socket("**" + SOCKET, lambda socket: socket.send('{"sequence": 1}'))
    follow(stand)
    wait_told(stand, 1)
    stand.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 2500))")  # longer than between two polls
    assert f"GET {PROGRESS}" not in stand.asked


def test_it_ends_when_the_session_is_gone(stand: Stand) -> None:
    stand.page.route_web_socket("**" + SOCKET, lambda socket: socket.close(code=NOT_FOUND))
    follow(stand)
    wait_told(stand, "gone")


def test_it_ends_when_asking_says_so(stand: Stand) -> None:
    stand.answers[PROGRESS] = answer_json({}, status=404)
    stand.page.route_web_socket("**" + SOCKET, lambda socket: socket.close(code=1001))
    follow(stand)
    wait_told(stand, "gone")


def test_after_stopping_nothing_more_is_heard(stand: Stand) -> None:
    stand.answers[PROGRESS] = answer_json({"sequence": 9})
    stand.page.route_web_socket("**" + SOCKET, lambda socket: socket.close(code=1001))
    follow(stand)
    stand.page.evaluate("() => feed.stop()")
    stand.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 2500))")
    assert stand.page.evaluate("told") == []
