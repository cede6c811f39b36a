"""Script that prints the requirements of pyproject.toml's named extras, one a line.

    python deploy/dependencies.py production sentry

An image installs these before it gets the code, so that a change of the code installs nothing anew.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


def dependencies(project: dict[str, Any], extras: Iterable[str]) -> list[str]:
    """Base requirements and those of the extras, without the project itself. Raises KeyError."""
    optional = project["optional-dependencies"]
    found: dict[str, None] = dict.fromkeys(project["dependencies"])
    for extra in extras:
        for line in optional[extra]:
            own = re.fullmatch(rf"{re.escape(project['name'])}\[(.+)\]", line)
            found.update(dict.fromkeys(dependencies(project, _names(own[1])) if own else [line]))
    return list(found)


def _names(listed: str) -> Iterator[str]:
    yield from (name.strip() for name in listed.split(","))


if __name__ == "__main__":
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    sys.stdout.writelines(f"{line}\n" for line in dependencies(project, sys.argv[1:]))
