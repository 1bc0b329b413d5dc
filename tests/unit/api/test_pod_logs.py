"""Which log is shown: against the kubelet's own answers, and what the API server says before it asks the kubelet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.api.exchange import Request
from simulator.api.pod_logs import container_name, log_container_id, log_options
from simulator.errors import BadRequest, Invalid
from simulator.model.kubernetes import core_v1, from_builtins
from tests.vectors.cases import cases

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "case", [parameter for parameter in cases("pod-files") if parameter.values[0] and parameter.values[0]["op"] == "logs"]
)
def test_which_container(case: Any) -> None:
    status = from_builtins(case["podStatus"], core_v1.PodStatus)
    expect = case["expect"]
    if "error" in expect:
        with pytest.raises(BadRequest) as caught:
            log_container_id(status, "job-x7k2p", case["container"], case.get("previous", False))
        assert str(caught.value) == expect["error"]
    else:
        found = log_container_id(status, "job-x7k2p", case["container"], case.get("previous", False))
        assert found == expect["containerID"]


def pod(*names: str, inits: tuple[str, ...] = ()) -> core_v1.Pod:
    tree = {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": name} for name in names], "initContainers": [{"name": name} for name in inits]},
    }
    return from_builtins(tree, core_v1.Pod)


def test_which_container_name() -> None:
    assert container_name(pod("a"), "") == "a"
    assert container_name(pod("a", inits=("i",)), "") == "a"
    assert container_name(pod("a", inits=("i",)), "i") == "i"
    with pytest.raises(BadRequest, match="container x is not valid for pod p"):
        container_name(pod("a"), "x")
    with pytest.raises(BadRequest) as caught:
        container_name(pod("a", "b", inits=("i", "j")), "")
    assert str(caught.value) == (
        "a container name must be specified for pod p, choose one of: [a b] or one of the init containers: [i j]"
    )


def options(**query: str) -> Any:
    return log_options(Request("GET", "/", {name: [value] for name, value in query.items()}), NOW)


def test_options() -> None:
    assert options().tail_lines is None
    chosen = options(follow="true", timestamps="true", tailLines="0", limitBytes="7", sinceSeconds="60")
    assert (chosen.follow, chosen.timestamps, chosen.tail_lines, chosen.limit_bytes) == (True, True, 0, 7)
    assert chosen.since_time == NOW - timedelta(seconds=60)
    assert options(sinceTime="2026-01-01T13:00:00+02:00").since_time == NOW - timedelta(hours=1)
    assert options(follow="false").follow is False


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"tailLines": "-1"}, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ({"limitBytes": "0"}, "limitBytes: Invalid value: 0: must be greater than 0"),
        ({"sinceSeconds": "0"}, "sinceSeconds: Invalid value: 0: must be greater than 0"),
        ({"sinceSeconds": "1", "sinceTime": "2026-01-01T00:00:00Z"}, "at most one of `sinceTime` or `sinceSeconds`"),
    ],
)
def test_options_out_of_range(query: dict[str, str], text: str) -> None:
    with pytest.raises(Invalid) as caught:
        options(**query)
    assert text in str(caught.value)


@pytest.mark.parametrize("query", [{"tailLines": "x"}, {"sinceTime": "yesterday"}, {"sinceTime": "2026-01-01T00:00:00"}])
def test_options_that_cannot_be_read(query: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        options(**query)
