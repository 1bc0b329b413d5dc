"""From a resolved container to the body of `POST /containers/create`: names, labels, every field. Pure.

Rules: semantics/pod-on-docker.md 1.1, 1.4, 1.5, 2.1, 2.5, 4.1, 4.2. Built directly: the SDK's helpers hide traps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from simulator.pods.executor import ContainerConfig, ContainerKey, PodConfig

INSTANCE = "kjsim.io/instance"
KIND = "kjsim.io/kind"
ATTEMPT = "kjsim.io/attempt"
SANDBOX_ATTEMPT = "kjsim.io/sandbox-attempt"
POD_IP = "kjsim.io/pod-ip"
JOB = "kjsim.io/job"
JOB_UID = "kjsim.io/job-uid"
CREATED_BY = "kjsim.io/created-by"
POD_NAME = "io.kubernetes.pod.name"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
POD_UID = "io.kubernetes.pod.uid"
CONTAINER_NAME = "io.kubernetes.container.name"
MESSAGE_PATH = "annotation.io.kubernetes.container.terminationMessagePath"
MESSAGE_POLICY = "annotation.io.kubernetes.container.terminationMessagePolicy"
RESTART_COUNT = "annotation.io.kubernetes.container.restartCount"
GRACE = "annotation.io.kubernetes.pod.terminationGracePeriod"

VERSION = "kjsim"

INFRA_NAME = "POD"
"""The container name of an infra container in names and labels."""

INFRA_OOM_SCORE = -998
LOG_CONFIG: Mapping[str, Any] = {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}
"""Always explicit: a daemon's default driver may be one that can't be read."""


class Attachment(msgspec.Struct, frozen=True):
    """How a container is connected.

    `own`: the instance's network (`network`, fixed address `ip`); `bridge`: the engine's default; `none`: loopback only;
    `host`: the host's; `container`: joins the infra container `infra_id`.
    """

    mode: Literal["own", "bridge", "none", "host", "container"]
    network: str = ""
    ip: str = ""
    infra_id: str = ""


class Mounts(msgspec.Struct, frozen=True):
    """A container's mounts in the API's two forms: `Binds` entries and `Mounts` objects."""

    binds: tuple[str, ...] = ()
    mounts: tuple[dict[str, Any], ...] = ()


def container_name(pod: PodConfig, name: str, attempt: int) -> str:
    """`k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`, 4.1."""
    return f"k8s_{name}_{pod.name}_{pod.namespace}_{pod.uid}_{attempt}"


def pod_labels(
    pod: PodConfig, instance: str, container: str, kind: str, attempt: int, sandbox_attempt: int
) -> dict[str, str]:
    """The labels of any container of a pod, 4.2; `kind` is init, sidecar, main, infra or stager."""
    labels = {
        POD_NAME: pod.name,
        POD_NAMESPACE: pod.namespace,
        POD_UID: pod.uid,
        CONTAINER_NAME: container,
        INSTANCE: instance,
        KIND: kind,
        ATTEMPT: str(attempt),
        SANDBOX_ATTEMPT: str(sandbox_attempt),
        GRACE: str(pod.grace_seconds),
        CREATED_BY: VERSION,
    }
    if pod.job:
        labels[JOB], labels[JOB_UID] = pod.job, pod.job_uid
    return labels


def container_body(
    key: ContainerKey,
    pod: PodConfig,
    config: ContainerConfig,
    *,
    instance: str,
    sandbox_attempt: int,
    attachment: Attachment,
    mounts: Mounts | None = None,
    image_user: str = "",
    seccomp: str | None = None,
    allows_negative_oom_score: bool = True,
) -> dict[str, Any]:
    """The create body of one container of a pod.

    `image_user`: the image's USER, needed where only a group is given. `seccomp`: content of a Localhost profile.
    """
    labels = pod_labels(pod, instance, key.name, config.kind, key.attempt, sandbox_attempt)
    labels[RESTART_COUNT] = str(key.attempt)
    labels[MESSAGE_PATH] = config.termination_message_path
    labels[MESSAGE_POLICY] = config.termination_message_policy
    score = config.oom_score_adj
    host: dict[str, Any] = {
        "RestartPolicy": {"Name": "no"},
        "LogConfig": LOG_CONFIG,
        "CpuShares": config.cpu_shares,
        "OomScoreAdj": score if score >= 0 or allows_negative_oom_score else 0,
        "ShmSize": 64 << 20,
    }
    if config.cpu_quota:
        host["CpuPeriod"], host["CpuQuota"] = config.cpu_period, config.cpu_quota
    if config.memory_bytes:
        host["Memory"] = host["MemorySwap"] = config.memory_bytes
    body: dict[str, Any] = {
        "Image": config.image,
        "Env": [f"{name}={value}" for name, value in config.env],
        "Labels": labels,
        "Healthcheck": {"Test": ["NONE"]},
        "OpenStdin": config.stdin,
        "StdinOnce": config.stdin_once,
        "Tty": config.tty,
        "StopTimeout": pod.grace_seconds,
        "HostConfig": host,
    }
    if config.command is not None:
        body["Entrypoint"] = list(config.command)
    if config.args is not None:
        body["Cmd"] = list(config.args)
    if config.working_dir:
        body["WorkingDir"] = config.working_dir
    if config.stop_signal:
        body["StopSignal"] = config.stop_signal
    if mounts is not None:
        if mounts.binds:
            host["Binds"] = list(mounts.binds)
        if mounts.mounts:
            host["Mounts"] = list(mounts.mounts)
    _security(body, pod, config, image_user, seccomp)
    if attachment.mode == "container":
        _join(host, pod, attachment.infra_id)
    else:
        _namespaces(host, pod)
        attach(body, pod, attachment)
    return body


def infra_body(pod: PodConfig, image: str, *, instance: str, attempt: int, attachment: Attachment) -> dict[str, Any]:
    """The create body of a pod's infra container (1.1): it holds the network, the IPC namespace and the pod's identity."""
    labels = pod_labels(pod, instance, INFRA_NAME, "infra", attempt, attempt)
    host: dict[str, Any] = {
        "RestartPolicy": {"Name": "no"},
        "LogConfig": LOG_CONFIG,
        "CpuShares": 2,
        "OomScoreAdj": INFRA_OOM_SCORE,
        "SecurityOpt": ["seccomp=unconfined"],
        "IpcMode": "host" if pod.host_ipc else "shareable",
    }
    if pod.host_pid:
        host["PidMode"] = "host"
    body: dict[str, Any] = {"Image": image, "Labels": labels, "Healthcheck": {"Test": ["NONE"]}, "HostConfig": host}
    attach(body, pod, attachment)
    return body


def attach(body: dict[str, Any], pod: PodConfig, attachment: Attachment) -> None:
    """Give a body the pod's network and identity: for the infra container or a pod's only container (1.4, 1.5, 1.6)."""
    host = body["HostConfig"]
    if pod.sysctls:
        host["Sysctls"] = {name.replace("/", "."): value for name, value in pod.sysctls}
    if attachment.mode == "none":
        body["NetworkDisabled"] = True
        body["Hostname"] = pod.hostname
        return
    if attachment.mode == "host":
        host["NetworkMode"] = host["UTSMode"] = "host"
        return
    body["Hostname"] = pod.hostname
    if pod.domain:
        body["Domainname"] = pod.domain
    if pod.host_aliases:
        host["ExtraHosts"] = [f"{name}:{ip}" for name, ip in pod.host_aliases]
    if pod.dns_servers:
        host["Dns"] = list(pod.dns_servers)
    if pod.dns_searches:
        host["DnsSearch"] = list(pod.dns_searches)
    if pod.dns_options:
        host["DnsOptions"] = list(pod.dns_options)
    if pod.host_ports:
        _publish(body, pod.host_ports)
    if attachment.mode == "bridge":
        host["NetworkMode"] = "bridge"
        return
    host["NetworkMode"] = attachment.network
    endpoint: dict[str, Any] = {"Aliases": list(pod.aliases)}
    if attachment.ip:
        endpoint["IPAMConfig"] = {"IPv4Address": attachment.ip}
        body["Labels"][POD_IP] = attachment.ip
    body["NetworkingConfig"] = {"EndpointsConfig": {attachment.network: endpoint}}


def _publish(body: dict[str, Any], ports: Sequence[tuple[int, str, str, int]]) -> None:
    bindings: dict[str, list[dict[str, str]]] = {}
    for container_port, protocol, host_ip, host_port in ports:
        entry = {"HostIp": host_ip, "HostPort": str(host_port)}
        bindings.setdefault(f"{container_port}/{protocol.lower()}", []).append(entry)
    body["HostConfig"]["PortBindings"] = bindings
    body["ExposedPorts"] = {port: {} for port in bindings}


def _join(host: dict[str, Any], pod: PodConfig, infra_id: str) -> None:
    joined = f"container:{infra_id}"
    host["NetworkMode"] = joined
    host["IpcMode"] = "host" if pod.host_ipc else joined
    if pod.host_network:
        host["UTSMode"] = "host"
    if pod.host_pid:
        host["PidMode"] = "host"
    elif pod.share_process_namespace:
        host["PidMode"] = joined


def _namespaces(host: dict[str, Any], pod: PodConfig) -> None:
    if pod.host_ipc:
        host["IpcMode"] = "host"
    if pod.host_pid:
        host["PidMode"] = "host"


def _security(body: dict[str, Any], pod: PodConfig, config: ContainerConfig, image_user: str, seccomp: str | None) -> None:
    """Section 2.5. What the container's context leaves open has been filled in from the pod's."""
    host = body["HostConfig"]
    options: list[str] = []
    groups: list[int] = []
    if pod.security is not None:
        groups += pod.security.supplementalGroups or []
        if pod.security.fsGroup is not None:
            groups.append(pod.security.fsGroup)
    if groups:
        host["GroupAdd"] = [str(group) for group in dict.fromkeys(groups)]
    context = config.security
    profile = None
    if context is not None:
        user = str(context.runAsUser) if context.runAsUser is not None else ""
        if context.runAsGroup is not None:
            user = f"{user or image_user.partition(':')[0] or '0'}:{context.runAsGroup}"
        if user:
            body["User"] = user
        if context.privileged:
            host["Privileged"] = True
        if context.readOnlyRootFilesystem:
            host["ReadonlyRootfs"] = True
        if context.allowPrivilegeEscalation is False:
            options.append("no-new-privileges")
        if context.capabilities is not None:
            if context.capabilities.add:
                host["CapAdd"] = list(context.capabilities.add)
            if context.capabilities.drop:
                host["CapDrop"] = list(context.capabilities.drop)
        if context.seLinuxOptions is not None:
            for name in ("user", "role", "type", "level"):
                value = getattr(context.seLinuxOptions, name)
                if value:
                    options.append(f"label={name}:{value}")
        if context.appArmorProfile is not None:
            if context.appArmorProfile.type == "Unconfined":
                options.append("apparmor=unconfined")
            elif context.appArmorProfile.type == "Localhost":
                options.append(f"apparmor={context.appArmorProfile.localhostProfile}")
        if context.procMount == "Unmasked":
            host["MaskedPaths"], host["ReadonlyPaths"] = [], []
        profile = context.seccompProfile
    if profile is None or profile.type == "Unconfined":
        options.append("seccomp=unconfined")
    elif profile.type == "Localhost" and seccomp is not None:
        options.append(f"seccomp={seccomp}")
    host["SecurityOpt"] = options
