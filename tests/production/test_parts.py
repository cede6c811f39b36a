"""The doctor on healthy parts, and the models' own tests on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gazesite.fresh_process import SET_UP, in_fresh_process
from tests.production.conftest import site_on_parts, stored
from tests.production.parts import Part
from tests.site.running import REPO

SUITE = (
    "tests/portraits/models",
    "tests/portraits/rendering/test_attempt.py",
    "tests/portraits/queue/test_scheduling.py",
)
SUITE += (
    "tests/portraits/rendering/test_costs.py",
    "tests/portraits/rendering/test_sweeper.py",
    "tests/portraits/test_deletion.py",
)


def test_the_doctor_finds_nothing_wrong_with_real_parts_and_leaves_nothing(
    tmp_path: Path, redis_part: tuple[Part, str], postgres_part: tuple[Part, str], s3_part: tuple[Part, dict[str, str]]
) -> None:
    with site_on_parts(tmp_path / "site", "doctor", redis_part[1], postgres_part[1], s3_part[1]) as site:
        said = site.manage("doctor")
        assert "postgresql answers, and every migration is there" in said
        assert "the bucket gaze takes, gives and deletes files" in said
        assert "WRONG" not in said
        assert stored(s3_part[1]) == []


@pytest.mark.slow
def test_rows_keep_their_promises_on_postgresql_too(postgres_part: tuple[Part, str]) -> None:
    environment = os.environ | {"DATABASE_URL": postgres_part[1]}
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITE]
    done = subprocess.run(line, cwd=REPO, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-5000:]


HELD = """
import psycopg, sys
from django.core.management import call_command
from portraits import lock_timeout
from portraits.http import outages
lock_timeout.SECONDS = 1
call_command("migrate", verbosity=0)
from portraits.models import User
person = User.objects.create_user("held@example.com", "a long enough password")
with psycopg.connect(sys.argv[1]) as holder:
    holder.execute("SELECT 1 FROM portraits_user FOR UPDATE")
    try:
        person.ban()
    except Exception as error:
        print(outages.outage_of(error).code)
person.delete()
"""


@pytest.mark.slow
def test_a_row_that_somebody_holds_is_an_outage_and_not_waited_for_for_ever(
    postgres_part: tuple[Part, str], tmp_path: Path
) -> None:
    script = f"import sys; sys.argv.append({postgres_part[1]!r})\n" + SET_UP + HELD
    done = in_fresh_process(script, tmp_path, DATABASE_URL=postgres_part[1])
    assert done.stdout == "database_unavailable\n", done.stderr
