"""Admin site, case 29: who may enter, by which sign-in, and the pages that they find."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from portraits.admin.site import moderation_site
from portraits.models import BrowserSession, Portrait, Report, Session, User
from tests.portraits import factories
from tests.portraits.factories import signed_in

SESSIONS = "/admin/portraits/session/"
MODELS = {model._meta.model_name: model for model in moderation_site._registry}
SEEN_BY = {
    "moderator": {"auditentry", "portrait", "render", "report", "session", "sharelink", "user"},
    "operator": set(MODELS),
}


@pytest.fixture
def pages(portrait: Portrait, rendering: Session) -> list[str]:
    """Every kind of address of the admin that a person can open."""
    report = Report.objects.create(portrait=portrait, reason=Report.Reason.ABUSE)
    rows = {"portrait": portrait.pk, "session": rendering.pk, "report": report.pk, "user": portrait.owner_id}
    own = [
        reverse(f"admin:portraits_portrait_{page}", args=[portrait.pk]) for page in ("thumbnail", "live", "manifest")
    ]
    return [
        "/admin/",
        "/admin/portraits/",
        *(reverse(f"admin:portraits_{model}_changelist") for model in MODELS),
        *(reverse(f"admin:portraits_{model}_change", args=[pk]) for model, pk in rows.items()),
        *(reverse(f"admin:portraits_{model}_history", args=[pk]) for model, pk in rows.items()),
        *own,
    ]


@pytest.fixture
def root(db: None) -> Client:
    return signed_in(factories.user("root", is_staff=True, is_superuser=True))


def test_case_29_nobody_is_sent_to_sign_in_and_strangers_are_refused(
    anonymous: Client, as_owner: Client, as_stranger: Client, pages: list[str]
) -> None:
    for page in pages:
        answer = anonymous.get(page)
        assert (page, answer.status_code) == (page, 302)
        assert answer["Location"].startswith(("/accounts/login/", "/admin/login/"))
        for client in (as_owner, as_stranger):
            assert client.get(page, follow=True).status_code == 403


def test_case_29_staff_without_permissions_are_refused(pages: list[str]) -> None:
    client = signed_in(factories.user("idle", is_staff=True))
    assert {client.get(page, follow=True).status_code for page in pages} == {403}


def test_case_29_a_banned_moderator_is_outside(moderator: User, as_moderator: Client) -> None:
    moderator.ban()
    assert as_moderator.get("/admin/").status_code == 302


@pytest.mark.parametrize("who", ["moderator", "operator"])
def test_case_29_each_sees_what_their_group_may(
    as_moderator: Client, as_operator: Client, pages: list[str], who: str
) -> None:
    client = {"moderator": as_moderator, "operator": as_operator}[who]
    for model in MODELS:
        expected = 200 if model in SEEN_BY[who] else 403
        assert client.get(reverse(f"admin:portraits_{model}_changelist")).status_code == expected


def test_a_superuser_sees_all_of_it(root: Client, pages: list[str]) -> None:
    assert {page: root.get(page).status_code for page in pages if "history" not in page} == {
        page: 200 for page in pages if "history" not in page
    }


@pytest.mark.parametrize("model", sorted(set(MODELS) - {"user"}))
def test_case_29_not_even_a_superuser_adds_changes_or_deletes_by_hand(
    root: Client, pages: list[str], model: str
) -> None:
    row = MODELS[model]._default_manager.first()
    pk = row.pk if row else 1
    assert root.post(f"/admin/portraits/{model}/add/", {}).status_code == 403
    assert root.post(f"/admin/portraits/{model}/{pk}/delete/", {"post": "yes"}).status_code in (302, 403)
    assert root.post(f"/admin/portraits/{model}/{pk}/change/", {"reason": "x"}).status_code in (302, 403)
    if row:
        assert MODELS[model]._default_manager.filter(pk=pk).exists()


# --- the door


def test_the_door_is_the_sites_own(anonymous: Client, db: None) -> None:
    for page in (SESSIONS, f"/admin/login/?next={SESSIONS}"):
        assert anonymous.get(page)["Location"] == f"/accounts/login/?next={SESSIONS}"


def test_a_password_sent_to_the_admins_own_form_does_nothing(anonymous: Client, moderator: User) -> None:
    anonymous.post("/admin/login/", {"username": moderator.email, "password": factories.PASSWORD})
    assert not BrowserSession.objects.for_user(moderator).exists()


def test_whoever_is_inside_goes_on(as_moderator: Client) -> None:
    assert as_moderator.get(f"/admin/login/?next={SESSIONS}")["Location"] == SESSIONS


@pytest.mark.parametrize("target", ["//elsewhere.example", "https://elsewhere.example/", ""])
def test_case_32_the_door_leads_nowhere_else(anonymous: Client, as_moderator: Client, target: str) -> None:
    assert as_moderator.get("/admin/login/", {"next": target})["Location"] == "/admin/"
    assert anonymous.get("/admin/login/", {"next": target})["Location"] == "/accounts/login/?next=/admin/"


def test_signing_out_there_is_signing_out(as_moderator: Client, moderator: User) -> None:
    assert as_moderator.post("/admin/logout/")["Location"] == "/"
    assert not BrowserSession.objects.for_user(moderator).exists()


def test_the_password_is_changed_on_the_accounts_page(as_moderator: Client) -> None:
    assert as_moderator.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


# --- what is there


def test_the_first_page_says_what_waits(as_moderator: Client, pages: list[str]) -> None:
    text = as_moderator.get("/admin/").content.decode()
    assert "1 open report<" in text
    assert "0 failed sessions<" in text


def test_the_history_of_a_row_is_in_the_audit_log(as_moderator: Client, portrait: Portrait) -> None:
    answer = as_moderator.get(f"/admin/portraits/portrait/{portrait.pk}/history/")
    assert answer["Location"] == f"/admin/portraits/auditentry/?q={portrait.pk}"


def test_a_page_of_a_list_fits_into_a_form(settings: object) -> None:
    most: int = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS  # type: ignore[attr-defined]
    assert {model_admin.list_per_page for model_admin in moderation_site._registry.values()} == {25}
    assert most >= 25 + 10


def test_whoever_may_view_one_kind_only_gets_in_for_that(db: None) -> None:
    person = factories.user("auditor", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    client = signed_in(person)
    assert client.get("/admin/portraits/auditentry/").status_code == 200
    assert client.get("/admin/portraits/portrait/").status_code == 403


@pytest.mark.parametrize("page", ["/admin/", "/admin/portraits/portrait/", SESSIONS, "/admin/portraits/user/"])
def test_the_sites_policy_holds_there_too(as_moderator: Client, page: str) -> None:
    answer = as_moderator.get(page)
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    assert "style=" not in answer.content.decode()


def test_a_link_signs_nobody_out_there(as_moderator: Client, moderator: User) -> None:
    for method in ("GET", "HEAD"):
        assert as_moderator.generic(method, "/admin/logout/")["Location"] == "/accounts/logout/"
    assert BrowserSession.objects.for_user(moderator).exists()


def test_case_31_a_form_of_another_site_signs_nobody_out_there(moderator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/admin/logout/").status_code == 403
    assert BrowserSession.objects.for_user(moderator).exists()
