"""What both executors promise (simulator/pods/executor.py)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from simulator.errors import NotFound
from simulator.executor.virtual import Run
from simulator.pods.executor import (
    ContainerReport,
    Exec,
    ExecReport,
    ImageReport,
    InspectImage,
    LogOptions,
    Mount,
    PodRemoved,
    PullImage,
    RemoveContainer,
    RemovePod,
    SandboxReport,
    StartFailed,
    StopContainer,
    StopSandbox,
    Volume,
    VolumeFile,
)
from tests.contract.world import ABSENT, IMAGE, Program, World, in_state, of_type, ready

DONE = Program("true", Run())
FOR_EVER = Program("sleep 1000", Run(seconds=None))
POLITE = Program(
    "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.05; done",
    Run(seconds=None, stop_seconds=0.05, stop_exit_code=5, lines=((0, "up"), (0.01, "bye"))),
)


def test_a_container_runs_and_ends_well(world: World) -> None:
    pod = world.pod().add(DONE)
    ready(world, pod)
    world.submit(pod.start())
    running = in_state(world, pod.key(), "running")
    ended = in_state(world, pod.key(), "exited")
    assert (ended.exit_code, ended.reason, ended.message) == (0, "", "")
    assert ended.container_id == running.container_id != ""
    assert ended.image == IMAGE
    assert ended.image_id.startswith("sha256:")
    assert ended.created_time is not None
    assert ended.started_time is not None
    assert ended.finished_time is not None
    assert ended.created_time <= ended.started_time <= ended.finished_time <= ended.time
    assert running.started_time == ended.started_time


def test_a_pod_has_an_address_by_the_time_it_runs(world: World) -> None:
    pod = world.pod().add(DONE)
    ready(world, pod)
    world.submit(pod.start())
    in_state(world, pod.key(), "running")
    addresses = [report.ip for report in world.reports if isinstance(report, SandboxReport)]
    assert addresses[-1].count(".") == 3


def test_exit_code(world: World) -> None:
    pod = world.pod().add(Program("exit 42", Run(exit_code=42)))
    ready(world, pod)
    world.submit(pod.start())
    assert in_state(world, pod.key(), "exited").exit_code == 42


def test_reports_of_a_container_come_in_the_order_of_its_life(world: World) -> None:
    pods = [world.pod().add(DONE) for _ in range(6)]
    world.submit(*(command for pod in pods for command in (pod.sandbox(), pod.start())))
    ended = 0
    while ended < len(pods):
        world.wait(lambda report: isinstance(report, ContainerReport) and report.state == "exited")
        ended += 1
    for pod in pods:
        states = [r.state for r in world.reports if isinstance(r, ContainerReport) and r.key == pod.key()]
        assert states == ["running", "exited"]


def test_termination_message(world: World) -> None:
    program = Program("echo -n 'disk is full' > /dev/termination-log; exit 1", Run(exit_code=1, message="disk is full"))
    pod = world.pod().add(program)
    ready(world, pod)
    world.submit(pod.start())
    assert in_state(world, pod.key(), "exited").message == "disk is full"


def test_environment_directory_and_arguments(world: World) -> None:
    program = Program('test "$PWD $A $1" = "/work b=c d" || exit 1', Run())
    pod = world.pod().add(program, env=(("A", "b=c"),), working_dir="/work", args=("sh", "d"))
    ready(world, pod)
    world.submit(pod.start())
    assert in_state(world, pod.key(), "exited").exit_code == 0


def test_two_containers_share_the_network(world: World) -> None:
    server = Program("echo pong | nc -l -p 4000; sleep 1000", Run(seconds=None))
    client = Program(
        "for i in 1 2 3 4 5; do nc 127.0.0.1 4000 | grep -q pong && test $(hostname) = web && exit; sleep 0.2; done; exit 1",
        Run(),
    )
    pod = world.pod(needs_sandbox=True, name="web").add(server, "server").add(client, "client")
    sandbox = ready(world, pod)
    assert sandbox.ip.count(".") == 3
    world.submit(pod.start("server"), pod.start("client"))
    assert in_state(world, pod.key("client"), "exited").exit_code == 0
    world.submit(StopContainer(pod.key("server"), 0))
    assert in_state(world, pod.key("server"), "exited").exit_code == 137
    world.submit(StopSandbox(pod.uid, 0))
    assert not of_type(world, SandboxReport).ready


def test_empty_dir_is_shared_by_init_and_main(world: World) -> None:
    mount = (Mount("work", "/work"),)
    pod = world.pod(needs_sandbox=True, volumes=(Volume("work", "emptyDir"),))
    pod.add(Program("echo 17 > /work/number", Run()), "init", kind="init", mounts=mount)
    pod.add(Program("exit $(cat /work/number)", Run(exit_code=17)), mounts=mount)
    ready(world, pod)
    world.submit(pod.start("init"))
    assert in_state(world, pod.key("init"), "exited").exit_code == 0
    world.submit(pod.start())
    assert in_state(world, pod.key(), "exited").exit_code == 17


def test_files(world: World) -> None:
    files = (VolumeFile("a/b.txt", b"x", 0o644), VolumeFile("secret", b"y", 0o400))
    program = Program(
        "test $(cat /etc/app/a/b.txt)$(cat /one) = xy && test $(stat -c %a /etc/app/secret) = 400 && ! touch /etc/app/new",
        Run(),
    )
    mounts = (Mount("app", "/etc/app", read_only=True), Mount("app", "/one", sub_path="secret", read_only=True))
    pod = world.pod(volumes=(Volume("app", "files", files=files, read_only=True),)).add(program, mounts=mounts)
    ready(world, pod)
    world.submit(pod.start())
    assert in_state(world, pod.key(), "exited").exit_code == 0


def test_stop_is_answered_by_the_program(world: World) -> None:
    pod = world.pod().add(POLITE)
    ready(world, pod)
    world.submit(pod.start())
    running = in_state(world, pod.key(), "running")
    world.let_pass(0.3)
    world.submit(StopContainer(pod.key(), 20))
    ended = in_state(world, pod.key(), "exited")
    assert ended.exit_code == 5
    assert ended.time - running.time < timedelta(seconds=10)


def test_a_deaf_program_is_killed_when_the_grace_is_over(world: World) -> None:
    pod = world.pod().add(FOR_EVER)
    ready(world, pod)
    world.submit(pod.start())
    running = in_state(world, pod.key(), "running")
    world.submit(StopContainer(pod.key(), 1))
    ended = in_state(world, pod.key(), "exited")
    assert (ended.exit_code, ended.reason) == (137, "")
    assert ended.time - running.time >= timedelta(seconds=1)


def test_a_second_stop_shortens_the_grace(world: World) -> None:
    pod = world.pod().add(FOR_EVER)
    ready(world, pod)
    world.submit(pod.start())
    running = in_state(world, pod.key(), "running")
    world.submit(StopContainer(pod.key(), 100))
    world.let_pass(0.2)
    world.submit(StopContainer(pod.key(), 0.5), StopContainer(pod.key(), 60))
    ended = in_state(world, pod.key(), "exited")
    assert ended.exit_code == 137
    assert ended.time - running.time < timedelta(seconds=20)


def test_stop_of_an_ended_and_of_an_unknown_container(world: World) -> None:
    pod = world.pod().add(DONE)
    ready(world, pod)
    world.submit(pod.start())
    ended = in_state(world, pod.key(), "exited")
    world.submit(StopContainer(pod.key(), 1))
    assert in_state(world, pod.key(), "exited").container_id == ended.container_id
    world.submit(StopContainer(pod.key("other"), 1))
    in_state(world, pod.key("other"), "gone")


def test_stop_during_the_start(world: World) -> None:
    pod = world.pod().add(FOR_EVER)
    ready(world, pod)
    world.submit(pod.start())
    world.submit(StopContainer(pod.key(), 0))
    world.wait(lambda r: isinstance(r, ContainerReport) and r.key == pod.key() and r.state in ("exited", "gone"))


def test_start_error(world: World) -> None:
    pod = world.pod().add(Program("", Run(start_error="no such file")), command=("/no/such/program",))
    ready(world, pod)
    world.submit(pod.start())
    failed = of_type(world, StartFailed)
    ended = in_state(world, pod.key(), "exited")
    assert (failed.stage, failed.key) == ("start", pod.key())
    assert "no such file" in failed.error
    assert (ended.exit_code, ended.reason) == (128, "StartError")
    assert "no such file" in ended.message
    snapshot = world.restart()
    assert [(c.exit_code, c.reason) for c in snapshot.containers] == [(128, "StartError")]


def test_create_error(world: World) -> None:
    pod = world.pod().add(Program("", Run(create_error="no such image")), image=ABSENT)
    ready(world, pod)
    world.submit(pod.start())
    failed = of_type(world, StartFailed)
    assert failed.stage == "create"
    assert "no such image" in failed.error.lower()


def test_images(world: World) -> None:
    world.submit(InspectImage("uid", IMAGE))
    there = of_type(world, ImageReport)
    assert (there.image_id[:7], there.repo_tags, there.error) == ("sha256:", (IMAGE,), "")
    assert there.size_bytes > 0
    world.submit(InspectImage("uid", ABSENT))
    absent = of_type(world, ImageReport)
    assert (absent.image_id, absent.error, absent.pulled) == ("", "", False)


def test_pull_of_what_can_not_be_had(world: World) -> None:
    world.submit(PullImage("uid", ABSENT))
    report = of_type(world, ImageReport)
    assert report.error.startswith("Error response from daemon: ")
    assert not report.pulled
    assert report.image_id == ""


def test_remove_container_and_again(world: World) -> None:
    pod = world.pod().add(DONE)
    ready(world, pod)
    world.submit(pod.start())
    in_state(world, pod.key(), "exited")
    world.submit(RemoveContainer(pod.key()))
    in_state(world, pod.key(), "gone")
    world.submit(RemoveContainer(pod.key()))
    in_state(world, pod.key(), "gone")
    with pytest.raises(NotFound):
        world.executor.logs(pod.key(), LogOptions())


def test_repeated_commands_do_no_harm(world: World) -> None:
    pod = world.pod().add(FOR_EVER)
    first = ready(world, pod)
    world.submit(pod.start(), pod.start())
    running = in_state(world, pod.key(), "running")
    world.submit(pod.sandbox(), pod.start())
    again = in_state(world, pod.key(), "running")
    assert again.container_id == running.container_id
    assert first.ready
    states = [r.state for r in world.reports if isinstance(r, ContainerReport)]
    assert "exited" not in states


def test_a_second_attempt_is_another_container(world: World) -> None:
    pod = world.pod().add(Program("echo once; exit 1", Run(exit_code=1, lines=((0, "once"),))))
    ready(world, pod)
    world.submit(pod.start())
    first = in_state(world, pod.key(), "exited")
    world.submit(pod.start(attempt=1))
    second = in_state(world, pod.key(attempt=1), "exited")
    assert first.container_id != second.container_id
    assert b"".join(world.executor.logs(pod.key(attempt=0), LogOptions())) == b"once\n"


def test_snapshot_after_a_restart(world: World) -> None:
    going, over = world.pod().add(FOR_EVER), world.pod().add(Program("exit 3", Run(exit_code=3)))
    ready(world, going)
    ready(world, over)
    world.submit(going.start(), over.start())
    in_state(world, over.key(), "exited")
    if not any(isinstance(r, ContainerReport) and r.key == going.key() for r in world.reports):
        in_state(world, going.key(), "running")
    snapshot = world.restart()
    assert sorted((c.state, c.exit_code) for c in snapshot.containers) == [("exited", 3), ("running", 0)]
    assert {s.pod_uid: s.ready for s in snapshot.sandboxes} == {going.uid: True, over.uid: True}
    address = next(s.ip for s in snapshot.sandboxes if s.pod_uid == going.uid)
    assert address.count(".") == 3
    world.submit(going.start(), over.start())
    states = {in_state(world, going.key(), "running").state, in_state(world, over.key(), "exited").state}
    assert states == {"running", "exited"}
    world.submit(StopContainer(going.key(), 0))
    assert in_state(world, going.key(), "exited").exit_code == 137


def test_what_ends_while_nobody_looks_is_in_the_snapshot(world: World) -> None:
    pod = world.pod().add(Program("sleep 0.5; exit 9", Run(seconds=0.5, exit_code=9)))
    ready(world, pod)
    world.submit(pod.start())
    in_state(world, pod.key(), "running")
    world.executor.close()
    world.let_pass(1.5)
    assert [(c.state, c.exit_code) for c in world.restart().containers] == [("exited", 9)]


def test_logs(world: World) -> None:
    lines = ((0.0, "one"), (0.6, "two"), (1.2, "three"))
    pod = world.pod().add(Program("echo one; sleep 0.6; echo two >&2; sleep 0.6; echo three", Run(1.3, lines=lines)))
    ready(world, pod)
    world.submit(pod.start())
    ended = in_state(world, pod.key(), "exited")

    def log(**options: object) -> bytes:
        return b"".join(world.executor.logs(pod.key(), LogOptions(**options)))  # type: ignore[arg-type]

    assert log() == b"one\ntwo\nthree\n"
    assert log(tail_lines=1) == b"three\n"
    assert log(tail_lines=0) == b""
    assert log(limit_bytes=5) == b"one\nt"
    assert log(follow=True) == b"one\ntwo\nthree\n"
    stamped = log(timestamps=True).decode().splitlines()
    assert [line.partition(" ")[2] for line in stamped] == ["one", "two", "three"]
    assert all(len(line.partition(" ")[0]) == len("2026-03-01T12:00:00.000000000Z") for line in stamped)
    assert ended.started_time is not None
    assert log(since_time=ended.started_time + timedelta(seconds=0.4)) == b"two\nthree\n"


def test_logs_of_a_running_container(world: World) -> None:
    pod = world.pod().add(POLITE)
    ready(world, pod)
    world.submit(pod.start())
    in_state(world, pod.key(), "running")
    world.let_pass(0.3)
    assert b"".join(world.executor.logs(pod.key(), LogOptions())).startswith(b"up\n")
    world.submit(StopContainer(pod.key(), 10))
    in_state(world, pod.key(), "exited")
    assert b"".join(world.executor.logs(pod.key(), LogOptions(follow=True))) == b"up\nbye\n"


def test_exec(world: World) -> None:
    pod = world.pod().add(FOR_EVER)
    ready(world, pod)
    world.submit(pod.start())
    in_state(world, pod.key(), "running")
    world.submit(Exec(pod.key(), ("sh", "-c", "echo hello; exit 4"), 10, "first"))
    report = of_type(world, ExecReport)
    assert (report.token, report.exit_code, report.output, report.timed_out) == ("first", 4, "hello\n", False)
    world.submit(Exec(pod.key(), ("sh", "-c", "sleep 60"), 0.5, "slow"))
    report = of_type(world, ExecReport)
    assert (report.token, report.timed_out) == ("slow", True)
    world.submit(Exec(pod.key("other"), ("sh", "-c", "sleep 60"), 0.5, "nowhere"))
    assert of_type(world, ExecReport).error != ""


def test_remove_pod_leaves_nothing(world: World) -> None:
    pod = world.pod(needs_sandbox=True, volumes=(Volume("a", "emptyDir"), Volume("m", "memory", 1 << 20)))
    pod.add(FOR_EVER, mounts=(Mount("a", "/a"), Mount("m", "/m"))).add(DONE, "other")
    ready(world, pod)
    world.submit(pod.start(), pod.start("other"))
    in_state(world, pod.key("other"), "exited")
    world.submit(RemovePod(pod.uid))
    assert of_type(world, PodRemoved).pod_uid == pod.uid
    snapshot = world.restart()
    assert (snapshot.containers, snapshot.sandboxes) == ((), ())
    world.submit(RemovePod(pod.uid))
    assert of_type(world, PodRemoved).pod_uid == pod.uid


def test_remove_pod_overtakes_a_start(world: World) -> None:
    pod = world.pod().add(FOR_EVER)
    world.submit(pod.sandbox(), pod.start(), RemovePod(pod.uid))
    of_type(world, PodRemoved)
    assert world.restart().containers == ()


def test_a_changed_sandbox(world: World) -> None:
    pod = world.pod(needs_sandbox=True).add(DONE).add(DONE, "other")
    ready(world, pod)
    world.submit(StopSandbox(pod.uid, 0))
    assert not of_type(world, SandboxReport).ready
    ready(world, pod, attempt=1)
    world.submit(replace(pod.start(), sandbox_attempt=1))
    report = in_state(world, pod.key(), "exited")
    assert (report.exit_code, report.sandbox_attempt) == (0, 1)
