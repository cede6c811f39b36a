from __future__ import annotations

from typing import Any

from tests.bench.widget_visits import Traffic


def event(seconds: float, count: int = 0) -> dict[str, Any]:
    """As Chromium tells it: its own clock began at 1,000 s of ours."""
    address = {"url": "http://localhost/gaze.js"}
    moment = {"timestamp": seconds, "wallTime": 1000 + seconds}
    return {"requestId": "1", "encodedDataLength": count, "request": address, **moment}


def test_bytes_count_from_when_they_arrived() -> None:
    traffic = Traffic()
    traffic.on_request(event(0))
    traffic.on_data(event(1, 300))
    traffic.on_data(event(2, 500))
    assert [traffic.total(1000e3 + until) for until in (900, 1100, 2100)] == [0, 300, 800]


def test_headers_count_once_a_file_has_come_and_a_file_is_pending_until_then() -> None:
    traffic = Traffic()
    traffic.on_request(event(0))
    traffic.on_data(event(1, 300))
    assert traffic.pending
    traffic.on_finished(event(2, 450))
    assert not traffic.pending
    assert (traffic.total(), traffic.scripts()) == (450, (450, 450))
