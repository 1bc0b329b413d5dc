"""Reading commands where the transcripts say nothing: what goes on while they look, and their own words."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from simulator.api.patches import MERGE_PATCH
from simulator.executor.virtual import Run
from simulator.model.kinds import CRON_JOB
from tests.cli.conftest import MANIFESTS
from tests.cli.transcripts import masked
from tests.cli.world import World

PATIENCE_SECONDS = 20.0


@contextmanager
def running(world: World, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process of its own."""
    command = [sys.executable, "-m", "simulator.cli.main", "--home", str(world.home), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    timer = threading.Timer(PATIENCE_SECONDS, process.kill)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """The lines of a process up to the first that has `text` in it."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if text in line:
            return lines
    raise AssertionError(f"{text!r} never came: {lines}")


def seed(world: World) -> None:
    world.create((MANIFESTS / "simple-job.yml").read_text())


def test_a_watch_shows_the_list_then_each_change_until_it_is_interrupted(world: World) -> None:
    seed(world)
    with running(world, "get", "jobs", "-w") as process:
        assert masked("\n".join(read_until(process, "0/1 of 3"))) == [
            "NAME  STATUS  COMPLETIONS  DURATION  AGE",
            "pingpong  Running  0/1 of 3  AGE  AGE",
        ]
        world.run_to(world.clock.now() + timedelta(seconds=12))
        assert masked("\n".join(read_until(process, "Complete")))[-1] == "pingpong  Complete  3/1 of 3  AGE  AGE"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_watch_can_tell_the_kinds_of_changes_and_name_objects(world: World) -> None:
    with running(world, "get", "jobs", "--watch-only", "--output-watch-events") as process:
        time.sleep(0.5)  # until it watches; there is nothing to read before
        seed(world)
        assert read_until(process, "pingpong")[0].split()[:2] == ["EVENT", "NAME"]
    with running(world, "get", "pods", "-w", "-o", "name") as process:
        names = read_until(process, "pod/pingpong")
        assert all(name.startswith("pod/pingpong-") for name in names)


def test_wait_ends_when_the_condition_is_met(world: World) -> None:
    seed(world)
    assert world.kjsim("wait", "--for=condition=complete", "job/pingpong", "--timeout=0").both == (
        "error: condition not met for jobs/pingpong\n"
    )
    with running(world, "wait", "--for=condition=complete", "job/pingpong", "--timeout=15s") as process:
        time.sleep(0.3)  # so that it really waits
        world.run_to(world.clock.now() + timedelta(seconds=12))
        assert process.wait(PATIENCE_SECONDS) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "job.batch/pingpong condition met\n"


def test_wait_for_what_goes_and_comes(world: World) -> None:
    seed(world)
    with (
        running(world, "wait", "--for=delete", "job/pingpong", "--timeout=15s") as gone,
        running(world, "wait", "--for=create", "job/other", "--timeout=15s") as made,
    ):
        time.sleep(0.5)
        world.kjsim("delete", "job", "pingpong", "--wait=false")
        world.run_to(world.clock.now() + timedelta(seconds=60))
        world.create((MANIFESTS / "simple-job.yml").read_text().replace("name: pingpong", "name: other", 1))
        assert gone.wait(PATIENCE_SECONDS) == 0
        assert made.wait(PATIENCE_SECONDS) == 0


def test_why_tells_the_decisions_and_their_causes(cluster: World) -> None:
    told = cluster.kjsim("why", "job/flaky")
    assert told.code == 0
    assert "created pod/flaky-" in told.stdout
    assert "attempt 3 of 3" in told.stdout
    assert "\x1b" not in told.stdout
    listed = json.loads(cluster.kjsim("why", "job", "flaky", "-o", "json").stdout)
    assert {item["object"]["kind"] for item in listed["items"]} == {"Job", "Pod"}


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        ((), "error: which object? For example: kjsim why job/pingpong\n", 2),
        (("jobs",), "error: which object? For example: kjsim why job/pingpong\n", 2),
        (("job/none",), 'Error from server (NotFound): jobs.batch "none" not found\n', 1),
    ],
)
def test_why_needs_an_object(cluster: World, words: tuple[str, ...], message: str, code: int) -> None:
    outcome = cluster.kjsim("why", *words)
    assert (outcome.both, outcome.code) == (message, code)


def test_events_of_an_object(cluster: World) -> None:
    assert masked(cluster.kjsim("events", "--for", "job/flaky").both) == [
        "LAST SEEN  TYPE  REASON  OBJECT  MESSAGE",
        *["AGE  Normal  SuccessfulCreate  Job/flaky  Created pod: flaky-XXXXX"] * 3,
        "AGE  Warning  BackoffLimitExceeded  Job/flaky  Job has reached the specified backoff limit",
        "",
    ]
    warnings = cluster.kjsim("events", "--for=job/flaky", "--types=Warning", "--no-headers").stdout
    assert len(warnings.splitlines()) == 1
    assert len(json.loads(cluster.kjsim("events", "--for=job/flaky", "-o", "json").stdout)["items"]) == 4
    assert cluster.kjsim("events", "-n", "empty").both == "No events found in empty namespace.\n"
    assert cluster.kjsim("events", "--types=Foo").both == "error: valid --types are Normal or Warning\n"
    assert cluster.kjsim("events", "--for=x").both == "error: --for must be in resource/name form\n"


def test_describe_takes_the_beginning_of_a_name(cluster: World) -> None:
    page = cluster.kjsim("describe", "pod", "flaky")
    assert page.stdout.count("Name:             flaky-") == 3
    assert cluster.kjsim("describe", "pod", "none").both == 'Error from server (NotFound): pods "none" not found\n'
    assert cluster.kjsim("describe", "pods", "-l", "app=none").both == "No resources found in default namespace.\n"
    assert "Events:" not in cluster.kjsim("describe", "job/flaky", "--show-events=false").stdout


def test_logs_say_what_is_wrong(cluster: World) -> None:
    assert cluster.kjsim("logs", "a", "b", "c").code == 1
    assert cluster.kjsim("logs", "-l", "app=x", "a").both == "error: only a selector (-l) or a POD name is allowed\n"
    assert cluster.kjsim("logs", "job/flaky", "--since=1s", "--since-time=2026-01-01T00:00:00Z").both == (
        "error: at most one of `sinceTime` or `sinceSeconds` may be specified\n"
    )
    assert cluster.kjsim("logs", "a", "--since-time=yesterday").both == (
        'error: parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"\n'
    )


def test_several_logs_at_once_come_in_whole_lines(cluster: World) -> None:
    outcome = cluster.kjsim("logs", "-f", "-l", "app=indexed", "--prefix")
    assert outcome.code == 0
    assert masked(outcome.stdout, sort=True)[1:] == [
        f"[pod/indexed-{index}-XXXXX/main] index {index} on indexed-{index}" for index in range(5)
    ]


def test_nothing_goes_on_without_a_control_plane(tmp_path: Path) -> None:
    world = World(tmp_path / "home", script=lambda command: Run(seconds=600))
    world.create((MANIFESTS / "simple-job.yml").read_text())
    world.run_to(world.clock.now() + timedelta(seconds=5))
    world.close()
    outcome = world.kjsim("wait", "--for=condition=complete", "job/pingpong", "--timeout=0.1s")
    assert outcome.stderr == (
        "note: no control plane is alive; nothing goes on before `kjsim up`\n"
        "error: timed out waiting for the condition on jobs/pingpong\n"
    )


def test_completion_scripts_know_the_commands() -> None:
    from tests.cli.world import kjsim

    for shell in ("bash", "zsh", "fish"):
        assert "describe" in kjsim("completion", shell).stdout
    assert kjsim("completion", "tcsh").code == 2


def test_a_control_plane_that_ends_ends_a_watch_but_not_a_wait(tmp_path: Path) -> None:
    world = World(tmp_path / "home", script=lambda command: Run(seconds=10))
    seed(world)
    with (
        running(world, "get", "jobs", "-w") as watching,
        running(world, "wait", "--for=condition=complete", "job/pingpong", "--timeout=1s") as waiting,
    ):
        read_until(watching, "0/1 of 3")
        world.close()
        assert watching.wait(PATIENCE_SECONDS) == 1
        assert watching.stderr is not None
        assert watching.stderr.read() == "error: the control plane has ended; without -w, what it left is shown\n"
        assert waiting.wait(PATIENCE_SECONDS) == 1
        assert waiting.stderr is not None
        assert waiting.stderr.read().endswith("error: timed out waiting for the condition on jobs/pingpong\n")


def test_ended_pods_are_always_shown(cluster: World) -> None:
    shown = cluster.kjsim("get", "pods", "--show-all")
    assert shown == cluster.kjsim("get", "po", "-a") == cluster.kjsim("get", "pod")
    assert "Completed" in shown.stdout


def test_all_that_matters_is_pods_cronjobs_and_jobs(cluster: World) -> None:
    parts = cluster.kjsim("get", "all").stdout.split("\n\n")
    assert [part.split("\n")[1].split("/")[0] for part in parts] == ["pod", "cronjob.batch", "job.batch"]
    rows = cluster.kjsim("get", "all", "--no-headers").stdout
    assert "\n\n" not in rows
    assert "NAME" not in rows


def test_an_unknown_kind_is_a_mistake_of_the_command_line(cluster: World) -> None:
    for command in ("get", "describe", "why"):
        outcome = cluster.kjsim(command, "nosuch/x")
        assert (outcome.both, outcome.code) == ('error: the server doesn\'t have a resource type "nosuch"\n', 2)


def test_wide_tables_of_cron_jobs_and_their_descriptions_tell_the_next_runs(world: World) -> None:
    world.create((MANIFESTS / "simple-cronjob.yml").read_text())
    for arguments in (["get", "cronjobs"], ["get", "cj", "pingpong"], ["get", "all"]):
        assert "NEXT" not in world.kjsim(*arguments, "-o", "name").stdout + world.kjsim(*arguments).stdout
    header, row = world.kjsim("get", "cj", "-o", "wide", "--show-labels").stdout.splitlines()
    assert header.split()[-4:] == ["IMAGES", "SELECTOR", "NEXT", "LABELS"]
    assert re.search(r"  <none>  +in \d+\w+  +<none>$", row)
    with running(world, "get", "cj", "pingpong", "-o", "wide", "-w", "--output-watch-events") as process:
        assert re.search(r"ADDED .* in \d+\w+$", read_until(process, "pingpong")[-1])
        world.client.patch(CRON_JOB, "pingpong", "default", {"spec": {"suspend": True}}, MERGE_PATCH)
        assert re.search(r"MODIFIED .* <none>$", read_until(process, "MODIFIED")[-1])
    assert world.kjsim("describe", "cj", "pingpong").stdout.endswith("\nNext Runs:  <none> (suspended)\n")
    both = world.kjsim("describe", "cj", "pingpong", "--show-events=false").stdout
    assert both.endswith("\nActive Jobs:         <none>\nNext Runs:  <none> (suspended)\n")
