"""Times in words: in UTC, from any time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from portraits.times import day_in_words, moment_in_words


def test_it_is_utc_and_says_so() -> None:
    late = datetime(2026, 7, 17, 23, 5, tzinfo=UTC).astimezone(timezone(timedelta(hours=5)))
    assert moment_in_words(late) == "17 July 2026, 23:05 UTC"
    assert day_in_words(late) == "17 July 2026 UTC"
