"""From a pod to what an executor is told: `PodConfig` and `ContainerConfig`.

Source: semantics/pod-on-docker.md 1.2 (infra container), 1.5 (names), 2.1 (fields), 2.5 (security).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from simulator.model.kubernetes import core_v1
from simulator.model.metadata import controller_of
from simulator.model.pod_specs import once_per_spec
from simulator.pods import resources
from simulator.pods.environment import build_environment, expand_all, sub_path
from simulator.pods.executor import ContainerConfig, ContainerKind, ImageReport, Mount, Node, PodConfig, Volume
from simulator.pods.field_references import needs_pod_ip
from simulator.pods.restart_rules import is_sidecar, pod_restart_policy
from simulator.pods.sources import ConfigError, Placement, Sources

CLUSTER_DOMAIN = "cluster.local"
_LONGEST_HOSTNAME = 63
_LONGEST_FQDN = 64
_FROM_POD = ("runAsUser", "runAsGroup", "runAsNonRoot", "seLinuxOptions", "seccompProfile", "appArmorProfile")


def needs_sandbox(pod: core_v1.Pod) -> bool:
    """Whether the pod wants an infra container (1.2)."""
    assert pod.spec is not None
    spec = pod.spec
    if len(resources.all_containers(pod)) > 1 or spec.shareProcessNamespace:
        return True
    has_memory = any(volume.emptyDir is not None and volume.emptyDir.medium == "Memory" for volume in spec.volumes or ())
    return has_memory and pod_restart_policy(pod) != "Never"


def kind_of_container(pod: core_v1.Pod, container: core_v1.Container) -> ContainerKind:
    """`init`, `sidecar` or `main`."""
    assert pod.spec is not None
    if not any(item.name == container.name for item in pod.spec.initContainers or ()):
        return "main"
    return "sidecar" if is_sidecar(container) else "init"


def hostname_and_domain(pod: core_v1.Pod) -> tuple[str, str]:
    """The names that the containers see; raises ConfigError."""
    assert pod.spec is not None
    assert pod.metadata is not None
    spec = pod.spec
    if spec.hostnameOverride:
        return spec.hostnameOverride, ""
    hostname = spec.hostname or pod.metadata.name or ""
    if len(hostname) > _LONGEST_HOSTNAME:
        hostname = hostname[:_LONGEST_HOSTNAME].rstrip("-.")
    if not spec.subdomain:
        return hostname, ""
    domain = f"{spec.subdomain}.{pod.metadata.namespace or 'default'}.svc.{CLUSTER_DOMAIN}"
    if spec.setHostnameAsFQDN:
        name = f"{hostname}.{domain}"
        if len(name) > _LONGEST_FQDN:
            raise ConfigError(
                f"failed to construct FQDN from pod hostname and cluster domain, FQDN {name} is too long "
                f"({_LONGEST_FQDN} characters is the max, {len(name)} characters requested)"
            )
        return name, domain
    return hostname, domain


def pod_config(pod: core_v1.Pod, volumes: tuple[Volume, ...], sources: Sources) -> PodConfig:
    """What the containers of a pod share; raises ConfigError."""
    assert pod.spec is not None
    assert pod.metadata is not None
    metadata = pod.metadata
    namespace = metadata.namespace or "default"
    hostname, domain = hostname_and_domain(pod)
    owner = controller_of(pod)
    is_job = owner is not None and owner.kind == "Job"
    servers, searches, options = _dns(pod, namespace, sources)
    return replace(
        _config_of_spec(pod),
        uid=metadata.uid or "",
        name=metadata.name or "",
        namespace=namespace,
        hostname=hostname,
        domain=domain,
        aliases=_aliases(pod, hostname, domain, namespace, sources),
        dns_servers=servers,
        dns_searches=searches,
        dns_options=options,
        volumes=volumes,
        job=owner.name if owner is not None and is_job else "",
        job_uid=owner.uid if owner is not None and is_job else "",
    )


@once_per_spec
def _config_of_spec(pod: core_v1.Pod) -> PodConfig:
    """What is the same for all pods of the spec; the rest is empty."""
    assert pod.spec is not None
    spec = pod.spec
    security = spec.securityContext
    return PodConfig(
        uid="",
        name="",
        namespace="",
        hostname="",
        needs_sandbox=needs_sandbox(pod),
        host_network=bool(spec.hostNetwork),
        host_pid=bool(spec.hostPID),
        host_ipc=bool(spec.hostIPC),
        share_process_namespace=bool(spec.shareProcessNamespace),
        host_aliases=tuple((name, alias.ip) for alias in spec.hostAliases or () for name in alias.hostnames or ()),
        host_ports=() if spec.hostNetwork else _host_ports(pod),
        sysctls=tuple((item.name.replace("/", "."), item.value) for item in (security.sysctls if security else None) or ()),
        grace_seconds=grace_seconds(pod),
        security=security,
        needs_address=needs_pod_ip(pod),
    )


def grace_seconds(pod: core_v1.Pod) -> int:
    """`terminationGracePeriodSeconds` of the spec; a pod as stored always has it, absent it is 0."""
    assert pod.spec is not None
    return pod.spec.terminationGracePeriodSeconds or 0


def _aliases(pod: core_v1.Pod, hostname: str, domain: str, namespace: str, sources: Sources) -> tuple[str, ...]:
    """The pod's names on its network: those of a headless Service, and of Services that select it."""
    assert pod.metadata is not None
    if not domain and not sources.services:
        return ()
    names = [f"{hostname}.{domain}", domain] if domain else []
    labels = pod.metadata.labels or {}
    for service in sources.services:
        selector = service.spec.selector if service.spec else None
        same_namespace = service.metadata is not None and (service.metadata.namespace or "default") == namespace
        if service.metadata and same_namespace and selector and selector.items() <= labels.items():
            names.append(f"{service.metadata.name}.{namespace}.svc.{CLUSTER_DOMAIN}")
    return tuple(dict.fromkeys(names))


def _host_ports(pod: core_v1.Pod) -> tuple[tuple[int, str, str, int], ...]:
    return tuple(
        (port.containerPort, (port.protocol or "TCP").lower(), port.hostIP or "", port.hostPort)
        for container in resources.all_containers(pod)
        for port in container.ports or ()
        if port.hostPort
    )


def _dns(pod: core_v1.Pod, namespace: str, sources: Sources) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Name servers, search domains and resolver options beyond the engine's own (1.5)."""
    assert pod.spec is not None
    spec = pod.spec
    if spec.dnsConfig is None and not spec.subdomain and not sources.services:
        return (), (), ()
    policy = spec.dnsPolicy or "ClusterFirst"
    is_cluster = policy == "ClusterFirstWithHostNet" or (policy == "ClusterFirst" and not spec.hostNetwork)
    has_services = bool(spec.subdomain) or any(
        service.metadata is not None and (service.metadata.namespace or "default") == namespace
        for service in sources.services
    )
    searches: list[str] = []
    options: dict[str, str | None] = {}
    if is_cluster and has_services:
        searches = [f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN]
        options["ndots"] = "5"
    own = spec.dnsConfig
    searches += (own.searches if own else None) or []
    options |= {option.name: option.value for option in (own.options if own else None) or () if option.name}
    return (
        tuple((own.nameservers if own else None) or ()),
        tuple(dict.fromkeys(searches)),
        tuple(f"{name}:{value}" if value else name for name, value in options.items()),
    )


def container_config(
    pod: core_v1.Pod,
    container: core_v1.Container,
    node: Node,
    sources: Sources,
    placement: Placement,
    image: ImageReport | None,
) -> ContainerConfig:
    """How one container is to be run; raises ConfigError (`CreateContainerConfigError`)."""
    env = build_environment(pod, container, sources, placement)
    of_spec = _container_config_of_spec(pod, container.name, node.memory_bytes)
    check_non_root(pod, container, of_spec.security, image)
    if not (env or container.command or container.args or container.volumeMounts):
        return of_spec
    return replace(
        of_spec,
        command=expand_all(container.command or None, env),
        args=expand_all(container.args or None, env),
        env=tuple(env.items()),
        mounts=_mounts(container, env),
    )


@once_per_spec
def _container_config_of_spec(pod: core_v1.Pod, name: str, node_memory: int) -> ContainerConfig:
    """What is the same for the container in all pods of the spec: all but what its environment has a say in."""
    container = next(item for item in resources.all_containers(pod) if item.name == name)
    return ContainerConfig(
        name=name,
        kind=kind_of_container(pod, container),
        image=container.image or "",
        working_dir=container.workingDir or "",
        cpu_shares=resources.cpu_shares(pod, container),
        cpu_period=resources.CPU_PERIOD,
        cpu_quota=resources.cpu_quota(pod, container),
        memory_bytes=resources.memory_limit(pod, container),
        oom_score_adj=resources.oom_score_adj(pod, container, node_memory),
        stdin=bool(container.stdin),
        stdin_once=bool(container.stdinOnce),
        tty=bool(container.tty),
        stop_signal=(container.lifecycle.stopSignal if container.lifecycle else None) or "",
        termination_message_path=container.terminationMessagePath or "/dev/termination-log",
        termination_message_policy=container.terminationMessagePolicy or "File",
        security=merged_security(pod, container),
    )


def _mounts(container: core_v1.Container, env: Mapping[str, str]) -> tuple[Mount, ...]:
    return tuple(
        Mount(
            volume=mount.name,
            mount_path=mount.mountPath if mount.mountPath.startswith("/") else f"/{mount.mountPath}",
            sub_path=sub_path(mount, env),
            read_only=bool(mount.readOnly),
            propagation=mount.mountPropagation or "",
        )
        for mount in container.volumeMounts or ()
    )


def merged_security(pod: core_v1.Pod, container: core_v1.Container) -> core_v1.SecurityContext | None:
    """The container's security context, its gaps filled from the pod's; None if neither is set."""
    assert pod.spec is not None
    whole, own = pod.spec.securityContext, container.securityContext
    if whole is None:
        return own
    merged = replace(own) if own is not None else core_v1.SecurityContext()
    for name in _FROM_POD:
        if getattr(merged, name) is None:
            setattr(merged, name, getattr(whole, name))
    return merged


def check_non_root(
    pod: core_v1.Pod,
    container: core_v1.Container,
    security: core_v1.SecurityContext | None,
    image: ImageReport | None,
) -> None:
    """Raise ConfigError if the container must not run as root but would (2.5)."""
    if security is None or not security.runAsNonRoot:
        return
    assert pod.metadata is not None
    metadata = pod.metadata
    where = f'(pod: "{metadata.name}_{metadata.namespace or "default"}({metadata.uid})", container: {container.name})'
    if security.runAsUser is not None:
        if security.runAsUser == 0:
            raise ConfigError(f"container's runAsUser breaks non-root policy {where}")
        return
    user = (image.user if image else "").partition(":")[0]
    if user in ("", "0"):
        raise ConfigError(f"container has runAsNonRoot and image will run as root {where}")
    if not user.isdecimal():
        raise ConfigError(
            f"container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {where}"
        )
