"""Times in the default format, such as the admin's, say that they are UTC; templates leave no other unmarked."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from django.template import Context, Template

TEMPLATES = Path(__file__).parents[4] / "templates"


def test_a_time_by_itself_says_utc() -> None:
    shown = Template("{{ when }}|{{ when|date:'DATETIME_FORMAT' }}|{{ when|time }}").render(
        Context({"when": datetime(2026, 7, 17, 20, 5, tzinfo=UTC)})
    )
    assert shown == "17 Jul 2026, 20:05 UTC|17 Jul 2026, 20:05 UTC|20:05 UTC"


def test_no_template_writes_a_time_without_its_zone() -> None:
    """Pages use the tags `moment` and `day`; mail and admin name the zone beside it."""
    for path in TEMPLATES.rglob("*"):
        if path.is_file():
            for line in path.read_text().splitlines():
                formatted = re.search(r"\|(date|time)(:|\s*\}\})", line)
                assert not formatted or "UTC" in line or '|date:"c"' in line, f"{path}: {line}"
