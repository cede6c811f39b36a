"""Files of a shared portrait, for pages of any origin."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from gpuworker.contract import PHOTO_NAMES, RIG_NAME, STANDARD_FRAME, Manifest, RigLevel
from gpuworker.rig.frame_size import at_frame_size
from portraits.files import storage
from portraits.live import publisher
from portraits.models import Output, Portrait, Render, Session, ShareLink, User
from tests.portraits import factories


@pytest.fixture
def token(portrait: Portrait) -> str:
    return ShareLink.create_for(portrait)[1]


@pytest.fixture
def output(session: Session) -> Output:
    assert session.shown is not None
    return session.shown


@pytest.fixture
def address(token: str, output: Output) -> str:
    return reverse("share-file", args=[token, publisher.file_name(output, "q0.webp")])


def test_a_sheet_goes_out_as_it_is_stored(anonymous: Client, address: str, output: Output) -> None:
    answer = anonymous.get(address, headers={"Origin": "https://elsewhere.example"})
    assert answer.content == storage.read(output.key("q0.webp"))
    assert answer["Content-Type"] == "image/webp"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Cache-Control"] == "public, max-age=60"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Cookie" not in answer.get("Vary", "")


def test_what_the_browser_has_is_not_sent_again(
    anonymous: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = anonymous.get(address)["ETag"]
    with monkeypatch.context() as patch:
        patch.setattr(storage, "read", None)  # it is not even read
        for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
            answer = anonymous.get(address, headers={"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer["Access-Control-Allow-Origin"] == "*"


def test_head_and_options(anonymous: Client, address: str) -> None:
    head = anonymous.head(address)
    assert (head.status_code, head.content, head["Content-Type"]) == (200, b"", "image/webp")
    assert anonymous.options(address).status_code == 204


def test_another_name_is_404(anonymous: Client, token: str, output: Output) -> None:
    own = publisher.file_name(output, "q0.webp").removesuffix("q0.webp")
    for name in (
        "preview.webp",
        f"{own}nothing.webp",
        f"{own}..%2fphoto.webp",
        f"{own}manifest.json",
        "000000000000000000000000.q0.webp",
    ):
        assert anonymous.get(f"/s/{token}/{name}").status_code == 404


def test_the_upload_is_not_shared(anonymous: Client, token: str, output: Output, portrait: Portrait) -> None:
    own = publisher.file_name(output, "q0.webp").removesuffix("q0.webp")
    for name in (storage.PHOTO, storage.THUMBNAIL, own + storage.THUMBNAIL):
        assert anonymous.get(f"/s/{token}/{name}").status_code == 404
    crop = anonymous.get(f"/s/{token}/{publisher.file_name(output, PHOTO_NAMES['webp'])}")
    assert crop.content != storage.read(storage.photo_prefix(portrait.pk) + storage.PHOTO)


def test_a_rig_goes_out_as_bytes_of_no_other_type(anonymous: Client, token: str, output: Output) -> None:
    answer = anonymous.get(f"/s/{token}/{publisher.file_name(output, RIG_NAME)}")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    assert answer["Access-Control-Allow-Origin"] == "*"
    again = {"If-None-Match": answer["ETag"]}
    assert anonymous.get(answer.wsgi_request.path, headers=again).status_code == 304


def test_a_link_in_standard_size_has_a_manifest_with_the_poster_as_its_photo(
    anonymous: Client, portrait: Portrait, output: Output
) -> None:
    _, token = ShareLink.create_for(portrait, standard=True)
    served = anonymous.get(f"/s/{token}/manifest.json")
    manifest = served.json()
    rig = Manifest.loads(served.content.decode()).levels[0]
    assert rig == RigLevel("rig", rig.files[0], {"webp": manifest["poster"]}, STANDARD_FRAME)
    assert all(anonymous.get(f"/s/{token}/{name}").status_code == 200 for name in rig.files)
    assert output.manifest["levels"][0]["photo"] == {"webp": "photo.webp"}


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_file_is_only_read(anonymous: Client, address: str, method: str) -> None:
    assert getattr(anonymous, method)(address).status_code == 405


def test_a_link_in_standard_size_has_a_rig_with_eyes_as_fine_as_a_frame(
    anonymous: Client, portrait: Portrait, output: Output
) -> None:
    name = publisher.file_name(output, RIG_NAME)
    _, whole = ShareLink.create_for(portrait)
    _, standard = ShareLink.create_for(portrait, standard=True)
    stored = storage.read(output.key(RIG_NAME))
    assert anonymous.get(f"/s/{whole}/{name}").content == stored
    answer = anonymous.get(f"/s/{standard}/{name}")
    assert answer.content == at_frame_size(stored) != stored
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["ETag"] != anonymous.get(f"/s/{whole}/{name}")["ETag"]
    known = {"If-None-Match": answer["ETag"]}
    assert anonymous.get(f"/s/{standard}/{name}", headers=known).status_code == 304


def test_a_rig_that_cannot_be_reduced_does_not_go_out_whole(
    anonymous: Client, portrait: Portrait, output: Output, caplog: pytest.LogCaptureFixture
) -> None:
    storage.put(output.key(RIG_NAME), b"no rig")
    output.files[RIG_NAME]["sha256"] = factories.sha256(b"no rig")
    output.save()
    _, token = ShareLink.create_for(portrait, standard=True)
    assert anonymous.get(f"/s/{token}/{publisher.file_name(output, RIG_NAME)}").status_code == 404
    assert "cannot be reduced" in caplog.text


def test_the_first_request_of_the_originals_tags_has_the_sheets_made(anonymous: Client, owner: User) -> None:
    session = factories.session(factories.portrait(owner))
    factories.complete(factories.claimed(session))
    _, token = ShareLink.create_for(session.portrait)
    for name in ("q0.webp", "q3_20.webp", "q0.webp"):
        answer = anonymous.get(f"/s/{token}/{name}", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (503, "sheets_under_way")
        assert int(answer["Retry-After"]) > 0
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Access-Control-Expose-Headers"] == "Retry-After"
    assert [render.state for render in Render.objects.filter(kind="sheets")] == ["queued"]
    output = factories.make_sheets(session)
    answer = anonymous.get(f"/s/{token}/q0.webp")
    assert (answer.status_code, answer.content) == (200, storage.read(output.key("q0.webp")))


def test_strangers_order_no_second_render_of_sheets(anonymous: Client, owner: User) -> None:
    session = factories.session(factories.portrait(owner))
    factories.complete(factories.claimed(session))
    _, token = ShareLink.create_for(session.portrait)
    assert anonymous.get(f"/s/{token}/q0.webp").status_code == 503
    assert Render.objects.get(kind="sheets").cancel()
    assert anonymous.get(f"/s/{token}/q0.webp").status_code == 404
    assert Render.objects.get(kind="sheets").state == "cancelled"


def freshness(answer: HttpResponse) -> int:
    """Seconds for which a cache may answer by itself, as RFC 9111 and RFC 5861 have it."""
    assert "Expires" not in answer
    named = dict(part.strip().partition("=")[::2] for part in answer["Cache-Control"].split(","))
    assert not named.keys() & {"immutable", "s-maxage", "stale-while-revalidate", "stale-if-error"}
    return 0 if named.keys() & {"no-store", "no-cache"} else int(named["max-age"])


@pytest.mark.parametrize("standard", [False, True])
@pytest.mark.parametrize("end", ["revoked", "hidden"])
def test_case_27_a_minute_after_its_end_a_link_s_files_are_in_no_cache(
    anonymous: Client, portrait: Portrait, output: Output, standard: bool, end: str
) -> None:
    """Each file, fresh and confirmed: no cache answers for longer by itself, and the site confirms none any more."""
    link, token = ShareLink.create_for(portrait, standard=standard)
    names = [*(publisher.file_name(output, name) for name in output.files), "q0.webp", "m0.webp", "manifest.json"]
    kept = {}
    for name in names:
        address = f"/s/{token}/{name}"
        answer = anonymous.get(address)
        if answer.status_code == 404:  # the large photo of a link in standard size
            continue
        confirmed = anonymous.get(address, headers={"If-None-Match": answer["ETag"]})
        assert (confirmed.status_code, freshness(answer), freshness(confirmed)) == (304, 60, 60)
        kept[address] = answer["ETag"]
    assert len(kept) >= len(names) - 2
    _ = link.revoke() if end == "revoked" else portrait.hide("a report")
    for address, etag in kept.items():
        for headers in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}):
            answer = anonymous.get(address, headers=headers)
            assert (answer.status_code, freshness(answer)) == (404, 0)
