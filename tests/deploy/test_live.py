"""The commands that bring a site to life, printed and run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.fakes import FakeCommands

SECRET = "rpa_0123456789"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "env"


def dry(fakes: FakeCommands, file: Path, *words: str) -> list[str]:
    done = fakes.run("deploy/live.sh", "--dry-run", *words, ENV_FILE=str(file))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(("profile", "where"), [("fly", "gaze"), ("growth", "gaze"), ("host", "https://gaze.example")])
def test_a_dry_run_prints_commands_and_runs_none(fakes: FakeCommands, file: Path, profile: str, where: str) -> None:
    fakes.add("fly")
    fakes.add("docker")
    lines = dry(fakes, file, profile, where)
    assert len(lines) >= 3
    assert all(line.split()[0] in ("fly", "docker", "deploy/make-env.sh", "deploy/set-secrets.sh") for line in lines)
    assert fakes.calls == []
    assert not file.exists()


def test_a_dry_run_shows_what_fly_would_be_given_with_values_masked(fakes: FakeCommands, file: Path) -> None:
    file.write_text(f"RUNPOD_API_KEY={SECRET}\n")
    printed = "\n".join(dry(fakes, file, "fly", "gaze"))
    assert 'fly secrets import --stage --app gaze <<END\nRUNPOD_API_KEY="""********"""\nEND\n' in printed
    assert SECRET not in printed


def test_on_fly_the_printed_commands_are_those_that_are_run(fakes: FakeCommands, file: Path) -> None:
    fakes.add("fly")
    done = fakes.run("deploy/live.sh", "fly", "gaze", ENV_FILE=str(file))
    assert done.returncode == 0, done.stderr
    assert [call.line for call in fakes.calls] == dry(fakes, file, "fly", "gaze")


def test_on_a_host_the_printed_commands_are_those_that_are_run(fakes: FakeCommands, file: Path) -> None:
    fakes.add("docker")
    printed = dry(fakes, file, "host", "https://gaze.example")
    done = fakes.run("deploy/live.sh", "host", "https://gaze.example", ENV_FILE=str(file))
    assert done.returncode == 0, done.stderr
    assert [call.line for call in fakes.calls] == printed[1:]
    assert printed[0] == "deploy/make-env.sh https://gaze.example"
    assert file.read_text().startswith("SITE_URL=https://gaze.example\n")


def test_a_command_that_fails_ends_it(fakes: FakeCommands, file: Path) -> None:
    fakes.add("fly", code=3)
    done = fakes.run("deploy/live.sh", "fly", "gaze", ENV_FILE=str(file))
    assert done.returncode == 3
    assert len(fakes.calls) == 1


@pytest.mark.parametrize("words", [(), ("fly",), ("moon", "gaze"), ("--dry-run",)])
def test_an_unknown_profile_or_a_missing_name_is_told(fakes: FakeCommands, words: tuple[str, ...]) -> None:
    done = fakes.run("deploy/live.sh", *words)
    assert done.returncode == 2
    assert "fly" in done.stderr
