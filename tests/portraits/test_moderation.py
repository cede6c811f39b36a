"""Audited actions: their effects, their log entries, and that none is taken without a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from gpuworker.errors import NoFace
from portraits import moderation
from portraits.files import storage
from portraits.live import publisher
from portraits.models import AuditEntry, BrowserSession, Portrait, Render, Report, Session, ShareLink, User
from portraits.moderation import NotAllowed, ReasonMissing
from portraits.queue import broker
from tests.portraits import factories

WHY = "It was reported by the person in it."


@pytest.fixture
def report(portrait: Portrait) -> Report:
    return Report.objects.create(portrait=portrait, reason=Report.Reason.CONSENT)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Messages to the channel layer; those to the queue go nowhere."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(publisher, "_send", found.append)
    monkeypatch.setattr(broker, "send", lambda *message: True)
    return found


def written() -> list[tuple[str, str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor_email", "action", "target", "reason"))


def test_hiding_and_restoring(moderator: User, portrait: Portrait) -> None:
    assert moderation.hide(moderator, portrait, WHY)
    assert not Portrait.objects.shown().exists()
    assert portrait.moderation_reason == WHY
    assert moderation.restore(moderator, portrait, "A mistake.")
    assert Portrait.objects.shown().exists()
    assert written() == [
        (moderator.email, "hide", f"portrait {portrait.pk}", WHY),
        (moderator.email, "restore", f"portrait {portrait.pk}", "A mistake."),
    ]


def test_hiding_closes_the_portraits_reports_and_writes_each_down(moderator: User, portrait: Portrait) -> None:
    def reported() -> Report:
        return Report.objects.create(portrait=portrait, reason=Report.Reason.ABUSE)

    closed, first, second = reported(), reported(), reported()
    moderation.close(moderator, closed, "It is art.")
    other = Report.objects.create(portrait=factories.portrait(portrait.owner), reason=Report.Reason.ABUSE)
    before = len(written())
    assert moderation.hide(moderator, portrait, WHY)
    assert list(Report.objects.open()) == [other]
    assert set(Report.objects.filter(closed_by=moderator)) == {closed, first, second}
    entries = {(action, target, reason) for _, action, target, reason in written()[before:]}
    closings = {("close", f"report {each.pk}", WHY) for each in (first, second)}
    assert entries == {("hide", f"portrait {portrait.pk}", WHY), *closings}
    assert len(written()) == before + 3
    late = reported()
    assert not moderation.hide(moderator, portrait, WHY)  # already: a moderator has yet to read later reports
    assert list(portrait.reports.open()) == [late]


def test_reports_stay_open_where_hiding_fails(moderator: User, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction."""
    monkeypatch.setattr(AuditEntry.objects, "create", broken)
    with pytest.raises(RuntimeError):
        moderation.hide(moderator, report.portrait, WHY)
    assert (Report.objects.open().count(), Portrait.objects.shown().count()) == (1, 1)


def broken(**fields: object) -> None:
    raise RuntimeError


def test_deleting_leaves_no_byte_and_one_entry(
    moderator: User, portrait: Portrait, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    portrait_id = portrait.pk
    with django_capture_on_commit_callbacks(execute=True):
        assert moderation.delete(moderator, portrait, WHY)
    assert list(storage.keys()) == []
    assert written() == [(moderator.email, "delete", f"portrait {portrait_id}", WHY)]


def test_deleting_what_is_gone_is_not_written_down(moderator: User, portrait: Portrait) -> None:
    again = Portrait.objects.get()
    moderation.delete(moderator, portrait, WHY)
    assert not moderation.delete(moderator, again, WHY)
    assert len(written()) == 1


def test_cancelling_and_trying_again(operator: User, rendering: Session) -> None:
    assert moderation.cancel(operator, rendering, "It hangs.")
    assert Render.objects.get().state == Render.State.CANCELLED
    assert moderation.retry(operator, Session.objects.get(), "It was the disk.")
    assert Render.objects.get().state == Render.State.QUEUED
    assert [action for _, action, _, _ in written()] == ["cancel", "retry"]
    assert written()[0][2] == f"session {rendering.pk}"


def test_a_failed_run_is_tried_again(operator: User, owner: User) -> None:
    run = factories.session(factories.portrait(owner))
    output = factories.claimed(run)
    output.render.fail(output.attempt, NoFace())
    assert moderation.retry(operator, Session.objects.get(), "With the new model.")


def test_closing_a_report(moderator: User, report: Report) -> None:
    assert moderation.close(moderator, report, "It is her own portrait.")
    assert (report.closed_by, report.closed_at is None) == (moderator, False)
    assert written() == [(moderator.email, "close", f"report {report.pk}", "It is her own portrait.")]


def test_case_25_30_a_ban_ends_everything_of_theirs(
    moderator: User,
    owner: User,
    as_owner: Client,
    portrait: Portrait,
    rendering: Session,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _, token = ShareLink.create_for(portrait)
    told: list[int] = []
    monkeypatch.setattr(publisher, "close_sockets_of", told.append)
    with django_capture_on_commit_callbacks(execute=True):
        assert moderation.ban(moderator, owner, WHY)
    assert not BrowserSession.objects.for_user(owner).exists()
    assert as_owner.get("/account/").status_code == 302
    assert rendering.first_render.state == Render.State.CANCELLED
    assert Client().get(reverse("share", args=[token])).status_code == 404
    assert told == [owner.pk]
    assert written() == [(moderator.email, "ban", f"user {owner.pk} ({owner.email})", WHY)]


@pytest.mark.parametrize("name", ["delete", "cancel", "retry", "ban", "unban"])
def test_pages_hear_of_an_action_once_and_not_before_its_transaction_holds(
    moderator: User,
    owner: User,
    rendering: Session,
    sent: list[dict[str, Any]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    name: str,
) -> None:
    if name == "retry":
        rendering.first_render.cancel()
    session = Session.objects.get()
    rows = {"delete": session.portrait, "cancel": session, "retry": session, "ban": owner, "unban": owner}
    told = {"ban": [{"user": owner.pk}], "unban": [], "delete": [{"session": str(session.pk)}]}
    if name == "unban":
        owner.ban()
    with django_capture_on_commit_callbacks(execute=True):
        assert getattr(moderation, name)(moderator, rows[name], WHY)
        assert sent == []
    if name in told:
        assert sent == told[name]
    else:
        assert [(message["session"], message["sequence"]) for message in sent] == [(str(session.pk), 1)]


@pytest.mark.parametrize("name", ["delete", "cancel", "retry", "ban"])
def test_pages_hear_nothing_of_an_action_that_cannot_be_written_down(
    moderator: User,
    owner: User,
    rendering: Session,
    sent: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    name: str,
) -> None:
    if name == "retry":
        rendering.first_render.cancel()
    session = Session.objects.get()
    row = {"delete": session.portrait, "ban": owner}.get(name, session)
    monkeypatch.setattr(AuditEntry.objects, "create", broken)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        getattr(moderation, name)(moderator, row, WHY)
    assert sent == []
    assert Session.objects.get().sequence == 0


def test_a_ban_closes_the_reports_about_all_their_portraits_and_writes_each_down(
    moderator: User, owner: User, stranger: User, portrait: Portrait, report: Report
) -> None:
    second = Report.objects.create(portrait=factories.portrait(owner), reason=Report.Reason.ABUSE)
    other = Report.objects.create(portrait=factories.portrait(stranger), reason=Report.Reason.ABUSE)
    assert moderation.ban(moderator, owner, WHY)
    assert list(Report.objects.open()) == [other]
    entries = {(action, target, reason) for _, action, target, reason in written()}
    assert {("close", f"report {each.pk}", WHY) for each in (report, second)} < entries
    assert len(entries) == 3


def test_a_ban_that_cannot_be_written_down_leaves_the_reports_open(
    moderator: User, owner: User, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderation, "_log", _full_for_ban(moderation._log))
    with pytest.raises(OSError, match="full"):
        moderation.ban(moderator, owner, WHY)
    assert list(Report.objects.open()) == [report]
    assert User.objects.get(pk=owner.pk).is_active


def _full_for_ban(log: Callable[..., bool]) -> Callable[..., bool]:
    def maybe(by: User, action: str, row: object, reason: str) -> bool:
        if action == "ban":
            raise OSError("the disk is full")
        return log(by, action, row, reason)

    return maybe


def test_after_an_unban_the_links_live_again(moderator: User, owner: User, portrait: Portrait) -> None:
    _, token = ShareLink.create_for(portrait)
    moderation.ban(moderator, owner, WHY)
    assert moderation.unban(moderator, owner, "A mistake.")
    assert Client().get(reverse("share", args=[token])).status_code == 200
    assert Client().login(email=owner.email, password=factories.PASSWORD)


def test_nobody_bans_themselves(moderator: User) -> None:
    with pytest.raises(NotAllowed):
        moderation.ban(moderator, moderator, WHY)


@pytest.mark.parametrize("action", [moderation.ban, moderation.unban])
def test_moderators_do_not_ban_each_other(
    moderator: User, operator: User, action: Callable[[User, User, str], bool]
) -> None:
    with pytest.raises(NotAllowed):
        action(moderator, operator, WHY)
    assert User.objects.get(pk=operator.pk).is_active


def test_a_superuser_bans_a_moderator(moderator: User) -> None:
    assert moderation.ban(factories.user("root", is_staff=True, is_superuser=True), moderator, WHY)


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
@pytest.mark.parametrize("name", ["hide", "restore", "delete", "cancel", "retry", "ban", "unban", "close"])
def test_nothing_is_done_without_a_reason(
    moderator: User, portrait: Portrait, rendering: Session, report: Report, name: str, reason: str
) -> None:
    rows: dict[str, Any] = {"cancel": rendering, "retry": rendering, "close": report}
    rows |= {"ban": portrait.owner, "unban": portrait.owner}
    with pytest.raises(ReasonMissing):
        getattr(moderation, name)(moderator, rows.get(name, portrait), reason)
    assert Portrait.objects.shown().count() == 2
    assert rendering.first_render.active
    assert written() == []


@pytest.mark.parametrize("name", ["hide", "cancel", "ban", "close"])
def test_what_had_happened_before_is_not_written_down_twice(
    moderator: User, portrait: Portrait, rendering: Session, report: Report, name: str
) -> None:
    row = {"hide": portrait, "cancel": rendering, "ban": portrait.owner, "close": report}[name]
    act = getattr(moderation, name)
    assert [act(moderator, row, WHY) for _ in range(2)] == [True, False]
    assert [action for _, action, _, _ in written()].count(name) == 1


def test_what_cannot_be_written_down_is_not_done(
    moderator: User, portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(AuditEntry.objects, "create", full)
    with pytest.raises(OSError, match="full"):
        moderation.hide(moderator, portrait, WHY)
    assert Portrait.objects.shown().exists()


def test_a_long_reason_is_cut(moderator: User, portrait: Portrait) -> None:
    moderation.hide(moderator, portrait, "x" * 400)
    assert len(written()[0][3]) == 300


def test_looks_within_minutes_are_one_entry(moderator: User, operator: User, portrait: Portrait) -> None:
    for person in (moderator, moderator, operator):
        moderation.log_view(person, portrait)
    assert [(email, action) for email, action, _, _ in written()] == [
        (moderator.email, "viewed"),
        (operator.email, "viewed"),
    ]


def test_a_later_look_is_another_entry(moderator: User, portrait: Portrait, monkeypatch: pytest.MonkeyPatch) -> None:
    moderation.log_view(moderator, portrait)
    monkeypatch.setattr(moderation, "VIEW_INTERVAL", timedelta(0))
    moderation.log_view(moderator, portrait)
    assert len(written()) == 2


def test_looking_at_ones_own_is_nobodys_business(owner: User, portrait: Portrait) -> None:
    moderation.log_view(owner, portrait)
    assert written() == []


def test_the_entry_outlives_whoever_made_it(moderator: User, portrait: Portrait) -> None:
    moderation.hide(moderator, portrait, WHY)
    email = moderator.email
    moderator.delete()
    assert AuditEntry.objects.get().actor_email == email
