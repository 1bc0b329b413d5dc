from __future__ import annotations

from typing import Any

import pytest

from simulator.parser import unsupported_fields


def paths(container: dict[str, Any], **spec: Any) -> list[str]:
    template = {"spec": {"containers": [{"name": "main", "image": "busybox", **container}], **spec}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": {"template": template}}
    found = unsupported_fields(job)
    prefix = "spec.template.spec."
    assert all(text.startswith(prefix) and ": " in text for text in found)
    return [text.removeprefix(prefix).partition(": ")[0] for text in found]


def test_an_ordinary_pod_has_none() -> None:
    volumes = [
        {"name": "v", "emptyDir": {}},
        {"name": "c", "configMap": {"name": "c"}},
        {"name": "p", "hostPath": {"path": "/"}},
    ]
    container = {"env": [{"name": "A"}], "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}
    assert paths(container, volumes=volumes, schedulerName="default-scheduler", hostUsers=True) == []


@pytest.mark.parametrize(
    ("container", "spec", "path"),
    [
        ({}, {"affinity": {"nodeAffinity": {}}}, "affinity"),
        ({}, {"tolerations": [{"operator": "Exists"}]}, "tolerations"),
        ({}, {"schedulerName": "mine"}, "schedulerName"),
        ({}, {"priorityClassName": "high"}, "priorityClassName"),
        ({}, {"hostUsers": False}, "hostUsers"),
        ({}, {"volumes": [{"name": "v", "csi": {"driver": "d"}}]}, "volumes[0].csi"),
        ({}, {"volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}]}, "volumes[0].nfs"),
        ({"livenessProbe": {"exec": {"command": ["true"]}}}, {}, "containers[0].livenessProbe"),
        ({"lifecycle": {"preStop": {"sleep": {"seconds": 1}}, "postStart": {"exec": {"command": ["true"]}}}}, {}, ""),
        ({"lifecycle": {"preStop": {"httpGet": {"port": 80}}}}, {}, "containers[0].lifecycle.preStop.httpGet"),
        ({"resources": {"limits": {"example.com/gpu": 1}}}, {}, "containers[0].resources.limits[example.com/gpu]"),
        ({"securityContext": {"windowsOptions": {}}}, {}, ""),
    ],
)  # fmt: skip
def test_each_is_named(container: dict[str, Any], spec: dict[str, Any], path: str) -> None:
    assert paths(container, **spec) == ([path] if path else [])


def test_kinds_without_pods_and_without_a_template() -> None:
    assert unsupported_fields({"kind": "ConfigMap", "metadata": {}}) == []
    assert unsupported_fields({"kind": "Job", "metadata": {}}) == []
