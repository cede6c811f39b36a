"""Audited actions: each asks why, is done for the ticked rows, and needs its permission."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from portraits.models import AuditEntry, Portrait, User
from tests.portraits import factories

PORTRAITS, USERS = "/admin/portraits/portrait/", "/admin/portraits/user/"
WHY = "It was reported."


def do(client: Client, action: str, *rows: object, where: str = PORTRAITS, **more: str) -> HttpResponse:
    keys = [str(getattr(row, "pk", row)) for row in rows]
    return client.post(where, {"action": action, "_selected_action": keys, **more})  # type: ignore[return-value]


def confirmed(client: Client, action: str, *rows: object, where: str = PORTRAITS, reason: str = WHY) -> HttpResponse:
    return do(client, action, *rows, where=where, confirmed="yes", reason=reason)


def said(answer: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]  # type: ignore[attr-defined]


def test_first_it_asks_why(as_moderator: Client, portrait: Portrait) -> None:
    answer = do(as_moderator, "hide", portrait)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'name="_selected_action" value="{portrait.pk}"' in text
    assert "share links are dead" in text
    assert "<textarea" in text
    assert Portrait.objects.shown().exists()


def test_then_it_is_done_and_written_down(as_moderator: Client, moderator: User, portrait: Portrait) -> None:
    other = factories.portrait(portrait.owner)
    answer = confirmed(as_moderator, "hide", portrait, other)
    assert said(answer) == ["Hide: done for 2 of 2."]
    assert not Portrait.objects.shown().exists()
    assert set(AuditEntry.objects.values_list("actor_email", "action", "reason")) == {(moderator.email, "hide", WHY)}


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_it_asks_again(as_moderator: Client, portrait: Portrait, reason: str) -> None:
    answer = confirmed(as_moderator, "hide", portrait, reason=reason)
    assert "This field is required." in answer.content.decode()
    assert Portrait.objects.shown().exists()


def test_a_deed_that_does_nothing_says_so(as_moderator: Client, portrait: Portrait) -> None:
    assert said(confirmed(as_moderator, "restore", portrait)) == ["Restore: done for 0 of 1."]
    assert not AuditEntry.objects.exists()


def test_all_rows_beyond_the_page(as_moderator: Client, owner: User) -> None:
    for number in range(27):
        Portrait.objects.bulk_create([_bare(owner, number)])
    first = Portrait.objects.first()
    asked = do(as_moderator, "hide", first, select_across="1").content.decode()
    assert "27 in all" in asked
    assert asked.count('name="_selected_action"') == 25
    answer = do(as_moderator, "hide", first, select_across="1", confirmed="yes", reason=WHY)
    assert said(answer) == ["Hide: done for 27 of 27."]
    Portrait.objects.all().delete()


def _bare(owner: User, number: int) -> Portrait:
    """A row without files."""
    made = factories.timezone.now()
    return Portrait(owner=owner, title=str(number), consent_at=made, width=1, height=1, face=0, face_box={})


def test_an_operator_sees_portraits_and_hides_none(as_operator: Client, portrait: Portrait) -> None:
    text = as_operator.get(f"{PORTRAITS}{portrait.pk}/change/").content.decode()
    assert 'value="hide"' not in text
    confirmed(as_operator, "hide", portrait)
    confirmed(as_operator, "delete", portrait)
    assert Portrait.objects.shown().count() == 1
    assert not AuditEntry.objects.filter(action__in=["hide", "delete"]).exists()


def test_a_page_offers_what_fits_its_row(as_moderator: Client, portrait: Portrait) -> None:
    page = f"{PORTRAITS}{portrait.pk}/change/"
    assert 'value="hide"' in as_moderator.get(page).content.decode()
    portrait.hide("x")
    text = as_moderator.get(page).content.decode()
    assert 'value="restore"' in text
    assert 'value="hide"' not in text


def test_djangos_own_deletion_is_not_offered(as_moderator: Client, portrait: Portrait) -> None:
    confirmed(as_moderator, "delete_selected", portrait)
    assert Portrait.objects.filter(pk=portrait.pk).exists()


def test_who_works_here_is_not_banned_by_a_moderator(as_moderator: Client, operator: User, owner: User) -> None:
    answer = confirmed(as_moderator, "ban", operator, owner, where=USERS)
    assert said(answer) == [f"{operator} works here; only a superuser can do that.", "Ban: done for 1 of 2."]
    assert [person.is_active for person in User.objects.filter(pk__in=[operator.pk, owner.pk]).order_by("email")] == [
        True,
        False,
    ]


def test_case_31_a_form_of_another_site_does_nothing(moderator: User, portrait: Portrait) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(moderator, backend="django.contrib.auth.backends.ModelBackend")
    assert confirmed(client, "hide", portrait).status_code == 403
    assert Portrait.objects.shown().exists()
