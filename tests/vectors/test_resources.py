"""resources.json: QoS class, CPU shares and quota, memory limit, OOM score, requests and limits of the pod."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.quantities import parse_quantity
from simulator.pods import resources
from tests.vectors.cases import cases, check_keys
from tests.vectors.pod_input import read_pod

CONTAINER_KEYS = {"requests", "cpuShares", "cpuQuota", "memoryLimit", "cpuPeriod", "oomScoreAdj"}


@pytest.mark.parametrize("case", cases("resources"))
def test_resources(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "pod", "nodeMemory", "expect"})
    check_keys(case["expect"], {"qosClass", "containers", "podRequests", "podLimits"}, "expect")
    pod = read_pod(case["pod"])
    node_memory = parse_quantity(case["nodeMemory"]).value()
    answer = {
        container.name: {
            "requests": resources.requests_of(container),
            "cpuShares": resources.cpu_shares(pod, container),
            "cpuQuota": resources.cpu_quota(pod, container),
            "cpuPeriod": resources.CPU_PERIOD,
            "memoryLimit": resources.memory_limit(pod, container),
            "oomScoreAdj": resources.oom_score_adj(pod, container, node_memory),
        }
        for container in resources.all_containers(pod)
    }
    for expected in case["expect"]["containers"].values():
        check_keys(expected, CONTAINER_KEYS, "container")
    assert resources.qos_class(pod) == case["expect"]["qosClass"]
    assert answer == {
        name: expected | {"requests": resources.amounts(expected.get("requests"))}
        for name, expected in case["expect"]["containers"].items()
    }
    assert resources.pod_requests(pod) == resources.amounts(case["expect"]["podRequests"])
    assert resources.pod_limits(pod) == resources.amounts(case["expect"]["podLimits"])
