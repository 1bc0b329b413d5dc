from __future__ import annotations

from typing import Any

import pytest

from simulator.executor.docker.body import Attachment, Mounts, container_body, infra_body
from simulator.model.kubernetes import core_v1
from simulator.pods.executor import ContainerConfig, ContainerKey, PodConfig

KEY = ContainerKey("u1", "main", 2)
BRIDGE = Attachment("bridge")


def pod(**settings: Any) -> PodConfig:
    return PodConfig("u1", "web-1", "default", needs_sandbox=False, hostname="web-1", **settings)


def body(
    config: dict[str, Any] | None = None,
    of_pod: PodConfig | None = None,
    attachment: Attachment = BRIDGE,
    **settings: Any,
) -> dict[str, Any]:
    made = ContainerConfig("main", "main", "busybox:1.35", **(config or {}))
    return container_body(KEY, of_pod or pod(), made, instance="i1", sandbox_attempt=1, attachment=attachment, **settings)


def test_command_and_args() -> None:
    assert not body().keys() & {"Entrypoint", "Cmd"}
    assert body({"command": ("a",)})["Entrypoint"] == ["a"]
    assert body({"args": ("b", "c")})["Cmd"] == ["b", "c"]
    assert "Entrypoint" not in body({"args": ("b",)})


def test_env_keeps_empty_values_and_order() -> None:
    assert body({"env": (("B", ""), ("A", "x=y\nz"))})["Env"] == ["B=", "A=x=y\nz"]


def test_resources() -> None:
    host = body({"cpu_quota": 25000, "memory_bytes": 1 << 20, "cpu_shares": 102, "oom_score_adj": -997})["HostConfig"]
    assert (host["CpuPeriod"], host["CpuQuota"], host["CpuShares"]) == (100_000, 25000, 102)
    assert host["Memory"] == host["MemorySwap"] == 1 << 20
    assert host["OomScoreAdj"] == -997
    assert not body()["HostConfig"].keys() & {"CpuQuota", "Memory", "NanoCpus"}


def test_refused_oom_score() -> None:
    assert body({"oom_score_adj": -997}, allows_negative_oom_score=False)["HostConfig"]["OomScoreAdj"] == 0
    assert body({"oom_score_adj": 900}, allows_negative_oom_score=False)["HostConfig"]["OomScoreAdj"] == 900


def test_labels() -> None:
    labels = body(of_pod=pod(job="web", job_uid="j1", grace_seconds=5))["Labels"]
    assert labels == {
        "io.kubernetes.pod.name": "web-1",
        "io.kubernetes.pod.namespace": "default",
        "io.kubernetes.pod.uid": "u1",
        "io.kubernetes.container.name": "main",
        "kjsim.io/instance": "i1",
        "kjsim.io/kind": "main",
        "kjsim.io/attempt": "2",
        "kjsim.io/sandbox-attempt": "1",
        "kjsim.io/job": "web",
        "kjsim.io/job-uid": "j1",
        "kjsim.io/created-by": labels["kjsim.io/created-by"],
        "annotation.io.kubernetes.container.restartCount": "2",
        "annotation.io.kubernetes.container.terminationMessagePath": "/dev/termination-log",
        "annotation.io.kubernetes.container.terminationMessagePolicy": "File",
        "annotation.io.kubernetes.pod.terminationGracePeriod": "5",
    }


def test_own_network() -> None:
    of_pod = pod(domain="svc.default.svc.cluster.local", aliases=("a", "b"))
    made = body(of_pod=of_pod, attachment=Attachment("own", "kjsim-i1", "10.244.0.9"))
    assert made["HostConfig"]["NetworkMode"] == "kjsim-i1"
    assert made["NetworkingConfig"]["EndpointsConfig"] == {
        "kjsim-i1": {"Aliases": ["a", "b"], "IPAMConfig": {"IPv4Address": "10.244.0.9"}}
    }
    assert (made["Hostname"], made["Domainname"]) == ("web-1", "svc.default.svc.cluster.local")
    assert made["Labels"]["kjsim.io/pod-ip"] == "10.244.0.9"


def test_joining_leaves_out_what_would_conflict() -> None:
    of_pod = pod(
        host_aliases=(("a", "1.2.3.4"),),
        dns_servers=("1.1.1.1",),
        dns_searches=("x",),
        dns_options=("y",),
        host_ports=((80, "tcp", "", 8080),),
        sysctls=(("net/a", "1"),),
        share_process_namespace=True,
    )
    made = body(of_pod=of_pod, attachment=Attachment("container", infra_id="abc"))
    host = made["HostConfig"]
    assert host["NetworkMode"] == host["IpcMode"] == host["PidMode"] == "container:abc"
    assert not made.keys() & {"Hostname", "Domainname", "ExposedPorts", "NetworkingConfig"}
    assert not host.keys() & {"ExtraHosts", "Dns", "DnsSearch", "DnsOptions", "PortBindings", "Sysctls"}
    infra = infra_body(of_pod, "pause", instance="i1", attempt=1, attachment=BRIDGE)
    assert infra["HostConfig"]["ExtraHosts"] == ["a:1.2.3.4"]
    assert infra["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}
    assert infra["HostConfig"]["Sysctls"] == {"net.a": "1"}
    assert infra["HostConfig"]["IpcMode"] == "shareable"
    assert infra["Labels"]["kjsim.io/kind"] == "infra"


def test_no_network_and_host_network() -> None:
    none = body(attachment=Attachment("none"))
    assert none["NetworkDisabled"] is True
    assert "NetworkMode" not in none["HostConfig"]
    host = body(of_pod=pod(host_ports=((80, "tcp", "", 80),)), attachment=Attachment("host"))
    assert host["HostConfig"]["NetworkMode"] == "host"
    assert "PortBindings" not in host["HostConfig"]


@pytest.mark.parametrize(
    ("context", "image_user", "user"),
    [
        (core_v1.SecurityContext(runAsUser=5), "app", "5"),
        (core_v1.SecurityContext(runAsUser=5, runAsGroup=6), "app", "5:6"),
        (core_v1.SecurityContext(runAsGroup=6), "app:staff", "app:6"),
        (core_v1.SecurityContext(runAsGroup=6), "", "0:6"),
        (core_v1.SecurityContext(runAsUser=0), "app", "0"),
        (core_v1.SecurityContext(), "app", None),
        (None, "app", None),
    ],
)
def test_user(context: core_v1.SecurityContext | None, image_user: str, user: str | None) -> None:
    assert body({"security": context}, image_user=image_user).get("User") == user


def test_groups_come_from_the_pod_once() -> None:
    security = core_v1.PodSecurityContext(supplementalGroups=[7, 8], fsGroup=8)
    assert body(of_pod=pod(security=security))["HostConfig"]["GroupAdd"] == ["7", "8"]


def test_security_options() -> None:
    context = core_v1.SecurityContext(
        privileged=True,
        readOnlyRootFilesystem=True,
        allowPrivilegeEscalation=False,
        capabilities=core_v1.Capabilities(add=["NET_ADMIN"], drop=["ALL"]),
        seLinuxOptions=core_v1.SELinuxOptions(level="s0", type="t"),
        appArmorProfile=core_v1.AppArmorProfile(type="Localhost", localhostProfile="p"),
        procMount="Unmasked",
        seccompProfile=core_v1.SeccompProfile(type="Localhost", localhostProfile="x.json"),
    )
    host = body({"security": context}, seccomp="{}")["HostConfig"]
    assert host["Privileged"] is host["ReadonlyRootfs"] is True
    assert (host["CapAdd"], host["CapDrop"]) == (["NET_ADMIN"], ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges", "label=type:t", "label=level:s0", "apparmor=p", "seccomp={}"]
    assert host["MaskedPaths"] == host["ReadonlyPaths"] == []
    assert body()["HostConfig"]["SecurityOpt"] == ["seccomp=unconfined"]
    default = core_v1.SecurityContext(seccompProfile=core_v1.SeccompProfile(type="RuntimeDefault"))
    assert body({"security": default})["HostConfig"]["SecurityOpt"] == []


def test_mounts_in_both_forms() -> None:
    host = body(mounts=Mounts(("/a:/b",), ({"Type": "bind"},)))["HostConfig"]
    assert (host["Binds"], host["Mounts"]) == (["/a:/b"], [{"Type": "bind"}])
