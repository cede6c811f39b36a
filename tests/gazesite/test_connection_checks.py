"""Connection checks: a sentence for each failure, and nothing left behind. Healthy parts: tests/production."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from gazesite import connection_checks
from portraits.files import storage
from portraits.rendering import workers

MAIL_TO_NOBODY = {
    "HAS_MAIL": True,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_PORT": 1,
}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(tmp_path: Path, settings: Settings) -> Path:
    options = {"BACKEND": "portraits.files.storage.PrivateFiles", "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "private": options}
    return tmp_path / "files"


def results() -> dict[str, connection_checks.CheckResult]:
    return {result.part: result for result in connection_checks.run_checks()}


def test_a_site_without_any_settings_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("doctor")
    assert capsys.readouterr().out.count("ok ") == len(connection_checks.CHECKS)
    assert list(storage.keys()) == []


@pytest.mark.parametrize(
    ("part", "changes", "sentence"),
    [
        ("redis", {"REDIS_URL": "redis://127.0.0.1:1"}, "It does not answer .* Please check REDIS_URL."),
        (
            "mail",
            MAIL_TO_NOBODY,
            "The server does not let us in .* Please check EMAIL_URL.",
        ),
        ("proxy", {"SECURE": True, "TRUSTED_PROXIES": []}, "every page would redirect to itself. Please set TRUSTED"),
        (
            "gpu",
            {"GPU_SOURCE": "url", "GPU_WORKER_URL": "http://127.0.0.1:1", "GPU_WORKER_TOKEN": "x" * 20},
            "url: The connection to the rendering machine was lost",
        ),
        ("gpu", {"GPU_SOURCE": "url", "GPU_WORKER_URL": ""}, "The source url needs the address of a worker"),
    ],
)
def test_what_does_not_answer_is_said_with_what_helps(
    settings: Settings, part: str, changes: dict[str, object], sentence: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    found = results()[part]
    assert not found.ok
    assert re.search(sentence, found.sentence), found.sentence
    with pytest.raises(CommandError, match="1 of these must be mended first"):
        call_command("doctor")
    workers.close()


def test_a_storage_that_cannot_be_written_is_said(files: Path) -> None:
    files.write_text("not a folder")
    found = results()["storage"]
    assert (found.ok, "GAZE_DATA" in found.sentence) == (False, True)


def test_a_storage_that_gives_back_other_bytes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "read", lambda key: b"other")
    assert "other bytes" in results()["storage"].sentence
    assert list(storage.keys()) == []


def test_missing_migrations_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_checks.MigrationExecutor, "migration_plan", lambda self, targets: [1, 2])
    assert results()["database"].sentence.startswith("2 migrations are missing.")
