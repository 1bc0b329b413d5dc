"""What the contract suite does not ask of the virtual executor: exact instants, delays, `next_time`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulator.clock import VirtualClock
from simulator.executor.virtual import Run, VirtualExecutor, VirtualImage, always
from simulator.pods.executor import (
    ContainerConfig,
    ContainerKey,
    ContainerReport,
    CreateSandbox,
    ImageReport,
    InspectImage,
    PodConfig,
    PullImage,
    Report,
    SandboxReport,
    StartContainer,
    StartFailed,
    StopContainer,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = ContainerKey("u", "c", 0)
POD = PodConfig("u", "p", "default", needs_sandbox=False, hostname="p")
RUN = StartContainer(KEY, POD, ContainerConfig("c", "main", "busybox"), 0)


def started(executor: VirtualExecutor) -> None:
    executor.start(lambda: None)
    executor.poll()


def life(executor: VirtualExecutor, clock: VirtualClock) -> list[tuple[float, str, int]]:
    """Jump from event to event until all is still: (seconds, state, exit code)."""
    seen = []
    while (following := executor.next_time()) is not None:
        clock.set(max(following, clock.now()))
        for report in executor.poll():
            if isinstance(report, ContainerReport):
                seen.append(((report.time - START).total_seconds(), report.state, report.exit_code))
    return seen


def test_instants_follow_the_script() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, always(Run(90.5, 3)), creation_seconds=2)
    started(executor)
    executor.submit([RUN])
    assert executor.poll() == []
    assert life(executor, clock) == [(2, "running", 0), (92.5, "exited", 3)]


def test_a_clock_that_jumps_too_far_changes_no_instant() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, always(Run(5)))
    started(executor)
    executor.submit([RUN])
    clock.advance(1000)
    reports = [report for report in executor.poll() if isinstance(report, ContainerReport)]
    assert [(report.state, report.time) for report in reports] == [
        ("running", START),
        ("exited", START + timedelta(seconds=5)),
    ]


def test_sandbox_delay() -> None:
    clock = VirtualClock(START)
    executor = VirtualExecutor(clock, sandbox_seconds=3)
    started(executor)
    executor.submit([CreateSandbox(POD, 0)])
    assert executor.next_time() == START + timedelta(seconds=3)
    clock.advance(3)
    assert [type(report) for report in executor.poll()] == [SandboxReport]


def test_stops() -> None:
    def stopped(run: Run, *graces: tuple[float, float]) -> tuple[float, str, int]:
        clock = VirtualClock(START)
        executor = VirtualExecutor(clock, always(run))
        started(executor)
        executor.submit([RUN])
        for seconds, grace in graces:
            clock.set(START + timedelta(seconds=seconds))
            executor.poll()
            executor.submit([StopContainer(KEY, grace)])
        return life(executor, clock)[-1]

    deaf, polite = Run(None), Run(None, stop_seconds=4, stop_exit_code=0)
    assert stopped(deaf, (1, 30)) == (31, "exited", 137)
    assert stopped(deaf, (1, 30), (3, 5)) == (8, "exited", 137)
    assert stopped(deaf, (1, 5), (2, 60)) == (6, "exited", 137)
    assert stopped(polite, (1, 30)) == (5, "exited", 0)
    assert stopped(polite, (1, 3)) == (4, "exited", 137)
    assert stopped(polite, (1, 30), (2, 0)) == (2, "exited", 137)
    assert stopped(Run(2, exit_code=9), (1, 30)) == (2, "exited", 9)
    assert stopped(Run(60, exit_code=9), (1, 30)) == (31, "exited", 137)


def test_pull() -> None:
    clock = VirtualClock(START)
    images = {"a": VirtualImage(present=False, pull_seconds=7, user="5"), "b": VirtualImage(False, "no such host")}
    executor = VirtualExecutor(clock, images=images)
    started(executor)

    def answer(command: InspectImage | PullImage) -> ImageReport:
        executor.submit([command])
        following = executor.next_time()
        assert following is not None
        clock.set(following)
        (report,) = executor.poll()
        assert isinstance(report, ImageReport)
        return report

    assert answer(InspectImage("u", "a")).image_id == ""
    pulled = answer(PullImage("u", "a"))
    assert (pulled.pulled, pulled.pull_seconds, pulled.user, clock.now()) == (True, 7, "5", START + timedelta(seconds=7))
    assert answer(InspectImage("u", "a")).image_id == pulled.image_id != ""
    assert answer(PullImage("u", "b")).error == "no such host"


def test_errors_before_a_container_runs() -> None:
    def reports(run: Run) -> list[Report]:
        executor = VirtualExecutor(VirtualClock(START), always(run))
        started(executor)
        executor.submit([RUN])
        return executor.poll()

    assert [type(report) for report in reports(Run(create_error="x"))] == [StartFailed]
    failed, ended = reports(Run(start_error="y"))
    assert isinstance(failed, StartFailed)
    assert isinstance(ended, ContainerReport)
    assert (failed.stage, ended.reason, ended.exit_code) == ("start", "StartError", 128)


def test_the_same_commands_give_the_same_reports() -> None:
    def reports() -> list[Report]:
        clock = VirtualClock(START)
        executor = VirtualExecutor(clock, lambda command: Run(len(command.key.name)))
        executor.start(lambda: None)
        executor.submit([CreateSandbox(POD, 0), RUN, StopContainer(KEY, 0.5)])
        clock.advance(10)
        return executor.poll()

    assert reports() == reports()
