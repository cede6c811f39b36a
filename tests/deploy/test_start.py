"""Start of a container: nothing as root, the right address, and then it is the server."""

from __future__ import annotations

import os

import pytest

from tests.deploy.fakes import Call, FakeCommands


def started(fakes: FakeCommands, *words: str, **environment: str) -> Call:
    fakes.add("id", output="10001\n")
    fakes.add("python")
    done = fakes.run("deploy/start.sh", *words, **({"PORT": "3000", "GAZE_DATA": "/data"} | environment))
    assert done.returncode == 0, done.stderr
    return fakes.calls[-1]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ((), "manage.py serve"),
        (("site",), "manage.py serve"),
        (("web",), "manage.py serve --web-only"),
        (("work",), "manage.py work"),
        (("migrate",), "manage.py migrate --noinput"),
        (("python", "manage.py", "doctor"), "manage.py doctor"),
    ],
)
def test_each_word_is_a_command(fakes: FakeCommands, words: tuple[str, ...], command: str) -> None:
    assert started(fakes, *words).line == f"python {command}"


def test_a_web_that_is_alone_migrates_first(fakes: FakeCommands) -> None:
    started(fakes, "web", MIGRATE_FIRST="yes")
    lines = [call.line for call in fakes.calls if call.words[0] == "python"]
    assert lines == ["python manage.py migrate --noinput", "python manage.py serve --web-only"]


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "http://localhost:3000"),
        ({"FLY_APP_NAME": "gaze"}, "https://gaze.fly.dev"),
        ({"FLY_APP_NAME": "gaze", "SITE_URL": "https://gaze.example"}, "https://gaze.example"),
    ],
)
def test_the_address_is_the_app_s_unless_it_is_given(
    fakes: FakeCommands, environment: dict[str, str], address: str
) -> None:
    assert started(fakes, **environment).environment["SITE_URL"] == address


def test_as_root_it_changes_the_owner_of_the_volume_and_drops_its_rights(fakes: FakeCommands) -> None:
    fakes.add("id", output="0\n")
    fakes.add("chown")
    fakes.add("setpriv")
    fakes.add("python")
    done = fakes.run("deploy/start.sh", "site", PORT="3000", GAZE_DATA="/data")
    assert done.returncode == 0, done.stderr
    lines = [call.line for call in fakes.calls if call.words[0] != "id"]
    assert lines[0] == "chown gaze:gaze /data"
    assert lines[1].startswith("setpriv --reuid=gaze --regid=gaze --init-groups --inh-caps=-all --no-new-privs -- ")
    assert lines[1].endswith("deploy/start.sh site")
    assert len(lines) == 2


def test_start_becomes_the_server_so_that_signals_reach_it(fakes: FakeCommands) -> None:
    """The fake's parent is this test, not a shell in between."""
    fakes.add("id", output="10001\n")
    script = fakes.folder / "python"
    script.write_text("#!/bin/sh\necho parent=$PPID\n")
    script.chmod(0o755)
    done = fakes.run("deploy/start.sh", "site", PORT="3000", GAZE_DATA="/data")
    assert done.stdout.strip() == f"parent={os.getpid()}"
