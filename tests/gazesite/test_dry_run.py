"""Requests as text, without what is nobody's business."""

from __future__ import annotations

import httpx

from gazesite.dry_run import as_text, dry_run
from gpuworker.fleet.pod_spec import PodSpec
from gpuworker.fleet.source_config import SourceConfig

KEY, SECRET = "rpa_0123456789abcdef", "a-secret-of-the-site-0123456789"


def test_a_request_is_shown_with_method_address_and_body() -> None:
    text = as_text(
        httpx.Request("POST", "https://api.example/v2/pods?a=1", json={"name": "gaze-1", "ports": ["8000/http"]})
    )
    assert text.splitlines()[0] == "POST https://api.example/v2/pods?a=1"
    assert '"name": "gaze-1"' in text


def test_whatever_is_called_a_secret_is_masked_at_any_depth() -> None:
    body = {
        "env": {"WORKER_TOKEN": SECRET, "HF_API_KEY": SECRET, "WORKER_ENGINE": "warp"},
        "list": [{"password": SECRET}],
    }
    text = as_text(httpx.Request("POST", "https://api.example/", json=body, headers={"Authorization": f"Bearer {KEY}"}))
    assert SECRET not in text
    assert KEY not in text
    assert '"WORKER_ENGINE": "warp"' in text


def test_an_order_is_rehearsed_to_its_end_and_nobody_is_asked() -> None:
    plan = PodSpec("registry.example.org/gaze-worker:1", volume="v1", data_centres=("EU-RO-1",))
    said: list[str] = []
    dry_run(SourceConfig("runpod-pod", key=KEY, secret=SECRET, pod=plan), plan, said.append)
    assert [text.split()[0] for text in said] == ["GET", "GET", "POST", "GET"]
    assert '"volumeId": "v1"' in said[2]
    assert said[3].startswith("GET https://pod-8000.proxy.runpod.net/health\nAuthorization: Bearer ********")
    assert KEY not in "".join(said)
