"""`manage.py set_demo photo.jpg`, with real rendering processes refused and a scripted one for the rest."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from gpuworker.errors import NoFace
from portraits.rendering import demo, workers
from tests.portraits import factories
from tests.portraits.scripted_worker import ScriptedWorker


@pytest.fixture
def scripted(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptedWorker:
    (tmp_path / "made").mkdir()
    worker = ScriptedWorker(tmp_path / "made")
    monkeypatch.setattr(workers, "sheets", lambda: worker)
    return worker


def test_the_photo_becomes_the_demo(scripted: ScriptedWorker, tmp_path: Path) -> None:
    photo = tmp_path / "photo.webp"
    photo.write_bytes(factories.picture())
    said = io.StringIO()
    call_command("set_demo", str(photo), stdout=said)
    assert said.getvalue().splitlines()[-1] == "done"
    pointer = demo.current()
    assert pointer is not None
    assert pointer["manifest"]["complete"]


def test_a_photo_that_cannot_be_used_is_refused_in_a_sentence(scripted: ScriptedWorker, tmp_path: Path) -> None:
    photo = tmp_path / "photo.webp"
    photo.write_bytes(factories.picture())
    scripted.end_with(NoFace())
    with pytest.raises(CommandError, match="could not find a face"):
        call_command("set_demo", str(photo), stdout=io.StringIO())
    assert demo.current() is None


def test_a_file_that_is_not_there_is_named(scripted: ScriptedWorker) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.jpg cannot be read"):
        call_command("set_demo", "nowhere.jpg")
