from __future__ import annotations

from typing import Any

import pytest

from simulator.parser.validation.warnings import pod_warnings


def warnings(**spec: Any) -> list[str]:
    return list(pod_warnings({"spec": spec}, ""))


def test_files_in_each_others_way() -> None:
    token = {"serviceAccountToken": {"path": "test"}}
    config = {"configMap": {"name": "c", "items": [{"key": "k", "path": "test/file"}]}}
    volumes = [
        {"name": "p", "projected": {"sources": [config, token, {}]}},
        {"name": "s", "secret": {"secretName": "foo", "items": [{"path": "a"}, {"path": "a/"}, {"path": "ab"}]}},
    ]
    assert warnings(volumes=volumes) == [
        'volume "p" (Projected): overlapping paths: "test" (ServiceAccountToken) with "test/file" (ConfigMap "c")',
        'volume "p" (Projected) has no sources provided',
        'volume "s" (Secret "foo"): overlapping paths: "a" with "a"',
    ]


def test_ports() -> None:
    one = {"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "web"}]}
    two = {"name": "b", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "web", "hostPort": 8080}]}
    first, second = "spec.containers[0].ports[0]", "spec.containers[1].ports[0]"
    assert warnings(containers=[one, two]) == [
        f"{second}: overlapping port definition with {first}",
        f'{second}: duplicate port name "web" with {first}, services and probes that select ports by name will use {first}',
    ]


@pytest.mark.parametrize(
    ("value", "warned"),
    [({"value": "x"}, True), ({"value": "$(A)"}, True), ({"value": "$(A)x"}, False), ({"valueFrom": {}}, True)],
)
def test_a_variable_given_twice(value: dict[str, Any], warned: bool) -> None:
    env = [{"name": "A", "value": "1"}, {"name": "A", **value}]
    assert bool(warnings(containers=[{"name": "a", "env": env}])) == warned


def test_addresses_and_old_labels() -> None:
    assert warnings(nodeSelector={"beta.kubernetes.io/os": "linux"}, dnsConfig={"nameservers": ["2001:DB8::1"]}) == [
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
        'spec.dnsConfig.nameservers[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
    ]
