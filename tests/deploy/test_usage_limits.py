"""Every way to deploy the site limits what one address, one person and all together may use."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

LIMITS = (
    "UPLOADS_PER_ADDRESS",
    "GUEST_UPLOADS_PER_ADDRESS",
    "RENDERS_PER_PERSON",
    "GPU_RENDERS_PER_DAY",
    "CONNECTIONS",
    "CONNECTIONS_PER_ADDRESS",
    "OPEN_UPLOADS_PER_ADDRESS",
    "SPOOL_MEGABYTES",
)


def fly_profiles(repo: Path) -> dict[str, dict[str, Any]]:
    return {path.name: tomllib.loads(path.read_text())["env"] for path in sorted(repo.glob("fly*.toml"))}


def compose_services(repo: Path) -> dict[str, dict[str, Any]]:
    """Environments of the services that run our image, in every compose file."""
    found = {}
    for path in sorted((repo / "deploy").glob("*compose*.y*ml")):
        for name, service in yaml.safe_load(path.read_text())["services"].items():
            if service.get("image") == "gazesite":
                found[f"{path.name}: {name}"] = service["environment"]
    return found


def test_every_deployment_file_sets_every_limit(repo: Path) -> None:
    environments = {**fly_profiles(repo), **compose_services(repo)}
    assert len(environments) >= 4
    for name, environment in environments.items():
        assert [limit for limit in LIMITS if int(environment.get(limit, 0)) <= 0] == [], name


def test_they_are_all_the_limits_that_are_documented(repo: Path) -> None:
    rows = (repo / "deploy" / "SETTINGS.md").read_text().split("## Limits")[1].split("##")[0].splitlines()
    documented = [row.split("`")[1] for row in rows if row.startswith("| `")]
    assert sorted(documented) == sorted(LIMITS)


@pytest.mark.parametrize("limit", LIMITS)
def test_the_sites_settings_know_them(limit: str) -> None:
    assert isinstance(getattr(settings, limit), int)


def test_every_deployment_file_says_when_sheets_are_made(repo: Path) -> None:
    environments = {**fly_profiles(repo), **compose_services(repo)}
    assert {environment.get("SHEETS") for environment in environments.values()} == {settings.SHEETS}
