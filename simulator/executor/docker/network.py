"""The pod network: which network a pod gets, and the addresses on the instance's own one (1.6, D4).

An own network costs about a sixth more than the engine's default bridge for every pod. It is needed only where
somebody addresses the pod by name, or where the pod's address must be known before its first container is made. So in
mode `cluster` a pod without domain, aliases and `needs_address` gets the default bridge. Its address is then read from an
inspection that waits for the container's lock while the start is under way: it is answered before the engine looks at a
container that ended at once (measured on 20.10 and 28: 8 of 8 each; asked after the start, 2 of 8).
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from simulator.executor.docker.body import CREATED_BY, INSTANCE, VERSION, Attachment
from simulator.executor.docker.engine import Engine, explanation, status_code
from simulator.pods.executor import PodConfig

PodNetworkMode = Literal["cluster", "bridge", "none", "host"]

ROUTES = Path("/proc/net/route")


class PodNetwork:
    """The network of one instance, `kjsim-<instance>`; made when the first pod needs it, found again by its name."""

    def __init__(self, engine: Engine, instance: str, mode: PodNetworkMode) -> None:
        self._engine = engine
        self._instance = instance
        self._mode = mode
        self._lock = threading.Lock()
        self._subnet: ipaddress.IPv4Network | None = None
        self._gateway = ""
        self._addresses: dict[str, str] = {}
        self._last = 0

    @property
    def name(self) -> str:
        """The name of the instance's own network."""
        return f"kjsim-{self._instance}"

    def attachment(self, pod: PodConfig) -> Attachment:
        """How the pod is connected; takes an address for it if it gets one of its own. Raises the SDK's errors."""
        if pod.host_network or self._mode == "host":
            return Attachment("host")
        if self._mode == "none":
            return Attachment("none")
        if self._mode == "bridge" or not (pod.domain or pod.aliases or pod.needs_address):
            return Attachment("bridge")
        return Attachment("own", self.name, self._take(pod.uid))

    def address(self, pod_uid: str) -> str:
        """The pod's own address, empty if it has none."""
        return self._addresses.get(pod_uid, "")

    def known(self, addresses: Iterable[tuple[str, str]]) -> None:
        """Addresses (pod uid, IP) that containers hold already, found at start-up."""
        with self._lock:
            self._addresses.update(addresses)

    def give_back(self, pod_uid: str) -> None:
        """The pod no longer runs: its address may be handed out again once all others were."""
        with self._lock:
            self._addresses.pop(pod_uid, None)

    def address_on_bridge(self, container_id: str) -> str:
        """The address that the engine's default bridge has given to a container; empty if it knows none."""
        from docker.errors import APIError

        try:
            network = self._engine.api.inspect_network("bridge")
        except APIError:
            return ""
        return str(((network.get("Containers") or {}).get(container_id) or {}).get("IPv4Address") or "").partition("/")[0]

    def another(self, pod: PodConfig) -> Attachment:
        """Another address, after the engine said that the pod's is in use."""
        self.give_back(pod.uid)
        return self.attachment(pod)

    def forget(self) -> None:
        """Look for the network again: somebody removed it."""
        with self._lock:
            self._subnet = None

    def _take(self, pod_uid: str) -> str:
        with self._lock:
            address = self._addresses.get(pod_uid)
            if address:
                return address
            if self._subnet is None:
                self._ensure()
            subnet = self._subnet
            assert subnet is not None
            taken = {*self._addresses.values(), self._gateway}
            size = subnet.num_addresses
            for _ in range(size):
                self._last = self._last % (size - 2) + 1  # ascending, wrapping, never network nor broadcast
                address = str(subnet.network_address + self._last)
                if address not in taken:
                    self._addresses[pod_uid] = address
                    return address
            raise RuntimeError(f"no address is left in {subnet}")

    def _ensure(self) -> None:
        api = self._engine.api
        networks = api.networks()
        if not any(network["Name"] == self.name for network in networks):
            self._create([subnet for network in networks for subnet in _subnets(network)])
        config = api.inspect_network(self.name)["IPAM"]["Config"][0]
        self._subnet = ipaddress.IPv4Network(config["Subnet"])
        self._gateway = str(config.get("Gateway") or self._subnet.network_address + 1).partition("/")[0]

    def _create(self, used: list[ipaddress.IPv4Network]) -> None:
        from docker.errors import APIError
        from docker.types import IPAMConfig, IPAMPool

        if self._engine.endpoint.is_local:
            used = used + _routes()
        error: APIError | None = None
        for pool in _pools():
            if any(pool.overlaps(subnet) for subnet in used):
                continue
            try:
                self._engine.api.create_network(
                    self.name,
                    driver="bridge",
                    ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=str(pool))]),
                    labels={INSTANCE: self._instance, CREATED_BY: VERSION},
                )
                return
            except APIError as refusal:
                if status_code(refusal) == 409:
                    return  # another process was faster
                if "overlap" not in explanation(refusal):
                    raise
                error = refusal
        raise error or RuntimeError(
            "no free address range for the pod network: all of 10.244.0.0/16 to 10.255.0.0/16 are used"
        )


def _pools() -> Iterator[ipaddress.IPv4Network]:
    for second in range(244, 256):
        yield ipaddress.IPv4Network(f"10.{second}.0.0/16")
    yield ipaddress.IPv4Network("192.168.128.0/17")


def _subnets(network: dict[str, object]) -> Iterator[ipaddress.IPv4Network]:
    ipam = network.get("IPAM") or {}
    for config in (ipam.get("Config") or ()) if isinstance(ipam, dict) else ():
        subnet = str(config.get("Subnet") or "")
        if subnet and ":" not in subnet:
            yield ipaddress.IPv4Network(subnet, strict=False)


def _routes() -> list[ipaddress.IPv4Network]:
    """The networks that this machine has routes to (a VPN's, another engine's), except the default route."""
    try:
        lines = ROUTES.read_text().splitlines()[1:]
    except OSError:
        return []
    routes = []
    for line in lines:
        fields = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(fields[i]), "little") for i in (1, 7))
        if mask:
            routes.append(ipaddress.IPv4Network((destination, mask.bit_count()), strict=False))
    return routes
