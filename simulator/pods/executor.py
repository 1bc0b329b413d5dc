"""The protocol between the pod lifecycle and what runs containers.

The pod lifecycle decides and hands an executor `Command`s; the executor carries them out and hands back `Report`s. It takes
no decision of its own: no restart, no back-off, no order. There are two: the Docker Engine and the virtual executor
(scripted containers on a clock that jumps). Both pass `tests/contract`.

Rules that both keep:
- `submit` never blocks; the results of commands come as reports, in the order in which they happen for one pod.
- Every command ends in at least one report (named in its docstring), also when it fails.
- Carrying out a command twice does no harm: a container that exists already with the same key is adopted, removing what is
  gone succeeds.
- A pod's containers belong to its uid. `Snapshot` lists everything that the executor holds for this state directory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from simulator.model.kubernetes import core_v1

ContainerKind = Literal["init", "sidecar", "main"]


class ContainerKey(Struct, frozen=True, order=True):
    """What names a container: its pod's uid, its name in the pod and the attempt (= restart count), from 0."""

    pod_uid: str
    name: str
    attempt: int


# --- configuration, resolved by pods/ -------------------------------------------------------------------------------


class Mount(Struct, frozen=True):
    """One mount of a container: a volume of the pod (`volume`, with an optional `sub_path`) at `mount_path`."""

    volume: str
    mount_path: str
    sub_path: str = ""
    read_only: bool = False
    propagation: str = ""


class VolumeFile(Struct, frozen=True):
    """One file that a volume holds (configMap, secret, downwardAPI, projected)."""

    path: str
    data: bytes
    mode: int


class Volume(Struct, frozen=True):
    """One volume of a pod, resolved: what an executor has to provide before the first container starts.

    `kind`: `emptyDir`, `memory` (tmpfs, `size_bytes` as its limit), `hostPath` (`host_path`, `host_path_type`), `files`
    (`files`), `claim` (`claim`: a named volume that outlives the pod).
    """

    name: str
    kind: Literal["emptyDir", "memory", "hostPath", "files", "claim"]
    size_bytes: int | None = None
    host_path: str = ""
    host_path_type: str = ""
    files: tuple[VolumeFile, ...] = ()
    claim: str = ""
    read_only: bool = False


class ContainerConfig(Struct, frozen=True):
    """How one container is to be run: the fields of `core_v1.Container`, resolved (semantics/pod-on-docker.md 2).

    `command` and `args` are expanded; None means the image's. `cpu_quota` and `memory_bytes` 0: no limit.
    `security` is the container's security context merged over the pod's, or None.
    """

    name: str
    kind: ContainerKind
    image: str
    command: tuple[str, ...] | None = None
    args: tuple[str, ...] | None = None
    env: tuple[tuple[str, str], ...] = ()
    working_dir: str = ""
    mounts: tuple[Mount, ...] = ()
    cpu_shares: int = 2
    cpu_period: int = 100_000
    cpu_quota: int = 0
    memory_bytes: int = 0
    oom_score_adj: int = 1000
    stdin: bool = False
    stdin_once: bool = False
    tty: bool = False
    stop_signal: str = ""
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"
    security: core_v1.SecurityContext | None = None


class PodConfig(Struct, frozen=True):
    """What the containers of a pod share. `needs_sandbox`: an infra container is wanted (pod-on-docker.md 1.2).

    `needs_address`: the address must be known before the first container is made (`status.podIP` in an env or a file).
    """

    uid: str
    name: str
    namespace: str
    needs_sandbox: bool
    hostname: str
    domain: str = ""
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    share_process_namespace: bool = False
    aliases: tuple[str, ...] = ()
    host_aliases: tuple[tuple[str, str], ...] = ()
    host_ports: tuple[tuple[int, str, str, int], ...] = ()
    """(container port, protocol, host IP, host port)."""
    dns_servers: tuple[str, ...] = ()
    dns_searches: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    volumes: tuple[Volume, ...] = ()
    grace_seconds: int = 30
    job: str = ""
    job_uid: str = ""
    security: core_v1.PodSecurityContext | None = None
    needs_address: bool = False


# --- commands -------------------------------------------------------------------------------------------------------


class PullImage(Struct, frozen=True):
    """Make `image` present. Answer: `ImageReport` (with `pulled=True` or `error`)."""

    pod_uid: str
    image: str


class InspectImage(Struct, frozen=True):
    """Look whether `image` is present. Answer: `ImageReport`."""

    pod_uid: str
    image: str


class CreateSandbox(Struct, frozen=True):
    """Prepare the pod: address, volumes and, if `pod.needs_sandbox`, the infra container. Answer: `SandboxReport`."""

    pod: PodConfig
    attempt: int


class StartContainer(Struct, frozen=True):
    """Create and start one container. Answers: `ContainerReport` running, or `StartFailed`; then `ContainerReport` exited.

    `sandbox_attempt` names the sandbox that it joins.
    """

    key: ContainerKey
    pod: PodConfig
    config: ContainerConfig
    sandbox_attempt: int


class StopContainer(Struct, frozen=True):
    """Send the stop signal, wait `grace_seconds`, then SIGKILL. Answer: `ContainerReport` exited (or gone).

    A second command with a shorter grace shortens the wait.
    """

    key: ContainerKey
    grace_seconds: float


class RemoveContainer(Struct, frozen=True):
    """Remove an ended container with its anonymous volumes. Answer: `ContainerReport` gone."""

    key: ContainerKey


class StopSandbox(Struct, frozen=True):
    """Stop and remove the infra container, give the address back. Answer: `SandboxReport` with `ready=False`."""

    pod_uid: str
    attempt: int


class RemovePod(Struct, frozen=True):
    """Remove everything that is left of a pod: containers (killed if need be), sandbox, volumes. Answer: `PodRemoved`."""

    pod_uid: str


class Exec(Struct, frozen=True):
    """Run `command` in a running container, for probes and hooks. Answer: `ExecReport`."""

    key: ContainerKey
    command: tuple[str, ...]
    timeout_seconds: float | None = None
    token: str = ""


Command = (
    PullImage
    | InspectImage
    | CreateSandbox
    | StartContainer
    | StopContainer
    | RemoveContainer
    | StopSandbox
    | RemovePod
    | Exec
)

# --- reports --------------------------------------------------------------------------------------------------------


class ImageReport(Struct, frozen=True):
    """What is known of an image. `error` is the engine's text when it could not be pulled or inspected.

    `image_id` is the local id (`sha256:...`), empty when the image is absent. `user` is the image's USER.
    """

    pod_uid: str
    image: str
    time: datetime
    image_id: str = ""
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    size_bytes: int = 0
    user: str = ""
    pulled: bool = False
    pull_seconds: float = 0.0
    error: str = ""


class SandboxReport(Struct, frozen=True):
    """State of a pod's sandbox; for a pod without infra container it stands for its address and volumes.

    `awaits_address`: ready although `ip` is empty, and not to be read as a sandbox that has lost its address. So it is
    where there is no infra container and nobody addresses the pod by name: then the address comes in a second report,
    just before the one of the running container. It never comes without a network, nor for what ended before a restart.
    """

    pod_uid: str
    attempt: int
    time: datetime
    ready: bool
    ip: str = ""
    error: str = ""
    awaits_address: bool = False


class ContainerReport(Struct, frozen=True):
    """State of one container, as the engine shows it (pod-on-docker.md 3.1).

    `reason`: `OOMKilled` where the engine says so, else empty. `message`: the termination message, or the engine's
    error.
    `state` `gone`: it no longer exists.
    """

    key: ContainerKey
    time: datetime
    state: Literal["created", "running", "exited", "unknown", "gone"]
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


class StartFailed(Struct, frozen=True):
    """A container could not be made (`stage` create) or started (`stage` start): the engine's text.

    After a failed start the container exists and is reported by a `ContainerReport` exited too (reason `StartError`,
    exit code 128, pod-on-docker.md 3.2).
    """

    key: ContainerKey
    time: datetime
    stage: Literal["create", "start"]
    error: str


class ExecReport(Struct, frozen=True):
    """How an `Exec` ended. `error`: it could not be run; `timed_out`: it was given up."""

    key: ContainerKey
    token: str
    time: datetime
    exit_code: int = 0
    output: str = ""
    timed_out: bool = False
    error: str = ""


class PodRemoved(Struct, frozen=True):
    """Nothing is left of this pod."""

    pod_uid: str
    time: datetime


class EngineReport(Struct, frozen=True):
    """The engine can be reached again, or no longer (`error`: why)."""

    time: datetime
    reachable: bool
    error: str = ""


class Snapshot(Struct, frozen=True):
    """Everything that exists, told at start and after each reconnection, before newer reports.

    What it doesn't list is gone. The pod lifecycle takes it as a list of reports.
    """

    time: datetime
    sandboxes: tuple[SandboxReport, ...] = ()
    containers: tuple[ContainerReport, ...] = ()


Report = ImageReport | SandboxReport | ContainerReport | StartFailed | ExecReport | PodRemoved | EngineReport | Snapshot


class Node(Struct, frozen=True):
    """The single node: its name, addresses and what it can hold (pod-on-docker.md 2.10)."""

    name: str = "kjsim-node"
    internal_ip: str = "127.0.0.1"
    cpu_milli: int = 1000
    memory_bytes: int = 1 << 30
    architecture: str = "amd64"
    engine_version: str = ""
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    allows_negative_oom_score: bool = True


class LogOptions(Struct, frozen=True):
    """The kubelet's log options. `since_time` inclusive; `tail_lines` None: all; `limit_bytes` None: no limit."""

    follow: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_time: datetime | None = None
    limit_bytes: int | None = None


class Executor(Protocol):
    """Runs containers."""

    @property
    def node(self) -> Node:
        """What the node can hold; known once the engine has answered."""
        ...

    def start(self, on_news: Callable[[], None]) -> None:
        """Begin: connect, report a `Snapshot`. `on_news` is called, from any thread, when `poll` has something."""
        ...

    def wait_until_connected(self) -> None:
        """Return once the engine has answered: the `Snapshot` follows. Raises `EngineUnavailable` if none does."""
        ...

    def submit(self, commands: Sequence[Command]) -> None:
        """Take commands; never blocks."""
        ...

    def poll(self) -> list[Report]:
        """The reports since the last call, oldest first; never blocks."""
        ...

    def next_time(self) -> datetime | None:
        """The instant of the next thing that will happen by itself, if that is known (virtual executor); else None."""
        ...

    def logs(self, key: ContainerKey, options: LogOptions) -> Iterator[bytes]:
        """The log of a container as the kubelet serves it; ends at the container's end when following.

        Raises `NotFound` if the container does not exist. Called from the API's threads.
        """
        ...

    def close(self) -> None:
        """Let go of the engine; containers go on."""
        ...


def command_pod_uid(command: Command) -> str:
    """The uid of the pod that a command is for."""
    match command:
        case CreateSandbox(pod=pod):
            return pod.uid
        case StartContainer(key=key) | StopContainer(key=key) | RemoveContainer(key=key) | Exec(key=key):
            return key.pod_uid
        case _:
            uid: Any = command.pod_uid
            return str(uid)
