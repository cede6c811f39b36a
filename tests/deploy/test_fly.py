"""Fly's two profiles. Every key is one of fly.toml's reference; a wrong one would be passed over in silence."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROFILES = ("fly.toml", "fly.growth.toml")
CHECK = {"method", "path", "interval", "timeout", "grace_period", "headers", "protocol"}
KNOWN: dict[str, set[str]] = {
    "": {"app", "primary_region", "kill_signal", "kill_timeout", "build", "deploy", "env", "processes", "mounts",
         "http_service", "checks", "vm", "metrics"},
    "build": {"dockerfile", "build-target", "image", "ignorefile", "args"},
    "deploy": {"release_command", "release_command_timeout", "strategy", "max_unavailable", "wait_timeout"},
    "mounts": {"source", "destination", "initial_size", "processes", "auto_extend_size_threshold",
               "auto_extend_size_increment", "auto_extend_size_limit"},
    "http_service": {"processes", "internal_port", "force_https", "auto_stop_machines", "auto_start_machines",
                     "min_machines_running", "concurrency", "checks"},
    "http_service.concurrency": {"type", "soft_limit", "hard_limit"},
    "http_service.checks": CHECK,
    "checks.ready": CHECK | {"type", "port", "processes"},
    "vm": {"size", "memory", "cpus", "cpu_kind", "processes"},
    "metrics": {"port", "path", "processes"},
}  # fmt: skip


def profile(repo: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((repo / name).read_text())


def tables(where: str, value: Any) -> list[dict[str, Any]]:
    """The tables at a dotted path; an array of tables counts as several."""
    found = [value]
    for step in filter(None, where.split(".")):
        found = [part for each in found for part in _listed(each.get(step))]
    return found


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("where", KNOWN)
def test_every_key_is_one_that_fly_knows(repo: Path, name: str, where: str) -> None:
    assert [
        set(table) - KNOWN[where] for table in tables(where, profile(repo, name)) if set(table) - KNOWN[where]
    ] == []


@pytest.mark.parametrize("name", PROFILES)
def test_the_image_is_ours_and_the_stage_exists(repo: Path, name: str) -> None:
    build = profile(repo, name)["build"]
    assert (repo / build["dockerfile"]).exists()
    assert f" AS {build['build-target']}\n" in (repo / build["dockerfile"]).read_text()


@pytest.mark.parametrize("name", PROFILES)
def test_traffic_depends_on_livez_alone_and_readyz_is_watched(repo: Path, name: str) -> None:
    fly = profile(repo, name)
    assert [check["path"] for check in fly["http_service"]["checks"]] == ["/livez"]
    assert (fly["checks"]["ready"]["path"], fly["checks"]["ready"]["port"]) == ("/readyz", 3000)


@pytest.mark.parametrize("name", PROFILES)
def test_ports_are_those_of_the_image(repo: Path, name: str) -> None:
    fly = profile(repo, name)
    assert f"PORT={fly['http_service']['internal_port']} " in (repo / "deploy/site.Dockerfile").read_text()
    assert {metrics["port"] for metrics in _listed(fly["metrics"])} == {int(fly["env"]["METRICS_PORT"])}


@pytest.mark.parametrize("name", PROFILES)
def test_machines_end_by_sigterm_and_get_their_time(repo: Path, name: str) -> None:
    fly = profile(repo, name)
    assert fly["kill_signal"] == "SIGTERM"
    assert float(fly["env"].get("WORK_GRACE", "20")) + 18 <= fly["kill_timeout"] <= 300


@pytest.mark.parametrize("name", PROFILES)
def test_nobody_is_fooled_about_who_asks(repo: Path, name: str) -> None:
    fly = profile(repo, name)
    assert fly["http_service"]["force_https"] is True
    assert fly["env"]["CLIENT_ADDRESS_HEADER"] == "Fly-Client-IP"


@pytest.mark.parametrize("name", PROFILES)
def test_no_secret_stands_in_it_and_every_variable_is_read_by_the_site(repo: Path, name: str) -> None:
    env = profile(repo, name)["env"]
    assert not [key for key in env if re.search(r"KEY|TOKEN|PASSWORD|DSN|_URL$", key) and key != "SITE_URL"]
    settings = (repo / "gazesite" / "settings.py").read_text()
    assert [key for key in env if f'"{key}"' not in settings] == []


def test_one_machine_keeps_everything_on_the_volume_of_the_original_s_commands(repo: Path) -> None:
    fly = profile(repo, "fly.toml")
    (mount,) = fly["mounts"]
    assert (fly["app"], fly["primary_region"], mount["source"]) == ("gaze-app", "sjc", "gaze_data")
    assert f"GAZE_DATA={mount['destination']} " in (repo / "deploy/site.Dockerfile").read_text()
    assert "processes" not in fly
    assert "release_command" not in fly.get("deploy", {}), "it would run without the volume"
    assert fly["build"]["build-target"] == "fly", "the volume belongs to root"


def test_one_machine_is_never_put_to_sleep(repo: Path) -> None:
    service = profile(repo, "fly.toml")["http_service"]
    assert (service["auto_stop_machines"], service["min_machines_running"]) == ("off", 1)


def test_past_one_machine_nothing_lies_on_a_volume_and_the_database_is_migrated_first(repo: Path) -> None:
    fly = profile(repo, "fly.growth.toml")
    assert "mounts" not in fly
    assert fly["deploy"]["release_command"] == "migrate"
    assert fly["processes"] == {"web": "web", "worker": "work"}
    words = re.findall(r"^(\w+)\)", (repo / "deploy" / "start.sh").read_text(), re.MULTILINE)
    assert {"web", "work", "migrate"} <= set(words)


def test_past_one_machine_pages_alone_get_traffic(repo: Path) -> None:
    fly = profile(repo, "fly.growth.toml")
    assert fly["http_service"]["processes"] == ["web"]
    assert sorted(process for vm in fly["vm"] for process in vm["processes"]) == ["web", "worker"]
