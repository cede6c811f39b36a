"""Recovery at the start of the embedded site. The whole tree is started, stopped and killed in tests/site."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest
from django.utils import timezone
from pytest_django import Settings

from gazesite.processes import embedded_services
from portraits.models import Render, Upload
from tests.portraits import factories


def test_looks_that_were_counted_are_written_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(embedded_services, "recover", lambda: None)
    monkeypatch.setattr(embedded_services, "RenderingServices", Mock())
    monkeypatch.setattr(embedded_services, "validation", Mock())
    monkeypatch.setattr("portraits.sharing.looks.write", lambda: done.append("written"))
    monkeypatch.setattr("portraits.sharing.looks.close_old_connections", lambda: None)
    services = embedded_services.EmbeddedServices(None)
    services.start()
    services.stop()
    assert done == ["written"]


@pytest.mark.django_db
def test_a_start_voids_leases_forgets_half_uploads_and_empties_the_scratch(tmp_path: Path, settings: Settings) -> None:
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.STORAGES = {
        **settings.STORAGES,
        "private": {"BACKEND": "portraits.files.storage.PrivateFiles", "OPTIONS": {"location": tmp_path / "files"}},
    }
    owner = factories.user("owner")
    factories.claimed(factories.session(factories.portrait(owner)))
    factories.upload(owner)
    Upload.objects.update(stored=False)
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "half an upload").write_bytes(b"half")
    embedded_services.recover()
    assert list((tmp_path / "scratch").iterdir()) == []
    assert Render.objects.expired().count() == 1
    assert Upload.objects.stale().count() == 1
    assert Render.objects.get().lease_until < timezone.now()
