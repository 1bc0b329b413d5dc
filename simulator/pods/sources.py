"""What a pod's environment and files are made from, besides the pod itself: config maps, secrets, addresses, the node."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from simulator.model.kubernetes import core_v1
from simulator.model.quantities import Quantity


def _nothing(name: str) -> None:
    return None


class Sources(msgspec.Struct, frozen=True):
    """Look-ups by name in the pod's namespace; None: not there. `services`: the Services that containers can reach."""

    config_map: Callable[[str], core_v1.ConfigMap | None] = _nothing
    secret: Callable[[str], core_v1.Secret | None] = _nothing
    services: tuple[core_v1.Service, ...] = ()


class Placement(msgspec.Struct, frozen=True):
    """Where a pod is: its addresses, its node's address and what the node can give out."""

    pod_ips: tuple[str, ...] = ()
    host_ips: tuple[str, ...] = ()
    allocatable: Mapping[str, Quantity] = msgspec.field(default_factory=dict)


class ConfigError(Exception):
    """A container can't be configured (`CreateContainerConfigError`); the text is the kubelet's message."""
