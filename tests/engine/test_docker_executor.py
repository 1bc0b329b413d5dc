"""What only a real engine shows: labels, network, accepted bodies, a lost engine, volumes without a shared file system."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from simulator.errors import EngineUnavailable
from simulator.executor.docker.executor import DockerExecutor
from simulator.executor.virtual import Run
from simulator.model.kubernetes import core_v1
from simulator.pods.executor import (
    ContainerReport,
    EngineReport,
    ImageReport,
    LogOptions,
    Mount,
    PodRemoved,
    PullImage,
    RemovePod,
    SandboxReport,
    Snapshot,
    StartFailed,
    StopContainer,
    Volume,
    VolumeFile,
)
from tests.contract.world import ABSENT, IMAGE, DockerWorld, Pod, Program, in_state, of_type, ready
from tests.engine.proxy import Proxy

pytestmark = pytest.mark.engine


def program(shell: str) -> Program:
    return Program(shell, Run())


def inspection(world: DockerWorld, pod: Pod, name: str = "main") -> dict:  # type: ignore[type-arg]
    return world.api().inspect_container(world.docker._containers.container_id(pod.key(name)))  # type: ignore[no-any-return]


def exit_code(world: DockerWorld, pod: Pod, name: str = "main") -> int:
    world.submit(pod.start(name))
    return in_state(world, pod.key(name), "exited").exit_code


def test_name_and_labels(world: DockerWorld) -> None:
    pod = world.pod(name="web-1", job="web", job_uid="77").add(program("true"))
    ready(world, pod)
    assert exit_code(world, pod) == 0
    found = inspection(world, pod)
    assert found["Name"] == f"/k8s_main_web-1_default_{pod.uid}_0"
    labels = found["Config"]["Labels"]
    assert labels["kjsim.io/instance"] == world.instance
    assert labels["io.kubernetes.pod.uid"] == pod.uid
    assert (labels["kjsim.io/kind"], labels["kjsim.io/job"], labels["kjsim.io/job-uid"]) == ("main", "web", "77")
    # Kubelets on the same engine would take it for theirs.
    assert not labels.keys() & {"io.kubernetes.docker.type", "io.kubernetes.sandbox.id"}


def test_settings_arrive(world: DockerWorld) -> None:
    security = core_v1.SecurityContext(
        runAsUser=1000,
        runAsGroup=2000,
        readOnlyRootFilesystem=True,
        allowPrivilegeEscalation=False,
        capabilities=core_v1.Capabilities(drop=["ALL"]),
    )
    whole = core_v1.PodSecurityContext(fsGroup=3000, supplementalGroups=[4000])
    pod = world.pod(
        name="web-1",
        domain="web.default.svc.cluster.local",
        aliases=("web-1.web.default.svc.cluster.local",),
        host_aliases=(("other.example", "10.1.2.3"),),
        dns_searches=("default.svc.cluster.local",),
        dns_options=("ndots:5",),
        security=whole,
        volumes=(Volume("work", "emptyDir"),),
    )
    pod.add(
        program(
            'set -e; test "$(id -u) $(id -g)" = "1000 2000"; id -G | grep 3000 | grep -q 4000; ! touch /x 2>/dev/null;'
            'test "$(hostname -f)" = web-1.web.default.svc.cluster.local; grep -q "10.1.2.3.*other.example" /etc/hosts;'
            "grep -q 'search default.svc' /etc/resolv.conf; grep -q ndots:5 /etc/resolv.conf; echo 1 > /work/a;"
            'test "$(stat -c %g:%a /work)" = 3000:2777; echo ok > /dev/termination-log'
        ),
        security=security,
        mounts=(Mount("work", "/work"),),
        cpu_quota=25_000,
        cpu_shares=100,
        memory_bytes=64 << 20,
        stop_signal="SIGINT",
    )
    sandbox = ready(world, pod)
    assert exit_code(world, pod) == 0
    found = inspection(world, pod)
    host = found["HostConfig"]
    assert (host["CpuQuota"], host["CpuShares"], host["Memory"], host["MemorySwap"]) == (25_000, 100, 64 << 20, 64 << 20)
    assert found["Config"]["StopSignal"] == "SIGINT"
    assert sandbox.ip.startswith("10.") or sandbox.ip.startswith("192.168.")


def test_a_negative_oom_score_is_taken_back_where_it_is_refused(world: DockerWorld) -> None:
    pod = world.pod().add(program("true"), oom_score_adj=-997)
    ready(world, pod)
    assert exit_code(world, pod) == 0
    allowed = world.docker.node.allows_negative_oom_score
    assert inspection(world, pod)["HostConfig"]["OomScoreAdj"] == (-997 if allowed else 0)
    world.restart()
    assert world.docker.node.allows_negative_oom_score is allowed


def test_out_of_memory(world: DockerWorld) -> None:
    pod = world.pod().add(program("tail /dev/zero"), memory_bytes=16 << 20)
    ready(world, pod)
    world.submit(pod.start())
    report = in_state(world, pod.key(), "exited")
    assert (report.exit_code, report.reason) == (137, "OOMKilled")


def test_message_falls_back_to_the_log(world: DockerWorld) -> None:
    pod = world.pod().add(program("echo gone wrong >&2; exit 1"), termination_message_policy="FallbackToLogsOnError")
    ready(world, pod)
    world.submit(pod.start())
    assert in_state(world, pod.key(), "exited").message == "gone wrong\n"


def test_pods_find_each_other_by_name_and_the_network_is_used_again(world: DockerWorld) -> None:
    domain = "svc.default.svc.cluster.local"
    server = world.pod(name="job-0", domain=domain, aliases=(f"job-0.{domain}", domain)).add(program("sleep 1000"))
    first = ready(world, server)
    world.submit(server.start())
    in_state(world, server.key(), "running")
    world.restart()
    client = world.pod(name="job-1", domain=domain, aliases=(f"job-1.{domain}", domain))
    client.add(program(f"nslookup job-0.{domain} | grep -q {first.ip}"))
    second = ready(world, client)
    assert second.ip != first.ip
    assert second.ip.rpartition(".")[0] == first.ip.rpartition(".")[0]
    assert exit_code(world, client) == 0
    names = [network["Name"] for network in world.api().networks() if world.instance in network["Name"]]
    assert names == [f"kjsim-{world.instance}"]


def test_an_address_that_is_in_use_is_passed_over(world: DockerWorld) -> None:
    pod = world.pod(needs_address=True).add(program("true"))
    taken = ready(world, pod).ip
    network = f"kjsim-{world.instance}"
    body = {
        "Image": IMAGE,
        "Cmd": ["sleep", "1000"],
        "Labels": {"kjsim.io/instance": world.instance},
        "HostConfig": {"NetworkMode": network},
        "NetworkingConfig": {"EndpointsConfig": {network: {"IPAMConfig": {"IPv4Address": taken}}}},
    }
    world.api().start(world.api().create_container_from_config(body)["Id"])
    assert exit_code(world, pod) == 0
    addresses = [report.ip for report in world.reports if isinstance(report, SandboxReport)]
    assert addresses[0] == taken
    assert addresses[-1] not in ("", taken)


def test_a_host_port_that_is_taken_can_be_tried_again(world: DockerWorld) -> None:
    port = 20000 + int(world.instance[-4:], 16) % 10000
    first, second = (world.pod(host_ports=((80, "tcp", "", port),)).add(program("sleep 1000")) for _ in range(2))
    ready(world, first)
    ready(world, second)
    world.submit(first.start())
    in_state(world, first.key(), "running")
    world.submit(second.start())
    failed = of_type(world, StartFailed)
    assert (failed.key, failed.stage) == (second.key(), "create")
    assert "port is already allocated" in failed.error
    world.submit(RemovePod(first.uid))
    of_type(world, PodRemoved)
    world.submit(second.start())
    in_state(world, second.key(), "running")


def test_removed_by_somebody_else(world: DockerWorld) -> None:
    pod = world.pod().add(program("sleep 1000"))
    ready(world, pod)
    world.submit(pod.start())
    running = in_state(world, pod.key(), "running")
    world.api().remove_container(running.container_id, force=True)
    in_state(world, pod.key(), "gone")


def test_a_dead_infra_container_is_told(world: DockerWorld) -> None:
    pod = world.pod(needs_sandbox=True).add(program("true"))
    ready(world, pod)
    infra = next(c for c in world.ours() if c["Labels"]["kjsim.io/kind"] == "infra")
    world.api().kill(infra["Id"])
    assert not of_type(world, SandboxReport).ready
    world.submit(pod.start())
    assert "non running container" in of_type(world, StartFailed).error


@pytest.mark.parametrize("network", ["bridge", "none", "host"])
def test_pod_networks(tmp_path: Path, network: str) -> None:
    world = DockerWorld(tmp_path, pod_network=network)
    try:
        pod = world.pod(name="alone").add(program("ip addr"))
        shared = world.pod(needs_sandbox=True, name="two").add(program("true"))
        ready(world, pod)
        ready(world, shared)
        assert exit_code(world, pod) == 0
        assert exit_code(world, shared) == 0
        assert not [found for found in world.api().networks() if world.instance in found["Name"]]
        log = b"".join(world.executor.logs(pod.key(), LogOptions()))
        assert (b"eth0" in log) is (network == "bridge") or network == "host"
    finally:
        world.close()


def test_volume_mode(tmp_path: Path) -> None:
    world = DockerWorld(tmp_path, volume_mode="volume")
    try:
        files = (VolumeFile("a/b.txt", b"x", 0o644), VolumeFile("secret", b"y", 0o400))
        pod = world.pod(
            needs_sandbox=True,
            security=core_v1.PodSecurityContext(fsGroup=3000),
            volumes=(Volume("app", "files", files=files, read_only=True), Volume("work", "emptyDir")),
        )
        work = (Mount("work", "/work"), Mount("work", "/sub", sub_path="some/where"))
        pod.add(program("set -e; echo 7 > /work/n; echo 8 > /sub/n; test -w /sub"), "init", kind="init", mounts=work)
        mounts = (*work, Mount("app", "/app", read_only=True), Mount("app", "/one", sub_path="secret", read_only=True))
        pod.add(
            program(
                "set -e; test $(cat /work/n)$(cat /sub/n)$(cat /work/some/where/n)$(cat /app/a/b.txt)$(cat /one) = 788xy;"
                "test $(stat -c %a:%g /app/secret) = 440:3000; test $(stat -c %a:%g /work) = 2777:3000; ! touch /app/new;"
                "echo -n told > /dev/termination-log"
            ),
            mounts=mounts,
            security=core_v1.SecurityContext(runAsUser=1000),
        )
        ready(world, pod)
        assert exit_code(world, pod, "init") == 0
        world.submit(pod.start())
        report = in_state(world, pod.key(), "exited")
        assert (report.exit_code, report.message) == (0, "told")
        world.submit(RemovePod(pod.uid))
        of_type(world, PodRemoved)
        assert world.ours() == []
        filters = {"label": [f"kjsim.io/instance={world.instance}"]}
        assert not world.api().volumes(filters=filters)["Volumes"]
    finally:
        world.close()


def test_host_path(world: DockerWorld, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "file").write_text("x")
    volumes = (
        Volume("dir", "hostPath", host_path=str(there), host_path_type="Directory"),
        Volume("file", "hostPath", host_path=str(there / "file"), host_path_type="File"),
        Volume("made", "hostPath", host_path=str(tmp_path / "made"), host_path_type="DirectoryOrCreate"),
        Volume("any", "hostPath", host_path=str(tmp_path / "any")),
    )
    mounts = tuple(Mount(volume.name, f"/{volume.name}") for volume in volumes)
    pod = world.pod(volumes=volumes).add(
        program("cat /dir/file /file && echo 1 > /made/a && echo 2 > /any/b"), mounts=mounts
    )
    ready(world, pod)
    assert exit_code(world, pod) == 0
    assert (tmp_path / "made" / "a").exists()
    assert (tmp_path / "any" / "b").exists()
    wrong = world.pod(volumes=(Volume("bad", "hostPath", host_path=str(there), host_path_type="File"),))
    world.submit(wrong.sandbox())
    report = of_type(world, SandboxReport)
    assert report.error == (f'MountVolume.SetUp failed for volume "bad" : hostPath type check failed: {there} is not a file')


def test_a_claim_outlives_its_pod(world: DockerWorld) -> None:
    for number, shell in enumerate(("echo 5 > /data/n", "exit $(cat /data/n)")):
        pod = world.pod(volumes=(Volume("data", "claim", claim=f"c-{world.instance}"),))
        pod.add(program(shell), mounts=(Mount("data", "/data"),))
        ready(world, pod)
        assert exit_code(world, pod) == 5 * number
        world.submit(RemovePod(pod.uid))
        of_type(world, PodRemoved)


def test_two_instances_do_not_see_each_other(world: DockerWorld, tmp_path: Path) -> None:
    other = DockerWorld(tmp_path / "other")
    try:
        pod = world.pod().add(program("sleep 1000"))
        ready(world, pod)
        world.submit(pod.start())
        in_state(world, pod.key(), "running")
        assert other.restart().containers == ()
        other.submit(RemovePod(pod.uid))
        of_type(other, PodRemoved)
        assert [container["State"] for container in world.ours()] == ["running"]
    finally:
        other.close()


def test_many_pods_and_few_starts(world: DockerWorld) -> None:
    pods = [world.pod().add(program(f"exit {number}")) for number in range(12)]
    for pod in pods:
        world.submit(pod.sandbox(), pod.start())
    codes = {}
    while len(codes) < len(pods):
        report = world.wait(lambda report: isinstance(report, ContainerReport) and report.state == "exited")
        assert isinstance(report, ContainerReport)
        codes[report.key.pod_uid] = report.exit_code
    assert codes == {pod.uid: number for number, pod in enumerate(pods)}
    addresses = {report.pod_uid for report in world.reports if isinstance(report, SandboxReport) and report.ip}
    assert addresses == {pod.uid for pod in pods}


def test_those_who_want_the_same_image_share_its_pull(world: DockerWorld) -> None:
    world.submit(*(PullImage(f"uid-{number}", ABSENT) for number in range(4)))
    reports = [of_type(world, ImageReport) for _ in range(4)]
    assert {report.pod_uid for report in reports} == {f"uid-{number}" for number in range(4)}
    assert len({report.error for report in reports}) == 1


def test_follow_ends_when_it_is_closed(world: DockerWorld) -> None:
    pod = world.pod().add(program("echo up; sleep 1000"))
    ready(world, pod)
    world.submit(pod.start())
    in_state(world, pod.key(), "running")
    log = world.executor.logs(pod.key(), LogOptions(follow=True))
    assert next(log) == b"up\n"
    ended = threading.Event()

    def read() -> None:
        assert list(log) == []
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    log.close()  # type: ignore[attr-defined]
    assert ended.wait(10)


@pytest.mark.parametrize(
    ("script", "said"), [("printf 'a\\nb'", b"a\nb"), ("head -c 20000 /dev/zero | tr '\\0' a", b"a" * 20000)]
)
def test_a_follower_hears_what_no_newline_ends(world: DockerWorld, script: str, said: bytes) -> None:
    pod = world.pod().add(program(f"{script}; sleep 0.5"))
    ready(world, pod)
    world.submit(pod.start())
    in_state(world, pod.key(), "running")
    assert b"".join(world.executor.logs(pod.key(), LogOptions(follow=True))) == said


def test_a_long_line_keeps_one_timestamp(world: DockerWorld) -> None:
    pod = world.pod().add(program("head -c 40000 /dev/zero | tr '\\0' a; echo; echo end"))
    ready(world, pod)
    assert exit_code(world, pod) == 0
    lines = b"".join(world.executor.logs(pod.key(), LogOptions(timestamps=True))).decode().splitlines()
    assert [line.partition(" ")[2] for line in lines] == ["a" * 40000, "end"]


# --- the engine goes away and comes back ----------------------------------------------------------------------------


# A socket that the SDK could not connect is left to the garbage collector.
SDK_LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if not host.startswith("unix://"):
        pytest.skip("the proxy stands before a Unix socket")
    return Proxy(tmp_path / "engine.sock", host.removeprefix("unix://"))


@SDK_LEAVES_SOCKETS
def test_engine_lost_and_found(tmp_path: Path, proxy: Proxy) -> None:
    world = DockerWorld(tmp_path / "state", host=f"unix://{proxy.path}")
    try:
        going, over = world.pod().add(program("sleep 1000")), world.pod().add(program("sleep 1; exit 6"))
        ready(world, going)
        ready(world, over)
        world.submit(going.start(), over.start())
        for _ in range(2):
            world.wait(lambda report: isinstance(report, ContainerReport) and report.state == "running")
        proxy.cut()
        lost = of_type(world, EngineReport)
        assert not lost.reachable
        assert lost.error
        late = world.pod().add(program("exit 8"))
        world.submit(late.sandbox(), late.start(), StopContainer(going.key(), 0))
        time.sleep(1.5)
        proxy.mend()
        assert of_type(world, EngineReport).reachable
        snapshot = of_type(world, Snapshot)
        assert sorted((c.state, c.exit_code) for c in snapshot.containers) == [("exited", 6), ("running", 0)]
        codes = set()
        while codes != {8, 137}:
            report = world.wait(lambda report: isinstance(report, ContainerReport) and report.state == "exited")
            assert isinstance(report, ContainerReport)
            codes.add(report.exit_code)
        assert sum(isinstance(report, EngineReport) for report in world.reports) == 2
    finally:
        proxy.cut()
        proxy.mend()
        of_type(world, Snapshot)
        world.close()
        proxy.cut()


@SDK_LEAVES_SOCKETS
def test_engine_lost_during_a_start(tmp_path: Path, proxy: Proxy) -> None:
    world = DockerWorld(tmp_path / "state", host=f"unix://{proxy.path}")
    try:
        pod = world.pod().add(program("exit 4"))
        ready(world, pod)
        world.submit(pod.start())
        while not world.ours():
            time.sleep(0.005)
        proxy.cut()
        assert not of_type(world, EngineReport).reachable
        proxy.mend()
        assert of_type(world, EngineReport).reachable
        snapshot = of_type(world, Snapshot)
        if not any(container.state == "exited" for container in snapshot.containers):
            assert in_state(world, pod.key(), "exited").exit_code == 4
        assert len(world.ours()) == 1
    finally:
        world.close()
        proxy.cut()


@SDK_LEAVES_SOCKETS
def test_no_engine_at_first(tmp_path: Path, proxy: Proxy) -> None:
    proxy.cut()
    executor = DockerExecutor("test-none", tmp_path, host=f"unix://{proxy.path}")
    news = threading.Event()
    executor.start(news.set)
    try:
        with pytest.raises(EngineUnavailable, match=r"no Docker Engine answers\n  unix://.*No such file or directory"):
            executor.wait_until_connected()
        assert [type(report) for report in executor.poll()] == [EngineReport]
        proxy.mend()
        reports = []
        while len(reports) < 2:
            assert news.wait(10)
            news.clear()
            reports += executor.poll()
        assert [type(report) for report in reports] == [EngineReport, Snapshot]
        executor.wait_until_connected()
    finally:
        executor.close()
        proxy.cut()
