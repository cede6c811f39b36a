from __future__ import annotations

import subprocess
import sys

import pytest

from gpuworker.errors import BadRequest
from gpuworker.fleet.pod_spec import PodPlan
from gpuworker.fleet.serverless import EndpointPlan
from gpuworker.fleet.source_config import Choice, build

KEY, SECRET = "rpa_KEY", "a secret of sixteen or more"
WHOLE = [
    Choice(),
    Choice("url", url="http://worker", token="a token of the worker"),
    Choice("runpod-pod", key=KEY, secret=SECRET, pod=PodPlan("org/worker:1")),
    Choice("runpod-serverless", key=KEY, endpoint=EndpointPlan("abc")),
]


@pytest.mark.parametrize("choice", WHOLE, ids=lambda choice: choice.kind)
def test_the_source_is_the_one_that_was_chosen_and_rents_nothing_yet(choice: Choice) -> None:
    source = build(choice)
    assert source.name == choice.kind
    source.close()
    source.close()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"kind": "mainframe"}, "sources are"),
        ({"kind": "url"}, "address"),
        ({"kind": "runpod-pod", "secret": SECRET, "pod": PodPlan("i")}, "RUNPOD_API_KEY"),
        ({"kind": "runpod-pod", "key": KEY, "secret": SECRET}, "image"),
        ({"kind": "runpod-pod", "key": KEY, "secret": "short", "pod": PodPlan("i")}, "secret"),
        ({"kind": "runpod-serverless", "endpoint": EndpointPlan("abc")}, "RUNPOD_API_KEY"),
        ({"kind": "runpod-serverless", "key": KEY}, "endpoint"),
    ],
)
def test_what_is_missing_is_named(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(BadRequest, match=word):
        Choice(**wrong)


def test_a_choice_that_is_printed_shows_no_secret() -> None:
    text = repr(WHOLE)
    for hidden in (KEY, SECRET, "a token of the worker"):
        assert hidden not in text


def test_a_site_that_rents_needs_none_of_the_workers_own_libraries() -> None:
    heavy = "{'starlette', 'uvicorn', 'numpy', 'cv2', 'PIL', 'scipy', 'runpod'}"
    question = f"import sys, gpuworker.fleet.source_config; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", question], check=False).returncode == 0
