"""What a start takes up. The whole tree is started, stopped and killed in tests/site."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from gazesite import embedded
from portraits.models import Render, Upload
from tests.portraits import cast


def test_a_free_port_passes_and_an_occupied_one_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        with pytest.raises(embedded.PortTakenError, match=f"Port {port} is in use.*PORT={port + 1} make run"):
            embedded.check_port("127.0.0.1", port)
    embedded.check_port("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_refused_with_its_reason() -> None:
    with pytest.raises(embedded.PortTakenError, match="cannot be used"):
        embedded.check_port("192.0.2.1", 3000)


@pytest.mark.django_db
def test_a_start_voids_leases_forgets_half_uploads_and_empties_the_scratch(tmp_path: Path, settings: Settings) -> None:
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {"BACKEND": "portraits.storage.PrivateFiles", "OPTIONS": {"location": tmp_path / "files"}},
    }
    owner = cast.user("owner")
    cast.claimed(cast.session(cast.portrait(owner)))
    cast.upload(owner)
    Upload.objects.update(stored=False)
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "half an upload").write_bytes(b"half")
    embedded.take_up()
    assert list((tmp_path / "scratch").iterdir()) == []
    assert Render.objects.expired().count() == 1
    assert Upload.objects.stale().count() == 1
    assert Render.objects.get().lease_until < timezone.now()
