"""Scratch folders: each process has its own and empties no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_django import Settings

from gazesite.management.commands.work import child_command
from gazesite.processes.scratch import empty_scratch
from tests.gazesite.fresh_process import in_fresh_process

SHOW = """
import json
from gazesite import settings
print(json.dumps([str(settings.SCRATCH_DIR), settings.FILE_UPLOAD_TEMP_DIR]))
"""
REDIS = {"REDIS_URL": "redis://127.0.0.1:6379/0", "SECRET_KEY": "secret"}


def folders(data: Path, **environment: str) -> list[str]:
    done = in_fresh_process(SHOW, data, **environment)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "scratch"),
        (REDIS, "scratch/web"),
        ({**REDIS, **child_command(0).environment}, "scratch/job-0"),
        ({**REDIS, **child_command(1).environment}, "scratch/job-1"),
    ],
)
def test_each_process_starts_with_a_folder_of_its_own_also_for_uploads(
    tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    assert folders(tmp_path, **environment) == [str(tmp_path / name)] * 2


def test_a_name_that_leaves_the_scratch_folder_stops_the_start(tmp_path: Path) -> None:
    done = in_fresh_process("from gazesite import settings", tmp_path, SCRATCH_NAME="../files")
    assert "SCRATCH_NAME must be" in done.stderr


def test_only_its_own_folder_is_emptied(tmp_path: Path, settings: Settings) -> None:
    settings.SCRATCH_DIR = tmp_path / "job-0"
    (tmp_path / "job-0" / "render-old").mkdir(parents=True)
    (tmp_path / "web").mkdir()
    empty_scratch()
    assert list((tmp_path / "job-0").iterdir()) == []
    assert (tmp_path / "web").is_dir()
