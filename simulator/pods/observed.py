"""What the runtime shows of one pod: its sandboxes and containers, as plain values.

The lifecycle folds the executor's reports into these; `actions` and `status` decide on them. A pod without infra container
has sandboxes here too: each stands for the pod's address and volumes (semantics/pod-on-docker.md 1.3).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

ContainerState = Literal["created", "running", "exited", "unknown"]
ProbeResult = Literal["success", "failure", "unknown"]


class ObservedSandbox(msgspec.Struct, frozen=True):
    """One sandbox. `ip` empty: it has none. `host_network`: of the sandbox as made (None: as the spec says).

    `may_lack_ip`: the pod network hands out no addresses that could be known, so that a missing one is no fault.
    """

    attempt: int
    ready: bool
    ip: str = ""
    host_network: bool | None = None
    may_lack_ip: bool = False


class ObservedContainer(msgspec.Struct, frozen=True):
    """One container (one attempt at running a container of the spec). `attempt` is its restart count.

    `changed`: it was made from another image than the spec now has.
    """

    name: str
    attempt: int
    state: ContainerState
    container_id: str = ""
    image: str = ""
    image_id: str = ""
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    created_time: datetime | None = None
    started_time: datetime | None = None
    finished_time: datetime | None = None
    sandbox_attempt: int = 0
    changed: bool = False


class ContainerProbes(msgspec.Struct, frozen=True):
    """The last results of the probes of a container's latest instance; None: no result so far."""

    liveness: ProbeResult | None = None
    readiness: ProbeResult | None = None
    startup: ProbeResult | None = None


NO_PROBES = ContainerProbes()


class Observed(msgspec.Struct, frozen=True):
    """Everything the runtime shows of one pod; both tuples newest first."""

    sandboxes: tuple[ObservedSandbox, ...] = ()
    containers: tuple[ObservedContainer, ...] = ()

    def latest(self, name: str) -> ObservedContainer | None:
        """The latest container of that name, or None."""
        for container in self.containers:
            if container.name == name:
                return container
        return None

    def running(self) -> list[ObservedContainer]:
        """The containers that run, or may."""
        return [container for container in self.containers if container.state in ("running", "unknown")]

    def all_of(self, name: str) -> list[ObservedContainer]:
        """The containers of that name, newest first."""
        return [container for container in self.containers if container.name == name]
