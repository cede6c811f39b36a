"""Responses with files: content types, ETags and caching."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import RequestFactory

from portraits.files import responses, storage
from portraits.files.responses import Audience
from portraits.live import publisher
from portraits.models import Session, User
from tests.portraits import factories

make = RequestFactory()


def test_a_public_file_may_be_used_by_every_page_for_a_minute(session: Session) -> None:
    assert session.shown is not None
    name = publisher.file_name(session.shown, "q0.webp")
    answer = responses.file_response(make.get("/"), session.shown, name, Audience.PUBLIC)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert set(answer["Cache-Control"].split(", ")) == {"public", "max-age=60"}


def test_a_known_file_is_not_read_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert session.shown is not None
    output = session.shown
    name = publisher.file_name(output, "q0.webp")
    etag = responses.file_response(make.get("/"), output, name, Audience.OWNER)["ETag"]

    def read(key: str) -> bytes:
        raise AssertionError(f"{key} was read")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "read", read)
        answer = responses.file_response(make.get("/", headers={"If-None-Match": etag}), output, name, Audience.OWNER)
    assert (answer.status_code, answer["ETag"]) == (304, etag)


@pytest.mark.parametrize(
    ("header", "condition", "status"),
    [
        ("If-None-Match", "W/{etag}", 304),
        ("If-None-Match", '"other", {etag}', 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", '"other"', 200),
        ("If-Match", "{etag}", 200),
        ("If-Match", '"other"', 412),
    ],
)
@pytest.mark.parametrize("audience", Audience)
def test_conditions_of_a_request_are_kept(
    session: Session, header: str, condition: str, status: int, audience: Audience
) -> None:
    assert session.shown is not None
    name = publisher.file_name(session.shown, "q0.webp")
    whole = responses.file_response(make.get("/"), session.shown, name, audience)
    request = make.get("/", headers={header: condition.format(etag=whole["ETag"])})
    answer = responses.file_response(request, session.shown, name, audience)
    assert (answer.status_code, answer.content) == (status, whole.content if status == 200 else b"")
    changed = {"Content-Type", "Content-Length"}
    assert {k: v for k, v in answer.items() if k not in changed} == {k: v for k, v in whole.items() if k not in changed}


def test_the_manifests_validator_changes_with_each_level(rendering: Session) -> None:
    output = rendering.shown
    assert output is not None
    first = responses.manifest_response(make.get("/"), output, Audience.OWNER)["ETag"]
    output.manifest["levels"] = output.manifest["levels"] * 2
    second = responses.manifest_response(make.get("/"), output, Audience.OWNER)["ETag"]
    output.complete = True
    third = responses.manifest_response(make.get("/"), output, Audience.OWNER)["ETag"]
    assert len({first, second, third}) == 3


@pytest.mark.parametrize(
    "name", ["", "q0.webp", "..", "{own}.", "{own}.nothing.webp", "{own}.../q0.webp", "{other}.q0.webp"]
)
def test_any_other_name_is_404(session: Session, name: str) -> None:
    assert session.shown is not None
    own = publisher.file_name(session.shown, "q0.webp").partition(".")[0]
    asked = name.format(own=own, other="0" * len(own))
    with pytest.raises(Http404):
        responses.file_response(make.get("/"), session.shown, asked, Audience.OWNER)


def test_what_comes_again_beside_the_sheets_keeps_its_address(owner: User) -> None:
    session = factories.session(factories.portrait(owner))
    factories.complete(factories.claimed(session))
    session.refresh_from_db()
    first = session.shown
    assert first is not None
    before = responses.with_public_names(first, first.manifest)
    later = factories.make_sheets(session)
    after = responses.with_public_names(later, later.manifest)
    assert later.pk != first.pk
    assert (after["poster"], after["levels"][0]) == (before["poster"], before["levels"][0])


def test_another_content_has_another_address(session: Session) -> None:
    output = session.shown
    assert output is not None
    before = responses.with_public_names(output, output.manifest)["levels"][0]["rig"]
    output.files["rig.bin"]["sha256"] = factories.sha256(b"another rig")
    assert responses.with_public_names(output, output.manifest)["levels"][0]["rig"] != before
