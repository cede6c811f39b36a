"""Admin of portraits: lists with pictures, a live view, and an audit entry for each look."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from portraits.live import publisher
from portraits.models import AuditEntry, Portrait, Report, Session, User
from tests.portraits import factories
from tests.portraits.factories import signed_in

LIST = "/admin/portraits/portrait/"


def at(page: str, portrait: Portrait, *more: str) -> str:
    return reverse(f"admin:portraits_portrait_{page}", args=[portrait.pk, *more])


def looks() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(action="viewed").order_by("pk").values_list("actor_email", "target"))


def test_the_list_has_pictures_and_open_reports(as_moderator: Client, portrait: Portrait) -> None:
    Report.objects.create(portrait=portrait, reason=Report.Reason.ABUSE)
    text = as_moderator.get(LIST).content.decode()
    assert at("thumbnail", portrait) in text
    assert '<td class="field-open_reports">1</td>' in text
    assert portrait.owner.email in text


def test_the_list_itself_shows_nobody(as_moderator: Client, portrait: Portrait) -> None:
    as_moderator.get(LIST)
    assert looks() == []


@pytest.mark.parametrize("page", ["thumbnail", "live", "manifest"])
def test_case_29_looking_is_written_down(as_moderator: Client, moderator: User, portrait: Portrait, page: str) -> None:
    answer = as_moderator.get(at(page, portrait))
    assert answer.status_code == 200
    assert looks() == [(moderator.email, f"portrait {portrait.pk}")]


def test_case_29_a_single_file_is_a_look_too(as_moderator: Client, session: Session) -> None:
    assert session.shown is not None
    name = publisher.file_name(session.shown, "preview.webp")
    answer = as_moderator.get(at("file", session.portrait, name))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert len(looks()) == 1


def test_case_29_who_may_not_look_is_not_written_down(as_owner: Client, portrait: Portrait) -> None:
    assert as_owner.get(at("thumbnail", portrait), follow=True).status_code == 403
    assert looks() == []


@pytest.mark.parametrize("page", ["thumbnail", "live", "manifest"])
def test_case_29_staff_who_may_not_view_portraits_are_refused(portrait: Portrait, page: str) -> None:
    auditor = factories.user("auditor", is_staff=True)
    auditor.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    assert signed_in(auditor).get(at(page, portrait)).status_code == 403
    assert looks() == []


def test_the_live_view_is_the_element_and_nothing_inline(as_moderator: Client, portrait: Portrait) -> None:
    text = as_moderator.get(at("live", portrait)).content.decode()
    assert f'<gaze-tracker src="{at("manifest", portrait)}"' in text
    assert '/gaze-tracker.min.js"></script>' in text
    assert "style=" not in text


def test_the_files_that_its_manifest_lists_are_there(as_moderator: Client, portrait: Portrait) -> None:
    manifest = as_moderator.get(at("manifest", portrait)).json()
    names = factories.listed(manifest)
    assert {as_moderator.get(at("file", portrait, name)).status_code for name in names} == {200}


def test_a_portrait_that_is_not_alive_yet_shows_its_photo(as_moderator: Client, owner: User) -> None:
    portrait = factories.portrait(owner)
    factories.session(portrait)
    text = as_moderator.get(at("live", portrait)).content.decode()
    assert "It is not alive yet." in text
    assert as_moderator.get(at("manifest", portrait)).status_code == 404


@pytest.mark.parametrize("page", ["thumbnail", "live", "manifest"])
def test_what_is_gone_is_not_found(as_moderator: Client, page: str) -> None:
    assert as_moderator.get(reverse(f"admin:portraits_portrait_{page}", args=[uuid.uuid4()])).status_code == 404


def test_no_other_file_is_given(as_moderator: Client, portrait: Portrait) -> None:
    for name in ("preview.webp", "photo.webp", "..", "%2e%2e%2fphoto.webp"):
        answer = as_moderator.get(f"{LIST}{portrait.pk}/live/{name}", follow=True)
        assert answer.status_code == 404 or answer["Content-Type"].startswith("text/html")


def test_private_pictures_are_kept_by_nobody_else(as_moderator: Client, portrait: Portrait) -> None:
    answer = as_moderator.get(at("thumbnail", portrait))
    assert "private" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_hidden_ones_are_found_by_the_filter(as_moderator: Client, portrait: Portrait) -> None:
    portrait.hide("x")
    assert "1 portrait<" in as_moderator.get(f"{LIST}?moderation__exact=hidden").content.decode().replace("\n", "<")
    assert "0 portraits" in as_moderator.get(f"{LIST}?moderation__exact=visible").content.decode()


def test_a_long_list_takes_few_queries(
    as_moderator: Client, owner: User, django_assert_max_num_queries: object
) -> None:
    for number in range(8):
        factories.portrait(owner, str(number))
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        as_moderator.get(LIST)


@pytest.mark.parametrize("term", ["Eileen", "owner@example.com"])
def test_it_is_found_by_title_and_owner(as_moderator: Client, portrait: Portrait, term: str) -> None:
    assert str(portrait.pk) in as_moderator.get(LIST, {"q": term}).content.decode()
    assert str(portrait.pk) in as_moderator.get(LIST, {"q": str(portrait.pk)}).content.decode()
    assert str(portrait.pk) not in as_moderator.get(LIST, {"q": "nobody"}).content.decode()
