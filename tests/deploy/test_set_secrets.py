"""Secrets on their way to Fly: all of them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.fakes import FakeCommands

VALUES = {
    "SECRET_KEY": "key-with-$(date)-`id`-and-%s",
    "RUNPOD_API_KEY": "rpa_0123456789",
    "EMAIL_URL": "smtp+tls://user:p=ss#word@mail.example:587",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [f"{name}={value}" for name, value in VALUES.items()]
    path = tmp_path / "env"
    path.write_text("\n".join(["# a comment", "", *lines, "EMPTY=", "POSTGRES_PASSWORD=of-the-host"]))
    return path


def test_they_go_through_standard_input_and_are_in_no_command_line(fakes: FakeCommands, file: Path) -> None:
    fakes.add("fly", reads=True)
    done = fakes.run("deploy/set-secrets.sh", "--app", "gaze", "--env", file)
    assert done.returncode == 0, done.stderr
    (call,) = fakes.calls
    assert call.line == "fly secrets import --stage --app gaze"
    assert call.given == "".join(f'{name}="""{value}"""\n' for name, value in VALUES.items())


def test_nothing_that_is_printed_holds_a_value(fakes: FakeCommands, file: Path) -> None:
    fakes.add("fly", reads=True)
    for words in ([], ["--dry-run"]):
        done = fakes.run("deploy/set-secrets.sh", *words, "--env", file)
        printed = done.stdout + done.stderr
        assert all(name in printed for name in VALUES)
        assert not any(value in printed for value in [*VALUES.values(), "of-the-host"])


def test_a_dry_run_prints_the_exact_command_and_sets_nothing(fakes: FakeCommands, file: Path) -> None:
    fakes.add("fly", reads=True)
    done = fakes.run("deploy/set-secrets.sh", "--dry-run", "--app", "gaze", "--env", file)
    masked = "".join(f'{name}="""********"""\n' for name in VALUES)
    assert done.stdout == f"fly secrets import --stage --app gaze <<END\n{masked}END\n"
    assert fakes.calls == []


def test_quotes_round_a_value_are_not_part_of_it(fakes: FakeCommands, tmp_path: Path) -> None:
    (tmp_path / "env").write_text("A=\"one two\"\nB='three'\n")
    fakes.add("fly", reads=True)
    fakes.run("deploy/set-secrets.sh", "--env", tmp_path / "env")
    assert fakes.calls[0].given == 'A="""one two"""\nB="""three"""\n'


@pytest.mark.parametrize("line", ["no equals sign", "lower=case", "A B=c", "=value", 'QUOTED=a"b', "RETURN=a\rb"])
def test_a_line_that_is_not_understood_stops_it_with_its_number_and_without_its_value(
    fakes: FakeCommands, tmp_path: Path, line: str
) -> None:
    (tmp_path / "env").write_text(f"GOOD=one\n{line}\n", newline="")
    fakes.add("fly", reads=True)
    done = fakes.run("deploy/set-secrets.sh", "--env", tmp_path / "env")
    assert done.returncode == 1
    assert "line 2" in done.stderr
    assert line.partition("=")[2] not in done.stderr or not line.partition("=")[2]
    assert fakes.calls == []


def test_fly_s_refusal_is_its_own(fakes: FakeCommands, file: Path) -> None:
    fakes.add("fly", code=1, reads=True)
    done = fakes.run("deploy/set-secrets.sh", "--env", file)
    assert done.returncode == 1
    assert "are set" not in done.stdout


def test_without_a_file_or_with_an_empty_one_it_says_so(fakes: FakeCommands, tmp_path: Path) -> None:
    done = fakes.run("deploy/set-secrets.sh", "--env", tmp_path / "nothing")
    assert (done.returncode, "deploy/make-env.sh" in done.stderr) == (1, True)
    (tmp_path / "empty").write_text("# nothing\n")
    done = fakes.run("deploy/set-secrets.sh", "--env", tmp_path / "empty")
    assert (done.returncode, "sets nothing" in done.stderr) == (1, True)


def test_an_unknown_option_is_answered_with_how_it_is_used(fakes: FakeCommands) -> None:
    done = fakes.run("deploy/set-secrets.sh", "--help")
    assert done.returncode == 2
    assert "[--dry-run] [--app NAME] [--env FILE]" in done.stderr
