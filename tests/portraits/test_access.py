"""Case 22: who may use each address, by every method. An address that the table does not declare fails the suite."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.forms import default_token_generator as token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from gazesite.observability import request_context
from gazesite.observability.request_context import RequestContext
from portraits import readiness
from portraits import urls as portraits_urls
from portraits.accounts import adapter
from portraits.files import storage
from portraits.http.guests_allowed import MARK
from portraits.live import publisher
from portraits.models import AuditEntry, BrowserSession, Portrait, Session, ShareLink, User
from portraits.rendering import demo
from portraits.sharing.element_script import CURRENT
from tests.portraits import factories

READ, WRITE, BOTH = {"GET", "HEAD"}, {"POST"}, {"GET", "HEAD", "POST"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROLES = ("anonymous", "owner", "stranger", "moderator", "operator", "banned", "guest")
SIGNED_OUT = ("anonymous", "banned", "guest")
"""Roles to whom an address that is not for them is a way to the sign-in."""


@dataclass(frozen=True)
class Rule:
    """kind: `public`; `personal` (users who are signed in, about themselves); `private` (the owner's); `token`.

    A private one in GUESTS is also for guests, about what is theirs.
    """

    kind: str
    methods: set[str]


PUBLIC = {
    "home": READ,
    "demo-manifest": READ,
    "demo-file": READ,
    "element-script": READ,
    "keep": BOTH,
    "livez": READ,
    "readyz": READ,
    "one-time-sign-in": READ,
    "upload": BOTH,
}
PERSONAL = {
    "account": READ,
    "account-delete": BOTH,
    "account-sign-out": WRITE,
    "portraits": READ,
}
PRIVATE = {
    "confirm": BOTH,
    "portrait": READ,
    "portrait-delete": BOTH,
    "portrait-thumbnail": READ,
    "portrait-title": WRITE,
    "portrait-zip": READ,
    "session": READ,
    "session-cancel": WRITE,
    "session-file": READ,
    "session-manifest": READ,
    "session-progress": READ,
    "session-retry": WRITE,
    "session-sheets": WRITE,
    "share-create": WRITE,
    "share-details": READ,
    "share-qr": READ,
    "share-revoke": WRITE,
    "upload-face": WRITE,
    "upload-photo": READ,
    "upload-thumbnail": READ,
}
GUESTS = {
    "confirm",
    "portrait",
    "portrait-delete",
    "portrait-thumbnail",
    "portrait-title",
    "session",
    "session-cancel",
    "session-file",
    "session-manifest",
    "session-progress",
    "session-retry",
    "upload-face",
    "upload-photo",
    "upload-thumbnail",
}
"""Private addresses for guests too: no links, no downloads, no account."""
TOKEN = {
    "share": READ,
    "share-embed": READ,
    "share-file": READ | {"OPTIONS"},
    "share-manifest": READ | {"OPTIONS"},
    "share-password": BOTH,
    "share-report": BOTH,
}
KINDS = {"public": PUBLIC, "personal": PERSONAL, "private": PRIVATE, "token": TOKEN}
RULES = {name: Rule(kind, methods) for kind, table in KINDS.items() for name, methods in table.items()}


def addresses() -> Iterator[tuple[str, str | None]]:
    """Pattern and name of every route, allauth's and the admin's included."""

    def walk(resolver: URLResolver, before: str) -> Iterator[tuple[str, str | None]]:
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                yield from walk(each, before + str(each.pattern))
            elif isinstance(each, URLPattern):
                yield before + str(each.pattern), each.name

    yield from walk(get_resolver(), "")


VIEWS = {each.name: each.callback for each in portraits_urls.urlpatterns if isinstance(each, URLPattern)}
OURS = {name: pattern for pattern, name in addresses() if not pattern.startswith(("admin/", "accounts/"))}
ADMIN = sorted(pattern for pattern, _ in addresses() if pattern.startswith("admin/"))
ACCOUNTS = sorted(pattern for pattern, _ in addresses() if pattern.startswith("accounts/"))


def test_every_address_is_declared() -> None:
    assert set(OURS) == set(RULES)


@pytest.fixture(autouse=True)
def _ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the database writes in a thread of its own, which would wait for this test's transaction."""
    monkeypatch.setattr(readiness.dependencies, "failing", list)


@pytest.fixture
def things(owner: User, portrait: Portrait, session: Session) -> dict[str, str]:
    """Things that an address may name: the owner's."""
    return things_of(owner, portrait, session)


@pytest.fixture
def guest(db: None) -> User:
    return factories.guest()


@pytest.fixture
def things_of_guest(guest: User) -> dict[str, str]:
    """The same of a guest's; links and sheets, which a guest gets nowhere, are there as well."""
    portrait = factories.portrait(guest)
    session = factories.session(portrait)
    factories.complete(factories.claimed(session))
    factories.make_sheets(session)
    return things_of(guest, portrait, portrait.sessions.get())


def things_of(owner: User, portrait: Portrait, session: Session) -> dict[str, str]:
    storage.put(demo.key("v1", "poster.webp"), b"poster")
    demo._point_to("v1", {"poster.webp": {"sha256": factories.sha256(b"poster"), "size": 6}}, DEMO)
    link, token = ShareLink.create_for(portrait)
    assert session.shown is not None
    return {
        "portrait_id": str(portrait.pk),
        "session_id": str(session.pk),
        "link_id": str(link.pk),
        "upload_id": str(factories.upload(owner).pk),
        "token": token,
        "name": publisher.file_name(session.shown, "q0.webp"),
        "user_id": "MQ",
    }


DEMO: dict[str, Any] = {"poster": "poster.webp", "levels": [], "complete": True}


def address(name: str, things: dict[str, str]) -> str:
    if name == "demo-file":
        return "/demo/poster.webp"
    if name == "one-time-sign-in":
        return "/sign-in/MQ/wrong/"
    if name == "element-script":
        return CURRENT.path()
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: things[found[1]], OURS[name])


def admin_addresses(things: dict[str, str]) -> list[str]:
    """Every address of the admin; rows are the owner's portrait and whatever has the key 1."""
    rows = {**things, "object_id": things["portrait_id"]}
    paths = [re.sub(r"<\w+:(\w+)>", lambda found: rows.get(found[1], "1"), pattern) for pattern in ADMIN]
    regular = {"^(?P<app_label>portraits)/$": "portraits/", "(?P<url>.*)$": "nowhere/"}
    return ["/" + re.sub("|".join(map(re.escape, regular)), lambda found: regular[found[0]], path) for path in paths]


def account_addresses() -> list[str]:
    """Every address of allauth's."""
    keys = {r"^confirm-email/(?P<key>[-:\w]+)/$": "confirm-email/abc/"}
    keys |= {r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "password/reset/key/1-abc/"}
    paths = [pattern.removeprefix("accounts/") for pattern in ACCOUNTS]
    return [f"/accounts/{keys.get(path, path)}" for path in paths]


def everywhere(things: dict[str, str]) -> list[str]:
    ours = [address(name, things) for name in OURS]
    return [*ours, *admin_addresses(things), *account_addresses(), "/nowhere/"]


@pytest.fixture
def clients(owner: User, stranger: User, moderator: User, operator: User, guest: User) -> dict[str, Client]:
    banned = factories.signed_in(factories.user("banned"))
    User.objects.filter(email="banned@example.com").update(is_active=False)
    people = {"owner": owner, "stranger": stranger, "moderator": moderator, "operator": operator}
    return {"anonymous": Client(), "banned": banned, "guest": factories.browser_of(guest)} | {
        name: factories.signed_in(each) for name, each in people.items()
    }


def may(role: str, kind: str) -> bool:
    if kind in ("public", "token"):
        return True
    if role in SIGNED_OUT:
        return False
    return kind == "personal" or role == "owner"


def refused(role: str, name: str) -> tuple[int, ...]:
    """Statuses with which a role is refused another person's thing."""
    if role not in SIGNED_OUT or (role == "guest" and name in GUESTS):
        return (404, 405)
    return (302,)


@pytest.mark.parametrize("name", sorted(RULES))
def test_case_22_each_address_is_for_whom_it_is_declared(
    name: str, things: dict[str, str], clients: dict[str, Client]
) -> None:
    rule = RULES[name]
    # The owner comes last: what they do may change what there is to see.
    for role in sorted(ROLES, key=lambda each: each == "owner"):
        for method in sorted(METHODS, key=lambda each: each == "POST"):
            answer = clients[role].generic(method, address(name, things))
            answer.close()
            told = f"{role} {method} {address(name, things)}: {answer.status_code}"
            if not may(role, rule.kind):
                assert answer.status_code in refused(role, name), told
                assert answer.status_code != 302 or answer["Location"].startswith("/accounts/login/"), told
            elif method not in rule.methods:
                assert answer.status_code == 405, told
            else:
                assert answer.status_code < 500, told
                assert answer.status_code != 404 or name in ("one-time-sign-in",), told
                assert answer.status_code != 403, told


@pytest.mark.parametrize("name", sorted(name for name, rule in RULES.items() if rule.kind in ("private", "personal")))
def test_each_address_is_for_a_guest_about_their_own_things_as_it_is_declared(
    name: str, things_of_guest: dict[str, str], guest: User, stranger: User
) -> None:
    path = address(name, things_of_guest)
    for method in sorted(METHODS, key=lambda each: each == "POST"):
        for other, status in ((Client(), 302), (factories.browser_of(factories.guest()), 404)):
            answer = other.generic(method, path)
            assert answer.status_code in (status, 302 if name not in GUESTS else 405, 405), (name, method)
        if RULES[name].kind == "private":
            assert factories.signed_in(stranger).generic(method, path).status_code in (404, 405), (name, method)
        answer = factories.browser_of(guest).generic(method, path)
        answer.close()
        if name not in GUESTS:
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/"), (name, method)
        elif method not in RULES[name].methods:
            assert answer.status_code == 405, (name, method)
        else:
            assert answer.status_code < 500, (name, method)
            assert answer.status_code not in (403, 404), (name, method)
            assert "login" not in answer.headers.get("Location", ""), (name, method)


def test_views_allow_guests_where_the_table_says_so() -> None:
    allowed = {name for name in RULES if getattr(VIEWS[name], MARK, False)}
    assert allowed == GUESTS | {"home", "upload"}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("file", ["rig.bin", "photo.webp", "q0.webp"])
def test_case_22_the_files_of_a_rig_are_the_owners_and_by_a_link_anybodys(
    role: str, file: str, things: dict[str, str], clients: dict[str, Client], session: Session
) -> None:
    assert session.shown is not None
    named = {**things, "name": publisher.file_name(session.shown, file)}
    expected = {"owner": 200, "anonymous": 302, "banned": 302}.get(role, 404)  # also to a guest, who is not this one
    assert clients[role].get(address("session-file", named)).status_code == expected
    assert clients[role].get(address("share-file", named)).status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_a_link_in_standard_size_gives_nobody_the_larger_photo(
    role: str, things: dict[str, str], clients: dict[str, Client], portrait: Portrait, session: Session
) -> None:
    assert session.shown is not None
    _, token = ShareLink.create_for(portrait, standard=True)
    for file, status in (("photo.webp", 404), ("poster.webp", 200), ("rig.bin", 200)):
        named = {**things, "token": token, "name": publisher.file_name(session.shown, file)}
        assert clients[role].get(address("share-file", named)).status_code == status


@pytest.mark.parametrize("role", ROLES)
def test_a_link_with_a_password_gives_nobody_anything_without_it(
    role: str, things: dict[str, str], clients: dict[str, Client], portrait: Portrait, session: Session
) -> None:
    assert session.shown is not None
    _, token = ShareLink.create_for(portrait, password="open sesame")
    for file in ("photo.webp", "poster.webp", "rig.bin", "q0.webp"):
        named = {**things, "token": token, "name": publisher.file_name(session.shown, file)}
        for name in TOKEN:
            if name != "share-password":
                assert clients[role].get(address(name, named)).status_code == 403


@pytest.mark.parametrize("role", [role for role in ROLES if role not in ("moderator", "operator")])
def test_case_22_nobody_but_staff_gets_into_the_admin(
    role: str, things: dict[str, str], clients: dict[str, Client]
) -> None:
    for path in admin_addresses(things):
        for method in ("GET", "POST"):
            answer = clients[role].generic(method, path)
            assert answer.status_code in (302, 403, 404, 405), (role, method, path, answer.status_code)
            if answer.status_code == 302:
                assert "login" in answer["Location"] or path in ("/admin/logout/",), (role, path, answer["Location"])


def test_case_22_the_routes_that_others_bring_are_the_ones_we_know() -> None:
    """A new release that adds one is looked at before it is let in."""
    assert {pattern.split("/")[1] for pattern in ADMIN} <= {
        "", "login", "logout", "password_change", "autocomplete", "gpu", "jsi18n", "r", "portraits",
        "^(?P<app_label>portraits)", "(?P<url>.*)$",
    }  # fmt: skip
    assert {pattern.split("/")[1] for pattern in ACCOUNTS} == {
        "confirm-email", "email", "inactive", "login", "logout", "password", "reauthenticate", "signup",
        "^confirm-email", "^password",
    }  # fmt: skip


def test_every_private_thing_of_the_owner_is_asked_for() -> None:
    """Each kind of id that an address can name is named by a private or personal rule."""
    named = {argument for name in PRIVATE for argument in re.findall(r"<\w+:(\w+)>", OURS[name])}
    assert named == {"portrait_id", "session_id", "link_id", "upload_id", "name"}


# --- what every address has in common

KEPT = {
    "demo-manifest": "public, max-age=60",
    "demo-file": "public, max-age=60",
    "element-script": "public, max-age=31536000, immutable",
    "share": "private, no-cache",
    "share-embed": "public, max-age=60",
    "share-file": "public, max-age=60",
    "share-manifest": "public, max-age=60",
}
"""Cache-Control by address; all other answers are kept by no cache and no browser."""


@pytest.mark.parametrize("role", ["anonymous", "owner", "moderator", "guest"])
def test_private_answers_are_kept_by_nobody_and_public_ones_as_long_as_they_may(
    role: str, things: dict[str, str], clients: dict[str, Client]
) -> None:
    """Back after signing out shows nothing, for each role and each page."""
    may_be_kept = {address(name, things): control for name, control in KEPT.items()}
    for path in everywhere(things):
        answer = clients[role].get(path)
        answer.close()
        assert (path, answer["Cache-Control"]) == (path, may_be_kept.get(path, "private, no-store"))


def rows() -> dict[str, set[str]]:
    """Everything in the database but the audit log, which says who looked, and what browsers' sessions hold."""
    left_out = (AuditEntry, BrowserSession)
    found = {each.__name__: {str(row) for row in each.objects.values_list()} for each in MODELS if each not in left_out}
    return {**found, "sessions": {str(row) for row in BrowserSession.objects.values_list("pk", "user")}}


MODELS = [model for model in apps.get_models() if model._meta.app_label in ("portraits", "account")]


@pytest.mark.parametrize("role", ["owner", "moderator", "guest"])
def test_no_link_changes_anything_or_signs_anybody_out(
    role: str, things: dict[str, str], clients: dict[str, Client], owner: User
) -> None:
    """One link signs in a browser in which no user is signed in yet: it is made to be opened."""
    clients[role].get("/accounts/email/")  # where allauth makes its row of an address that was never confirmed
    address = EmailAddress.objects.create(user=owner, email="new@example.com")
    mailed = [
        reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]),
        reverse("account_reset_password_from_key", args=[user_pk_to_url_str(owner), token_generator.make_token(owner)]),
    ]
    one_time = [] if role == "guest" else [adapter.one_time_path(owner)]
    for path in [*everywhere(things), *mailed, *one_time]:
        before = rows()
        clients[role].get(path).close()
        assert (path, rows()) == (path, before)


@pytest.mark.parametrize("role", ["anonymous", "stranger", "moderator"])
def test_a_refused_page_has_no_line_beside_its_own_in_the_access_log(
    role: str, things: dict[str, str], clients: dict[str, Client], console: io.StringIO
) -> None:
    refused = set[int]()
    before = request_context.current.set(RequestContext("one"))
    try:
        for path in [*everywhere(things), "/admin/portraits/user/?password__startswith=a", "/?", "/upload"]:
            for method in ("GET", "POST"):
                answer = clients[role].generic(method, path, headers={} if path != "/?" else {"Host": "elsewhere"})
                answer.close()
                if 400 <= answer.status_code < 500:
                    refused.add(answer.status_code)
                    assert (method, path, console.getvalue()) == (method, path, "")
                console.seek(0)
                console.truncate()
    finally:
        request_context.current.reset(before)
    assert refused >= {400, 404, 405}
