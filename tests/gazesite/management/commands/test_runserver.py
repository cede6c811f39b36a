"""Development server: only with DEBUG, which reads templates for each request and is refused in production."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands
from pytest_django import Settings

from gazesite.management.commands.runserver import Command
from gazesite.server.daphne_server import SiteServer
from tests.gazesite.fresh_process import SET_UP, in_fresh_process

SHOW = (
    SET_UP
    + """
import json
from django.conf import settings
from django.template import engines
loaders = engines["django"].engine.template_loaders
print(json.dumps([settings.DEBUG, *(type(loader).__module__.rpartition(".")[2] for loader in loaders)]))
"""
)


@pytest.mark.parametrize(
    ("environment", "found"),
    [({"DEBUG": "true"}, [True, "filesystem", "app_directories"]), ({}, [False, "cached"])],
)
def test_templates_are_read_for_each_request_with_debug_alone(
    tmp_path: Path, environment: dict[str, str], found: list[object]
) -> None:
    assert json.loads(in_fresh_process(SHOW, tmp_path, **environment).stdout) == found


@pytest.mark.parametrize(
    "public", [{"SITE_URL": "https://gaze.example"}, {"REDIS_URL": "redis://127.0.0.1:1/0", "SECRET_KEY": "secret"}]
)
def test_debug_stops_the_start_of_a_site_for_others(tmp_path: Path, public: dict[str, str]) -> None:
    done = in_fresh_process("from gazesite import settings", tmp_path, DEBUG="true", **public)
    assert "DEBUG shows source code" in done.stderr


def test_the_development_server_is_the_sites_own_and_needs_debug(settings: Settings) -> None:
    assert get_commands()["runserver"] == "gazesite"
    settings.DEBUG = False
    with pytest.raises(CommandError, match="set DEBUG=true"):
        call_command("runserver")


def test_it_has_the_limits_of_the_real_one() -> None:
    server = Command().server_cls(
        application=None, endpoints=["tcp:0"], websocket_max_message_size=1 << 20, websocket_max_frame_size=1 << 20
    )
    assert isinstance(server, SiteServer)
    assert server.websocket_max_message_size < 1 << 20
