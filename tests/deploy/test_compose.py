"""One host: the file is what Compose understands, and nothing in it is open that need not be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

OURS = ("web", "jobs")


@pytest.fixture(scope="module")
def compose(repo: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((repo / "deploy" / "compose.yaml").read_text())
    return found


def test_it_follows_the_specification(repo: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "deploy/compose.yaml",
    ]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_specification_would_refuse_a_wrong_one(repo: Path, tmp_path: Path) -> None:
    text = (repo / "deploy" / "compose.yaml").read_text()
    (tmp_path / "compose.yaml").write_text(text.replace("restart:", "restarts:"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    assert subprocess.run([*command, tmp_path / "compose.yaml"], capture_output=True, timeout=60).returncode != 0


def test_pages_and_renders_are_apart_beside_database_queue_and_edge(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"edge", "web", "jobs", "postgres", "redis"}
    assert [compose["services"][name]["command"] for name in OURS] == [["web"], ["work"]]


def test_only_the_edge_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["edge"]
    assert not any("network_mode" in service or "privileged" in service for service in compose["services"].values())


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_nothing_but_their_work(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["volumes"] == ["data:/data"]
    assert "user" not in service


def test_nothing_starts_before_what_it_stands_on_is_healthy(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for part, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, name
            assert part in OURS or "healthcheck" in services[part]


def test_the_database_is_migrated_once_before_renders_begin(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["web"]["environment"]["MIGRATE_FIRST"] == "yes"
    assert "MIGRATE_FIRST" not in services["jobs"]["environment"]
    assert "web" in services["jobs"]["depends_on"]


def test_foreign_images_are_pinned_to_a_patch_release(compose: dict[str, Any]) -> None:
    images = [service["image"] for name, service in compose["services"].items() if name not in OURS]
    assert [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?-", image)] == []


def test_redis_forgets_nothing_and_throws_nothing_away(compose: dict[str, Any]) -> None:
    command = " ".join(compose["services"]["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_no_secret_stands_in_the_file(repo: Path) -> None:
    text = (repo / "deploy" / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+)", text)) == {"POSTGRES_PASSWORD", "SITE_URL"}
    assert len(re.findall(r"\$\{\w+:\?", text)) == len(re.findall(r"\$\{", text))


def test_renders_get_longer_to_end_than_they_are_given(compose: dict[str, Any]) -> None:
    from gazesite.processes.worker_process import HAND_BACK_SECONDS
    from gazesite.settings import WORK_GRACE

    seconds = int(compose["services"]["jobs"]["stop_grace_period"].removesuffix("s"))
    assert seconds >= WORK_GRACE + HAND_BACK_SECONDS + 10
