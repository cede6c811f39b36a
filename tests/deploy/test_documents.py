"""Every command that deploy/README.md tells is one that a dry run prints, or that a test runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.fakes import FakeCommands

# command: the file that runs it
ELSEWHERE = {
    "fly scale count web=3 worker=2 --app gaze-app --config fly.growth.toml": None,
    "fly secrets set RUNPOD_API_KEY=rpa_your_key_here": None,
    "docker build --file deploy/worker.Dockerfile --tag registry.example.org/gaze-worker:1 .": None,
    "docker push registry.example.org/gaze-worker:1": None,
    "git pull": None,
    "deploy/set-secrets.sh --app gaze-app": "tests/deploy/test_set_secrets.py",
    "python manage.py gpu start --dry-run": "tests/gazesite/management/commands/test_gpu.py",
    "python manage.py gpu start": "tests/gazesite/management/commands/test_gpu.py",
    "python manage.py gpu status": "tests/gazesite/management/commands/test_gpu.py",
    "python manage.py gpu logs -f": "tests/gazesite/management/commands/test_gpu.py",
    "python manage.py gpu stop": "tests/gazesite/management/commands/test_gpu.py",
    "python -m gpuworker reap --prefix gaze- --older-than 3600": "tests/gpuworker/fleet/test_reaper.py",
    "manage.py doctor": "tests/gazesite/test_connection_checks.py",
}
"""None: commands of others, of which we can only say that we print them nowhere wrong."""


def readme(repo: Path) -> str:
    return (repo / "deploy" / "README.md").read_text()


def table(repo: Path, heading: str) -> list[list[str]]:
    """Rows of the table below a heading: command, what it does, what it costs."""
    section = readme(repo).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| `")
    ]
    return [[cells[0].strip("`"), *cells[1:]] for cells in rows]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("A machine of your own", ("host", "https://gaze.example.org")),
        ("One machine on Fly", ("fly", "gaze-app")),
        ("Fly past one machine", ("growth", "gaze-app")),
    ],
)
def test_the_commands_told_are_those_that_a_dry_run_prints(
    repo: Path, fakes: FakeCommands, tmp_path: Path, heading: str, words: tuple[str, str]
) -> None:
    done = fakes.run("deploy/live.sh", "--dry-run", *words, ENV_FILE=str(tmp_path / "env"))
    assert [row[0] for row in table(repo, heading)] == done.stdout.splitlines()


@pytest.mark.parametrize("heading", ["A machine of your own", "One machine on Fly"])
def test_three_commands_are_enough(repo: Path, heading: str) -> None:
    assert len(table(repo, heading)) == 3


@pytest.mark.parametrize("heading", ["A machine of your own", "One machine on Fly", "Fly past one machine", "A GPU"])
def test_every_command_says_what_it_does_and_costs(repo: Path, heading: str) -> None:
    assert all(len(row) == 3 and all(row) for row in table(repo, heading))


def test_every_other_command_is_in_the_list(repo: Path) -> None:
    starts = ("fly ", "docker ", "deploy/", "python ", "git ", "manage.py ")
    told = {words for words in re.findall(r"`([^`\n]+)`", readme(repo)) if words.startswith(starts)}
    printed = {
        row[0]
        for name in ("A machine of your own", "One machine on Fly", "Fly past one machine")
        for row in table(repo, name)
    }
    files = {"deploy/.env", "deploy/live.sh", "deploy/live.sh --dry-run …"}
    assert told - printed - files == set(ELSEWHERE) - printed


@pytest.mark.parametrize("file", sorted({file for file in ELSEWHERE.values() if file}))
def test_the_file_that_is_said_to_run_a_command_exists(repo: Path, file: str) -> None:
    assert (repo / file).exists()


def test_the_original_s_four_commands_are_all_taken(repo: Path) -> None:
    commands = " ".join(row[0] for row in table(repo, "One machine on Fly")) + readme(repo)
    for words in ("fly apps create gaze-app", "fly volumes create gaze_data --size 10 --region sjc",
                  "fly secrets set RUNPOD_API_KEY=rpa_your_key_here", "fly deploy"):  # fmt: skip
        assert words in commands


def test_every_link_leads_somewhere(repo: Path) -> None:
    for file in ("README.md", "KNOWN_ISSUES.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", (repo / "deploy" / file).read_text())
        assert [link for link in links if not (repo / "deploy" / link).exists()] == []
