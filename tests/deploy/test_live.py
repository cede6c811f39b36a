"""The commands that bring a site to life, printed and run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.stand_ins import StandIns

SECRET = "rpa_0123456789"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "env"


def dry(stand_ins: StandIns, file: Path, *words: str) -> list[str]:
    done = stand_ins.run("deploy/live.sh", "--dry-run", *words, ENV_FILE=str(file))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(("profile", "where"), [("fly", "gaze"), ("growth", "gaze"), ("host", "https://gaze.example")])
def test_a_dry_run_prints_commands_and_runs_none(stand_ins: StandIns, file: Path, profile: str, where: str) -> None:
    stand_ins.add("fly")
    stand_ins.add("docker")
    lines = dry(stand_ins, file, profile, where)
    assert len(lines) >= 3
    assert all(line.split()[0] in ("fly", "docker", "deploy/make-env.sh", "deploy/set-secrets.sh") for line in lines)
    assert stand_ins.calls == []
    assert not file.exists()


def test_a_dry_run_shows_what_fly_would_be_given_with_values_masked(stand_ins: StandIns, file: Path) -> None:
    file.write_text(f"RUNPOD_API_KEY={SECRET}\n")
    printed = "\n".join(dry(stand_ins, file, "fly", "gaze"))
    assert 'fly secrets import --stage --app gaze <<END\nRUNPOD_API_KEY="""********"""\nEND\n' in printed
    assert SECRET not in printed


def test_on_fly_the_printed_commands_are_those_that_are_run(stand_ins: StandIns, file: Path) -> None:
    stand_ins.add("fly")
    done = stand_ins.run("deploy/live.sh", "fly", "gaze", ENV_FILE=str(file))
    assert done.returncode == 0, done.stderr
    assert [call.line for call in stand_ins.calls] == dry(stand_ins, file, "fly", "gaze")


def test_on_a_host_the_printed_commands_are_those_that_are_run(stand_ins: StandIns, file: Path) -> None:
    stand_ins.add("docker")
    printed = dry(stand_ins, file, "host", "https://gaze.example")
    done = stand_ins.run("deploy/live.sh", "host", "https://gaze.example", ENV_FILE=str(file))
    assert done.returncode == 0, done.stderr
    assert [call.line for call in stand_ins.calls] == printed[1:]
    assert printed[0] == "deploy/make-env.sh https://gaze.example"
    assert file.read_text().startswith("SITE_URL=https://gaze.example\n")


def test_a_command_that_fails_ends_it(stand_ins: StandIns, file: Path) -> None:
    stand_ins.add("fly", code=3)
    done = stand_ins.run("deploy/live.sh", "fly", "gaze", ENV_FILE=str(file))
    assert done.returncode == 3
    assert len(stand_ins.calls) == 1


@pytest.mark.parametrize("words", [(), ("fly",), ("moon", "gaze"), ("--dry-run",)])
def test_an_unknown_profile_or_a_missing_name_is_told(stand_ins: StandIns, words: tuple[str, ...]) -> None:
    done = stand_ins.run("deploy/live.sh", *words)
    assert done.returncode == 2
    assert "fly" in done.stderr
