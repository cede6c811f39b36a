from __future__ import annotations

import subprocess
import sys

import pytest

from gpuworker.errors import BadRequest
from gpuworker.fleet.pod_spec import PodSpec
from gpuworker.fleet.serverless import EndpointSpec
from gpuworker.fleet.source_config import SourceConfig, build

KEY, SECRET = "rpa_KEY", "a secret of sixteen or more"
WHOLE = [
    SourceConfig(),
    SourceConfig("url", url="http://worker", token="a token of the worker"),
    SourceConfig("runpod-pod", key=KEY, secret=SECRET, pod=PodSpec("org/worker:1")),
    SourceConfig("runpod-serverless", key=KEY, endpoint=EndpointSpec("abc")),
]


@pytest.mark.parametrize("config", WHOLE, ids=lambda config: config.kind)
def test_the_source_is_the_one_that_was_chosen_and_rents_nothing_yet(config: SourceConfig) -> None:
    source = build(config)
    assert source.name == config.kind
    source.close()
    source.close()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"kind": "mainframe"}, "sources are"),
        ({"kind": "url"}, "address"),
        ({"kind": "runpod-pod", "secret": SECRET, "pod": PodSpec("i")}, "RUNPOD_API_KEY"),
        ({"kind": "runpod-pod", "key": KEY, "secret": SECRET}, "image"),
        ({"kind": "runpod-pod", "key": KEY, "secret": "short", "pod": PodSpec("i")}, "secret"),
        ({"kind": "runpod-serverless", "endpoint": EndpointSpec("abc")}, "RUNPOD_API_KEY"),
        ({"kind": "runpod-serverless", "key": KEY}, "endpoint"),
    ],
)
def test_what_is_missing_is_named(wrong: dict[str, object], word: str) -> None:
    with pytest.raises(BadRequest, match=word):
        SourceConfig(**wrong)


def test_a_choice_that_is_printed_shows_no_secret() -> None:
    text = repr(WHOLE)
    for hidden in (KEY, SECRET, "a token of the worker"):
        assert hidden not in text


def test_a_site_that_rents_needs_none_of_the_workers_own_libraries() -> None:
    heavy = "{'starlette', 'uvicorn', 'numpy', 'cv2', 'PIL', 'scipy', 'runpod'}"
    question = f"import sys, gpuworker.fleet.source_config; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", question], check=False).returncode == 0
