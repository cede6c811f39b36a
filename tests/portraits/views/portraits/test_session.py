"""Addresses of a session: manifest, files, progress, cancel and retry."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from portraits.files import storage
from portraits.live import publisher
from portraits.models import Render, Session, User
from tests.portraits import factories


def url(name: str, session: Session, *more: str) -> str:
    return reverse(name, args=[session.pk, *more])


def test_the_session_leads_to_its_portrait(as_owner: Client, session: Session) -> None:
    answer = as_owner.get(url("session", session))
    assert (answer.status_code, answer["Location"]) == (302, session.portrait.get_absolute_url())


def test_the_manifest_grows_with_the_job_and_lists_only_what_can_be_fetched(
    as_owner: Client, rendering: Session
) -> None:
    output = rendering.shown
    assert output is not None
    manifest = as_owner.get(url("session-manifest", rendering)).json()
    assert (manifest["complete"], [level["name"] for level in manifest["levels"]]) == (False, ["preview"])
    factories.store_level(output, ["rig", "preview", "mobile", "full"], complete=True)
    assert output.render.finish(output)
    manifest = as_owner.get(url("session-manifest", rendering)).json()
    assert (manifest["complete"], len(manifest["levels"])) == (True, 4)
    for name in factories.listed(manifest):
        answer = as_owner.get(url("session-file", rendering, name))
        served = "application/octet-stream" if name.endswith(".bin") else "image/webp"
        assert (answer.status_code, answer["Content-Type"]) == (200, served)


def test_before_the_preview_there_is_no_manifest(as_owner: Client, owner: object) -> None:
    session = factories.session(factories.portrait(owner))  # type: ignore[arg-type]
    assert as_owner.get(url("session-manifest", session)).status_code == 404


def test_private_files_are_kept_by_nobody_typed_and_locked_in(as_owner: Client, session: Session) -> None:
    assert session.shown is not None
    address = url("session-file", session, publisher.file_name(session.shown, "q0.webp"))
    answer = as_owner.get(address)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Access-Control-Allow-Origin" not in answer
    again = as_owner.get(address, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["q0.webp", "manifest.json", "photo.webp", "..", "0.q0.webp"])
def test_a_file_is_known_by_its_public_name_only(as_owner: Client, session: Session, name: str) -> None:
    assert session.shown is not None
    digest = publisher.file_name(session.shown, "q0.webp").partition(".")[0]
    tagged = f"{digest}.../{name}" if name == "photo.webp" else f"{digest}.{name}.webp"
    assert as_owner.get(url("session-file", session, tagged.replace("/", "%2f"))).status_code == 404
    if name != "manifest.json":
        assert as_owner.get(url("session-file", session, name)).status_code == 404


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("who", ["as_stranger", "as_moderator", "anonymous"])
def test_case_23_media_by_guess_is_not_there_for_others(
    session: Session, request: pytest.FixtureRequest, method: str, who: str
) -> None:
    client: Client = request.getfixturevalue(who)
    assert session.shown is not None
    files = [url("session-file", session, publisher.file_name(session.shown, name)) for name in session.shown.files]
    thumbnail = reverse("portrait-thumbnail", args=[session.portrait_id])
    etag = f'"{session.shown.files["q0.webp"]["sha256"][:32]}"'
    for address in [*files, thumbnail, url("session-manifest", session), url("session-progress", session)]:
        for headers in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": etag}, {"If-None-Match": "*"}):
            answer = getattr(client, method)(address, headers=headers)
            assert answer.status_code == (302 if who == "anonymous" else 404), address
            assert "image" not in answer.get("Content-Type", "")
            assert "ETag" not in answer


def test_progress_is_the_snapshot_and_never_kept(as_owner: Client, rendering: Session) -> None:
    answer = as_owner.get(url("session-progress", rendering))
    rendering.refresh_from_db()
    assert {**answer.json(), "eta_seconds": 0} == {**publisher.snapshot(rendering), "eta_seconds": 0}
    assert answer["Cache-Control"] == "private, no-store"


def test_cancel_and_retry_answer_scripts_with_the_new_snapshot(as_owner: Client, rendering: Session) -> None:
    headers = {"Accept": "application/json"}
    cancelled = as_owner.post(url("session-cancel", rendering), headers=headers)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert as_owner.post(url("session-cancel", rendering), headers=headers).status_code == 409
    again = as_owner.post(url("session-retry", rendering), headers=headers)
    assert (again.status_code, again.json()["state"], again.json()["position"]) == (200, "queued", 1)
    assert as_owner.post(url("session-retry", rendering), headers=headers).status_code == 409


def test_cancel_by_form_leads_back_to_the_portrait(as_owner: Client, rendering: Session) -> None:
    answer = as_owner.post(url("session-cancel", rendering))
    assert (answer.status_code, answer["Location"]) == (302, rendering.portrait.get_absolute_url())
    assert Render.objects.get().state == "cancelled"


@pytest.mark.parametrize("name", ["session-cancel", "session-retry"])
def test_nothing_changes_by_get_nor_by_a_stranger(
    as_owner: Client, as_stranger: Client, rendering: Session, name: str
) -> None:
    assert as_owner.get(url(name, rendering)).status_code == 405
    assert as_stranger.post(url(name, rendering)).status_code == 404
    assert Render.objects.get().state == "rendering"


def test_a_file_that_has_just_been_deleted_is_404(as_owner: Client, session: Session) -> None:
    assert session.shown is not None
    key = session.shown.key("q0.webp")
    data = storage.read(key)
    storage.private().delete(key)
    address = url("session-file", session, publisher.file_name(session.shown, "q0.webp"))
    assert as_owner.get(address).status_code == 404
    storage.put(key, data)


def test_sheets_are_asked_for_once_and_a_second_ask_is_the_same_job(as_owner: Client, owner: User) -> None:
    session = factories.session(factories.portrait(owner))
    asked = {"Accept": "application/json"}
    early = as_owner.post(url("session-sheets", session), headers=asked)
    assert (early.status_code, early.json()["sheets"]) == (409, None)
    factories.complete(factories.claimed(session))
    for _ in range(2):
        answer = as_owner.post(url("session-sheets", session), headers=asked)
        assert (answer.status_code, answer.json()["sheets"]["state"]) == (200, "queued")
        assert (answer.json()["state"], answer.json()["can_ask_for_sheets"]) == ("ready", False)
    assert Render.objects.filter(session=session, kind="sheets").count() == 1
    factories.make_sheets(session)
    done = as_owner.post(url("session-sheets", session), headers=asked)
    assert (done.status_code, done.json()["has_sheets"]) == (409, True)


def test_stop_stops_the_sheets_and_keeps_the_face_and_what_refines_it(as_owner: Client, owner: User) -> None:
    session = factories.session(factories.portrait(owner))
    factories.complete(factories.claimed(session))
    assert session.ask_for_sheets()
    Render.begin(session, "refinement", "liveportrait", "url")
    answer = as_owner.post(url("session-cancel", session), headers={"Accept": "application/json"}).json()
    assert (answer["state"], answer["alive"], answer["sheets"]["state"]) == ("ready", True, "cancelled")
    assert answer["can_ask_for_sheets"]
    states = dict(Render.objects.values_list("kind", "state"))
    assert states == {"rig": "ready", "sheets": "cancelled", "refinement": "queued"}
    again = as_owner.post(url("session-cancel", session), headers={"Accept": "application/json"})
    assert again.status_code == 409


def test_what_was_stopped_is_tried_again(as_owner: Client, owner: User) -> None:
    session = factories.session(factories.portrait(owner))
    factories.complete(factories.claimed(session))
    assert session.ask_for_sheets()
    as_owner.post(url("session-cancel", session))
    answer = as_owner.post(url("session-retry", session), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["sheets"]["state"]) == (200, "queued")
