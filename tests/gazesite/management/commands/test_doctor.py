"""`manage.py doctor` prints each check and ends with 1 when one fails."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from gazesite.connection_checks import CheckResult
from gazesite.management.commands import doctor


def test_every_check_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "run_checks", lambda: [CheckResult("database", "answers", True)])
    call_command("doctor")
    assert "database" in capsys.readouterr().out


def test_the_number_of_failures_is_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        CheckResult("database", "answers", True),
        CheckResult("redis", "refused", False),
        CheckResult("mail", "refused", False),
    ]
    monkeypatch.setattr(doctor, "run_checks", lambda: found)
    with pytest.raises(CommandError, match=r"^2 of these must be mended first\.$"):
        call_command("doctor")
