"""`kjsim run` with real containers: on a pipe, on a terminal, interrupted, out of time, and what goes on around it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.home import KJSIM, Home, conditions, eventually, script_job
from tests.engine.proxy import Proxy

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("run")]

UNTIL_TOLD = "trap 'echo going; exit 0' TERM; echo hi; while true; do sleep 0.1; done"
DEAF = "trap '' TERM; echo hi; while true; do sleep 0.1; done"


def interrupt(home: Home, *arguments: str, after: str = "] hi") -> tuple[str, str, int]:
    """A run that is interrupted once its pod has spoken."""
    process = home.start("run", *arguments)
    eventually(lambda: after in process.stdout(), after)
    os.kill(process.pid, signal.SIGINT)
    outcome = process.wait(20)
    return outcome.stdout, outcome.stderr, outcome.code


def test_a_job_on_a_pipe_is_told_in_plain_lines(new_home: Callable[..., Home]) -> None:
    home = new_home()
    text = home.kjsim("run", home.write(script_job("plain", "echo one; echo two")))
    pod = r"pod/plain-[a-z0-9]{5}"
    assert "\x1b" not in text
    assert re.fullmatch(
        rf"job.batch/plain created\n{pod} ContainerCreating\n(.*\n)+"
        r"job.batch/plain complete: 1 succeeded, 0 failed in \d+s\n",
        text,
    )
    assert re.search(r"\[plain-\w{5}\] one\n(.*\n)*\[plain-\w{5}\] two\n", text)


def test_a_finished_job_is_replaced(new_home: Callable[..., Home]) -> None:
    home = new_home()
    file = home.write(script_job("again", "true"))
    home.kjsim("run", file)
    before = home.job("again")["metadata"]["uid"]
    assert home.kjsim("run", file).startswith(
        "job.batch/again has ended (Complete): replacing it\njob.batch/again created\n"
    )
    assert home.job("again")["metadata"]["uid"] != before
    assert len(home.containers()) == 1


def test_a_failed_job_tells_why_and_its_last_words(new_home: Callable[..., Home]) -> None:
    home = new_home()
    script = "for n in 1 2 3 4 5 6 7; do echo line $n; done; exit 3"
    text = home.kjsim("run", home.write(script_job("bad", script, backoffLimit=0)), code=1)
    lines = text.splitlines()
    assert re.fullmatch(r"last lines of pod/bad-\w{5}, container main \(exit code 3\):", lines[-7])
    assert lines[-6:-1] == [f"  line {n}" for n in range(3, 8)]
    assert lines[-1].startswith(
        "job.batch/bad failed: BackoffLimitExceeded: Job has reached the specified backoff limit (0 succeeded, 1 failed"
    )


def test_with_an_output_format_stdout_is_the_job_alone(new_home: Callable[..., Home]) -> None:
    home = new_home()
    outcome = home.start("run", home.write(script_job("json", "echo hello")), "-o", "json").wait()
    job = json.loads(outcome.stdout)
    assert (outcome.code, job["kind"], job["status"]["succeeded"]) == (0, "Job", 1)
    assert "hello" in outcome.stderr


def test_an_interrupted_job_is_suspended_and_resumed(new_home: Callable[..., Home]) -> None:
    home = new_home()
    file = home.write(script_job("long", UNTIL_TOLD))
    stdout, stderr, code = interrupt(home, file)
    assert code == 130
    assert "suspending (Ctrl-C again kills at once)" in stdout
    assert "] going\n" in stdout
    assert stderr.startswith("job.batch/long is suspended: its running pods were stopped\n")
    assert f"to go on:                 kjsim run {file}\n" in stderr
    assert "logs of what ended" not in stderr  # what was stopped is gone
    assert conditions(home.job("long")) == {"Suspended"}
    assert not home.pods("long")
    stdout, _, code = interrupt(home, file)
    assert stdout.startswith("job.batch/long resumed\n")
    assert code == 130
    assert not home.containers()


@pytest.mark.parametrize("delay_seconds", [0.15, 0.3, 0.45])
def test_an_early_interrupt_leaves_nothing_that_runs(new_home: Callable[..., Home], delay_seconds: float) -> None:
    home = new_home()
    # The shell may be told to end before it has set its trap: it then ignores that.
    job = script_job("early", UNTIL_TOLD, pod={"terminationGracePeriodSeconds": 2})
    process = home.start("run", home.write(job))
    time.sleep(delay_seconds)
    os.kill(process.pid, signal.SIGINT)
    outcome = process.wait(20)
    assert outcome.code == 130
    assert "Traceback" not in outcome.stderr
    if home.exists("job", "early"):
        assert conditions(home.job("early")) == {"Suspended"}
    assert not home.containers()


def test_a_second_interrupt_kills_at_once(new_home: Callable[..., Home]) -> None:
    home = new_home()
    process = home.start("run", home.write(script_job("deaf", DEAF)))
    eventually(lambda: "] hi" in process.stdout(), "it speaks")
    os.kill(process.pid, signal.SIGINT)
    eventually(lambda: "suspending" in process.stdout(), "it is suspended")
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(15).code == 130
    assert not home.pods("deaf")
    assert not home.containers()


def test_a_timeout_suspends(new_home: Callable[..., Home]) -> None:
    home = new_home()
    file = home.write(script_job("slow", UNTIL_TOLD))
    outcome = home.start("run", file, "--timeout", "3s").wait(30)
    assert outcome.code == 124
    assert "] going" in outcome.stdout
    assert outcome.stderr.startswith("error: the timeout has passed\njob.batch/slow is suspended")


def test_a_timeout_while_pods_start_leaves_nothing(new_home: Callable[..., Home]) -> None:
    home = new_home()
    file = home.write(script_job("early", UNTIL_TOLD, parallelism=3, pod={"terminationGracePeriodSeconds": 1}))
    assert home.start("run", file, "--timeout", "300ms").wait(30).code == 124
    assert not home.containers()
    assert not any((home.path / "pods").glob("*"))


def test_an_image_that_cannot_be_had_is_told_until_the_timeout(new_home: Callable[..., Home]) -> None:
    home = new_home()
    job = script_job("noimage", "true", container={"image": "nosuch.invalid/image:1"})
    outcome = home.start("run", home.write(job), "--timeout", "4s").wait(30)
    assert outcome.code == 124
    assert re.search(r"pod/noimage-\w{5} ErrImagePull: .*nosuch.invalid", outcome.stdout)


def test_a_job_in_the_background_is_joined_and_outlived(new_home: Callable[..., Home]) -> None:
    """--detach, joining, another control plane's end, status and down."""
    home = new_home()
    job = script_job("shared", "echo begun; sleep 4; echo done")
    file = home.write(job)
    assert "it goes on in the background" in home.kjsim("run", file, "--detach")
    assert home.kjsim("up").startswith("a control plane is alive already")
    assert "control plane:   alive" in home.kjsim("status")
    process = home.start("run", file)
    eventually(lambda: "] begun" in process.stdout(), "it is followed")
    assert process.stdout().startswith("job.batch/shared is running already: joining it")
    assert home.kjsim("down").startswith("control plane stopped")
    assert "no control plane is alive" in home.kjsim("status", code=None) or process.is_running()
    outcome = process.wait(30)
    assert outcome.code == 0, outcome
    assert "the control plane that this run was a client of has ended: going on without it" in outcome.stderr
    assert "] done" in outcome.stdout
    assert home.job("shared")["status"]["succeeded"] == 1
    assert len(home.pods("shared")) == 1


def test_other_unfinished_objects_are_announced_first(new_home: Callable[..., Home]) -> None:
    home = new_home()
    outcome = home.start("apply", "-f", home.write(script_job("waiting", "true"))).wait()
    assert outcome.stderr == "No control plane is alive: nothing runs before `kjsim up` (or `kjsim run FILE`).\n"
    text = home.kjsim("run", home.write(script_job("mine", "sleep 1")))
    assert text.startswith("this run is the control plane meanwhile; these go on too: job/waiting\njob.batch/mine created\n")
    home.kjsim("delete", "jobs", "--all")
    assert not home.containers()


def test_a_terminal_shows_a_live_view_and_gets_its_cursor_back(new_home: Callable[..., Home]) -> None:
    home = new_home()
    file = home.write(script_job("shown", "echo hello; sleep 1"))
    main, other = pty.openpty()
    environment = {**home.environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    del environment["NO_COLOR"]
    with subprocess.Popen([KJSIM, "run", file], env=environment, stdin=other, stdout=other, stderr=other) as process:
        os.close(other)
        text = _read_all(main)
    os.close(main)
    assert process.returncode == 0
    assert "━━━" in text
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert re.search(r"NAME +READY +STATUS +RESTARTS +AGE", plain)
    assert re.search(r"shown-\w{5} +1/1 +Running +0", plain)
    assert re.search(r"\x1b\[3\dm\[shown-\w{5}\] \x1b\[0mhello", text)
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "job.batch/shown complete: 1 succeeded, 0 failed" in text


def test_a_terminal_that_can_only_print_gets_plain_lines(new_home: Callable[..., Home]) -> None:
    home = new_home()
    file = home.write(script_job("plain", "echo hello"))
    main, other = pty.openpty()
    environment = {**home.environment, "TERM": "dumb"}
    with subprocess.Popen([KJSIM, "run", file], env=environment, stdin=other, stdout=other, stderr=other) as process:
        os.close(other)
        text = _read_all(main)
    os.close(main)
    assert process.returncode == 0
    assert "\x1b" not in text
    assert re.search(r"pod/plain-\w{5} Completed", text)
    assert re.search(r"\[plain-\w{5}\] hello", text)


def _read_all(descriptor: int) -> str:
    data = b""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if select.select([descriptor], [], [], 0.5)[0]:
            try:
                data += os.read(descriptor, 65536)
            except OSError:  # the terminal has no other end any more
                return data.decode()
    raise AssertionError(data.decode())


def test_an_engine_that_goes_away_takes_no_lines_along(new_home: Callable[..., Home], tmp_path: Path) -> None:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    proxy = Proxy(tmp_path / "engine.sock", host.removeprefix("unix://"))
    home = new_home()
    home.environment["DOCKER_HOST"] = f"unix://{proxy.path}"
    process = home.start("run", home.write(script_job("on", "echo before; sleep 4; echo after; sleep 1; printf last")))
    eventually(lambda: "] before" in process.stdout(), "it speaks")
    proxy.cut()
    eventually(lambda: "does not answer" in process.stdout(), "the run has seen it")
    proxy.mend()
    outcome = process.wait(30)
    proxy.cut()
    assert outcome.code == 0
    assert re.findall(r"\[on-\w{5}\] (.*)", outcome.stdout) == ["before", "after", "last"]


def test_without_an_engine_nothing_is_created(new_home: Callable[..., Home], tmp_path: Path) -> None:
    home = new_home(docker_host=f"unix://{tmp_path}/none.sock")
    try:
        outcome = home.start("run", home.write(script_job("x", "true"))).wait()
        assert outcome.code == 3, outcome
        assert outcome.stderr.startswith("error: ")
        assert not home.exists("job", "x")
    finally:
        home.environment.pop("DOCKER_HOST")


def test_a_generated_name_is_another_each_time(new_home: Callable[..., Home]) -> None:
    home = new_home()
    file = home.write(script_job("many", "true"))
    Path(file).write_text(Path(file).read_text().replace("name: many", "generateName: many-"))
    for _ in range(2):
        assert re.match(r"job.batch/many-\w{5} created\n", home.kjsim("run", file))
    assert len(home.get("jobs")["items"]) == 2
    assert "cannot use generate name with apply" in home.start("apply", "-f", file).wait().stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a tiny disk")
def test_a_full_disk(new_home: Callable[..., Home], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", disk], check=True)
    try:
        (disk / "rest").write_bytes(b"x" * 60_000)
        home = str(disk / "home")
        file = new_home().write(script_job("x", "true"))
        for command in (("run", file), ("apply", "-f", file), ("up",)):
            done = subprocess.run([KJSIM, "--home", home, *command], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout) == (4, ""), done
            assert done.stderr.startswith("error: ")
            assert "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", disk], check=True)


def test_two_starts_at_once_leave_one_control_plane_also_beside_a_stale_socket(new_home: Callable[..., Home]) -> None:
    home = new_home()
    first, second = home.start("up"), home.start("up")
    outcomes = [first.wait(30), second.wait(30)]
    assert [outcome.code for outcome in outcomes] == [0, 0], outcomes
    process_id = int((home.path / "lock").read_text())
    assert all(f"process {process_id}" in outcome.stdout for outcome in outcomes)
    os.kill(process_id, signal.SIGKILL)
    assert (home.path / "api.sock").exists()
    eventually(lambda: "no control plane is alive" in home.kjsim("status", code=None), "it has ended")
    assert home.kjsim("up").startswith("control plane started")
    assert "serving" in (home.path / "kjsim.log").read_text()
    home.kjsim("down")
