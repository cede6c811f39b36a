"""Template tags for times: in UTC for people, exact for the page's script."""

from __future__ import annotations

from datetime import UTC, datetime

from portraits.templatetags.times import day, moment

WHEN = datetime(2026, 7, 17, 23, 5, 9, 123456, tzinfo=UTC)


def test_a_moment_holds_date_and_time() -> None:
    assert moment(WHEN) == (
        '<time datetime="2026-07-17T23:05:09+00:00" data-local="moment">17 July 2026, 23:05 UTC</time>'
    )


def test_a_day_holds_the_date_alone() -> None:
    assert day(WHEN) == '<time datetime="2026-07-17T23:05:09+00:00" data-local="day">17 July 2026 UTC</time>'
