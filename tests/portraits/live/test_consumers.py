"""Sockets: who may open them, the snapshots that they send, and when they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.utils import timezone

from gazesite.asgi import application
from portraits import deletion
from portraits.live import publisher, subscriptions
from portraits.models import BrowserSession, Portrait, Render, Session, User
from portraits.rendering import dispatch
from tests.portraits import factories
from tests.portraits.factories import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner(transactional_db: None) -> User:
    return factories.user("owner")


@pytest.fixture
def stranger(transactional_db: None) -> User:
    return factories.user("stranger")


@pytest.fixture(autouse=True)
def loop_of_the_test() -> Iterator[None]:
    yield
    publisher.use_loop(None)


def socket(session: Session, client: Client | None, origin: str | None = None) -> WebsocketCommunicator:
    headers = [(b"origin", (origin or settings.SITE_URL).encode())]
    if client is not None and "session" in client.cookies:
        headers.append((b"cookie", f"session={client.cookies['session'].value}".encode()))
    return WebsocketCommunicator(application, f"/ws/sessions/{session.pk}/", headers)


@asynccontextmanager
async def watched(session: Session, client: Client) -> AsyncIterator[WebsocketCommunicator]:
    """A socket of the person, its first snapshot still to be read."""
    publisher.use_loop(asyncio.get_running_loop())
    communicator = socket(session, client)
    connected, _ = await communicator.connect(timeout=60)
    assert connected
    yield communicator
    await communicator.disconnect()


async def closing_code(communicator: WebsocketCommunicator, seconds: float = 5) -> int:
    """Messages before its end are passed over."""
    while True:
        message: dict[str, Any] = await communicator.receive_output(timeout=seconds)
        if message["type"] == "websocket.close":
            return int(message["code"])


in_thread = database_sync_to_async


async def test_the_first_message_is_a_snapshot_and_each_change_follows(rendering: Session, as_owner: Client) -> None:
    async with watched(rendering, as_owner) as communicator:
        first = await communicator.receive_json_from(timeout=60)
        assert (first["state"], first["alive"], first["current"]) == ("rendering", True, 200)
        await in_thread(dispatch.cancel)(rendering)
        second = await communicator.receive_json_from(timeout=60)
        assert (second["state"], second["alive"], second["can_retry"]) == ("cancelled", False, True)
        assert second["sequence"] > first["sequence"]


async def test_what_a_page_says_changes_nothing(rendering: Session, as_owner: Client) -> None:
    async with watched(rendering, as_owner) as communicator:
        await communicator.receive_json_from(timeout=60)
        await communicator.send_to(text_data='{"type": "progress", "state": "ready"}')
        await communicator.send_to(bytes_data=b"\x00\xff")
        assert await communicator.receive_nothing()


async def test_a_guest_watches_their_own_until_they_have_ended(transactional_db: None) -> None:
    guest = await in_thread(factories.guest)()
    browser = await in_thread(factories.browser_of)(guest)
    session = await in_thread(lambda: factories.session(factories.portrait(guest)))()
    async with watched(session, browser) as communicator:
        assert (await communicator.receive_json_from(timeout=60))["state"] == "queued"
        await in_thread(deletion.delete_user)(guest)
        assert await closing_code(communicator) == subscriptions.NOT_FOUND


@pytest.mark.parametrize("who", ["stranger", "anonymous", "guest"])
async def test_case_25_other_peoples_and_anonymous_sockets_are_refused(
    rendering: Session, stranger: User, who: str
) -> None:
    def browser() -> Client | None:
        if who == "guest":
            return factories.browser_of(factories.guest())
        return signed_in(stranger) if who == "stranger" else None

    client = await in_thread(browser)()
    communicator = socket(rendering, client)
    await communicator.connect(timeout=60)
    assert await closing_code(communicator) == subscriptions.NOT_FOUND


@pytest.mark.parametrize("what", ["log-out", "ban", "deleted user", "deleted portrait"])
async def test_case_25_a_socket_ends_within_five_seconds_of(
    rendering: Session, owner: User, as_owner: Client, moderator: User, what: str
) -> None:
    def happen() -> None:
        match what:
            case "log-out":
                as_owner.logout()
            case "ban":
                from portraits import moderation

                moderation.ban(moderator, owner, "for the test")
            case "deleted user":
                deletion.delete_user(owner)
            case "deleted portrait":
                deletion.delete_portrait(rendering.portrait)

    async with watched(rendering, as_owner) as communicator:
        await communicator.receive_json_from(timeout=60)
        await in_thread(happen)()
        assert await closing_code(communicator) == subscriptions.NOT_FOUND


@pytest.mark.parametrize(
    "what", ["log-out", "expiry", "ban", "new password", "deleted user", "deleted portrait", "another owner"]
)
async def test_case_25_what_ends_a_socket_is_noticed_when_its_message_is_lost(
    rendering: Session, owner: User, stranger: User, as_owner: Client, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def happen() -> None:
        match what:
            case "log-out":
                BrowserSession.objects.all().delete()
            case "expiry":
                BrowserSession.objects.update(expire_date=timezone.now())
            case "ban":
                User.objects.filter(pk=owner.pk).update(is_active=False)
            case "new password":
                owner.set_password("another long enough password")
                owner.save()
            case "deleted user":
                deletion.delete_user(owner)
            case "deleted portrait":
                deletion.delete_portrait(rendering.portrait)
            case "another owner":
                Portrait.objects.update(owner=stranger)

    monkeypatch.setattr(subscriptions, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(publisher, "_send", lambda message: None)
    async with watched(rendering, as_owner) as communicator:
        await communicator.receive_json_from(timeout=60)
        await in_thread(happen)()
        assert await closing_code(communicator) == subscriptions.NOT_FOUND


async def test_another_browser_of_the_same_person_goes_on_watching(
    rendering: Session, owner: User, as_owner: Client
) -> None:
    other = await in_thread(signed_in)(owner)
    async with watched(rendering, as_owner) as here, watched(rendering, other) as there:
        await here.receive_json_from(timeout=60)
        await there.receive_json_from(timeout=60)
        await in_thread(as_owner.post)("/accounts/logout/")
        assert await closing_code(here) == subscriptions.NOT_FOUND
        await in_thread(dispatch.cancel)(rendering)
        assert (await there.receive_json_from(timeout=60))["state"] == "cancelled"


async def test_a_page_that_leaves_is_forgotten_at_once(rendering: Session, as_owner: Client) -> None:
    communicator = socket(rendering, as_owner)
    await communicator.connect(timeout=60)
    await communicator.receive_json_from(timeout=60)
    await communicator.send_input({"type": "websocket.disconnect", "code": 1001})
    await asyncio.wait_for(asyncio.shield(communicator.future), 60)
    assert not subscriptions._hubs


async def test_a_server_that_stops_leaves_nothing_behind(rendering: Session, as_owner: Client) -> None:
    """Daphne cancels its applications then, and no socket hears that it is disconnected."""
    communicator = socket(rendering, as_owner)
    await communicator.connect(timeout=60)
    await communicator.receive_json_from(timeout=60)
    communicator.stop(exceptions=False)
    with suppress(asyncio.CancelledError):
        await communicator.future
    assert not subscriptions._hubs


def test_quiet_sockets_are_checked_often_enough() -> None:
    assert subscriptions.CHECK_SECONDS < 5


WRONG = [
    "http://evil.example",
    "https://127.0.0.1:3000",
    "http://127.0.0.1",
    "http://127.0.0.1:3001",
    "http://127.0.0.1.evil.example:3000",
    "http://evil.example:3000",
    "null",
    "file://",
    "http://sub.127.0.0.1:3000",
]


@pytest.mark.parametrize("origin", WRONG)
async def test_case_26_a_cross_site_socket_is_refused(rendering: Session, as_owner: Client, origin: str) -> None:
    connected, _ = await socket(rendering, as_owner, origin).connect(timeout=60)
    assert not connected


async def test_case_26_our_own_pages_may_open_sockets(rendering: Session, as_owner: Client) -> None:
    async with watched(rendering, as_owner) as communicator:
        assert (await communicator.receive_json_from(timeout=60))["session"] == str(rendering.pk)


async def test_nobody_hears_of_other_peoples_sessions(rendering: Session, as_owner: Client, stranger: User) -> None:
    def of_stranger() -> tuple[Session, Client]:
        output = factories.claimed(factories.session(factories.portrait(stranger)))
        return output.render.session, signed_in(stranger)

    other, client = await in_thread(of_stranger)()
    async with watched(rendering, as_owner) as mine, watched(other, client) as theirs:
        await mine.receive_json_from(timeout=60)
        await theirs.receive_json_from(timeout=60)
        await in_thread(dispatch.cancel)(other)
        assert (await theirs.receive_json_from(timeout=60))["session"] == str(other.pk)
        assert await mine.receive_nothing()
    assert await in_thread(Render.objects.count)() == 2
