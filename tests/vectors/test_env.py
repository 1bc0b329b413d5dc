"""env.json: the environment of a container, its command, arguments, sub-paths and probe command."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from simulator.model.kubernetes import core_v1, from_builtins, meta_v1
from simulator.model.quantities import parse_quantity
from simulator.pods.environment import build_environment, expand_all, probe_command, sub_path
from simulator.pods.sources import ConfigError, Placement, Sources
from tests.vectors.cases import cases, check_keys
from tests.vectors.pod_input import read_pod

KEYS = {
    "name",
    "pod",
    "container",
    "configMaps",
    "secrets",
    "services",
    "podIPs",
    "hostIPs",
    "allocatable",
    "expect",
}


@pytest.mark.parametrize("case", cases("env"))
def test_env(case: dict[str, Any]) -> None:
    check_keys(case, KEYS)
    expected = case["expect"]
    check_keys(expected, {"env", "command", "args", "subPaths", "probeCommand", "error"}, "expect")
    pod = read_pod(case["pod"])
    assert pod.spec is not None
    containers = [*(pod.spec.initContainers or ()), *pod.spec.containers]
    container = next((item for item in containers if item.name == case.get("container")), pod.spec.containers[0])
    placement = Placement(
        tuple(case.get("podIPs", ())),
        tuple(case.get("hostIPs", ["192.168.65.3"])),
        {name: parse_quantity(value) for name, value in case.get("allocatable", {}).items()},
    )
    if "error" in expected:
        with pytest.raises(ConfigError) as caught:
            build_environment(pod, container, read_sources(case), placement)
        assert str(caught.value) == expected["error"]
        return
    env = build_environment(pod, container, read_sources(case), placement)
    assert env == expected["env"]
    assert list(expand_all(container.command, env) or ()) == expected.get("command", [])
    assert list(expand_all(container.args, env) or ()) == expected.get("args", [])
    assert {mount.mountPath: sub_path_or_error(mount, env) for mount in container.volumeMounts or ()} == expected.get(
        "subPaths", {}
    )
    if "probeCommand" in expected:
        assert container.livenessProbe is not None
        assert container.livenessProbe.exec is not None
        assert list(probe_command(container, container.livenessProbe.exec.command or ())) == expected["probeCommand"]


def read_sources(case: dict[str, Any]) -> Sources:
    config_maps = {
        name: core_v1.ConfigMap(metadata=meta_v1.ObjectMeta(name=name), data=data)
        for name, data in case.get("configMaps", {}).items()
    }
    secrets = {
        name: core_v1.Secret(
            metadata=meta_v1.ObjectMeta(name=name),
            data={key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
        )
        for name, data in case.get("secrets", {}).items()
    }
    services = tuple(from_builtins(service, core_v1.Service) for service in case.get("services", ()))
    return Sources(config_maps.get, secrets.get, services)


def sub_path_or_error(mount: core_v1.VolumeMount, env: dict[str, str]) -> Any:
    try:
        return sub_path(mount, env)
    except ConfigError as error:
        return {"error": str(error)}
