"""A file of settings for a site of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.fakes import FakeCommands


def settings(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_it_writes_address_and_secrets_for_its_owner_only(fakes: FakeCommands, tmp_path: Path) -> None:
    file = tmp_path / "env"
    done = fakes.run("deploy/make-env.sh", "https://gaze.example/", ENV_FILE=str(file))
    assert done.returncode == 0, done.stderr
    written = settings(file)
    assert written.pop("SITE_URL") == "https://gaze.example"
    assert set(written) == {"SECRET_KEY", "POSTGRES_PASSWORD", "METRICS_TOKEN"}
    assert all(len(value) >= 40 and value.isalnum() for value in written.values())
    assert file.stat().st_mode & 0o077 == 0
    assert not any(value in done.stdout + done.stderr for value in written.values())


def test_no_two_sites_share_a_secret(fakes: FakeCommands, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for file in files:
        fakes.run("deploy/make-env.sh", "https://gaze.example", ENV_FILE=str(file))
    one, two = (set(settings(file).values()) - {"https://gaze.example"} for file in files)
    assert len(one) == 3
    assert one & two == set()


def test_a_file_that_exists_is_left_alone(fakes: FakeCommands, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("SECRET_KEY=kept\n")
    done = fakes.run("deploy/make-env.sh", "https://gaze.example", ENV_FILE=str(file))
    assert (done.returncode, file.read_text()) == (1, "SECRET_KEY=kept\n")
    assert "exists already" in done.stderr


@pytest.mark.parametrize("words", [(), ("gaze.example",), ("https://",)])
def test_without_an_address_it_says_how_it_is_used(fakes: FakeCommands, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = fakes.run("deploy/make-env.sh", *words, ENV_FILE=str(tmp_path / "env"))
    assert done.returncode == 2
    assert "deploy/make-env.sh https://" in done.stderr
    assert not (tmp_path / "env").exists()
