from __future__ import annotations

import pytest

from tests.bench import latencies


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100)])
def test_a_percentile_is_a_value_that_was_measured(percent: int, expected: float) -> None:
    assert latencies.percentile([float(value) for value in range(100, 0, -1)], percent) == expected


def test_of_one_value_every_percentile_is_that_value() -> None:
    assert [latencies.percentile([7.0], percent) for percent in latencies.PERCENTS] == [7.0, 7.0, 7.0]


def test_a_missed_bar_is_shown_at_p95_only() -> None:
    assert [figure.ok for figure in latencies.figures("page", [400.0], 300)] == [None, False, None]


def test_a_page_is_compared_with_the_bare_one_by_medians() -> None:
    assert latencies.ratio("page", [20.0, 30.0, 900.0], [10.0, 10.0, 10.0]).value == 3.0
