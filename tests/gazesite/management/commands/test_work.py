"""Commands of the growth profile where their parts are missing."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings


def test_jobs_alone_need_a_queue(settings: Settings) -> None:
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="REDIS_URL is not set"):
        call_command("work")


def test_pages_alone_need_it_too(settings: Settings) -> None:
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="Pages alone need REDIS_URL"):
        call_command("serve", "--web-only")


def test_a_single_process_is_for_the_supervisor_which_gives_it_a_folder(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with pytest.raises(CommandError, match="starts itself"):
        call_command("work", "--one=7")
