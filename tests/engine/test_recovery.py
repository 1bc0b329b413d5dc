"""Processes that are killed, engines that go away, homes side by side: nothing is started twice, nothing is forgotten.

Each container writes a line to a folder of the host when it starts and when it ends, so starts can be counted whatever
became of it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.executor.docker.endpoint import find_endpoints
from simulator.store.state_directory import StateDirectory
from tests.engine.home import Home, Tree, conditions, eventually, script_job
from tests.engine.proxy import Proxy

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("recovery")]

ENDLESS = "trap 'exit 143' TERM; sleep 600 & wait"
"""A shell that is process 1 ends on SIGTERM only if it is told so."""


class Diary:
    """A folder that containers write to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o777)

    def job(self, name: str, work: str, **spec: object) -> Tree:
        """A Job whose containers note their start and their end."""
        script = f"echo start >> /diary/$HOSTNAME; {work}; echo end >> /diary/$HOSTNAME"
        pod = {"volumes": [{"name": "diary", "hostPath": {"path": str(self.folder)}}]}
        mounts = {"volumeMounts": [{"name": "diary", "mountPath": "/diary"}]}
        return script_job(name, script, pod={"restartPolicy": "Never", **pod}, container=mounts, **spec)

    def lines(self) -> Counter[tuple[str, str]]:
        """How often each pod wrote what."""
        return Counter((file.name, line) for file in self.folder.iterdir() for line in file.read_text().splitlines())

    def starts(self) -> int:
        return sum(count for (_, line), count in self.lines().items() if line == "start")

    def check_each_once(self, count: int) -> None:
        """So many pods have started and ended, each once."""
        lines = self.lines()
        assert set(lines.values()) == {1}, lines
        assert Counter(line for _, line in lines) == {"start": count, "end": count}


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    folder = tmp_path / "diary"
    folder.mkdir()
    return Diary(folder)


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


def test_a_killed_run_goes_on_where_it_was(home: Home, diary: Diary) -> None:
    file = home.write(diary.job("work", "sleep 4", completions=4, parallelism=2))
    run = home.start("run", file)
    eventually(lambda: diary.starts() == 2, "two pods run")
    run.kill()
    pods = home.get("pods")["items"]
    assert [pod["status"]["phase"] for pod in pods] == ["Running", "Running"]
    # They end while nobody is there; whoever looks then is told so.
    eventually(lambda: sum(diary.lines().values()) == 4, "both end")
    eventually(
        lambda: [pod["status"]["phase"] for pod in home.get("pods")["items"]] == ["Succeeded", "Succeeded"],
        "get shows the true state",
        10,
    )
    assert diary.starts() == 2, "a look starts nothing"
    assert "complete: 4 succeeded, 0 failed" in home.kjsim("run", file)
    diary.check_each_once(4)
    assert len(home.containers()) == 4


def test_a_job_that_ends_while_nobody_looks(home: Home, diary: Diary) -> None:
    """Its run finds it complete; it does not take it for an old one, to be replaced."""
    file = home.write(diary.job("work", "sleep 1", completions=2, parallelism=2))
    run = home.start("run", file)
    eventually(lambda: diary.starts() == 2, "two pods run")
    run.kill()
    eventually(lambda: sum(diary.lines().values()) == 4, "both end")
    assert "complete: 2 succeeded, 0 failed" in home.kjsim("run", file)
    diary.check_each_once(2)


def test_a_run_killed_again_and_again(home: Home, diary: Diary) -> None:
    """At whichever moment: before the pods are there, while they start, while they run, while they end."""
    file = home.write(diary.job("work", "sleep 0.3", completions=6, parallelism=3))
    for seconds in (0.15, 0.3, 0.45, 0.6, 0.8, 1.0):
        run = home.start("run", file)
        has_ended = run.ends_within(seconds)
        run.kill()
        if has_ended or (home.exists("job", "work") and "Complete" in conditions(home.job("work"))):
            break  # another run would begin anew
    else:
        home.kjsim("run", file)
    job = home.job("work")
    assert conditions(job) == {"SuccessCriteriaMet", "Complete"}
    assert "failed" not in job["status"]
    uids = Counter(c["Labels"]["io.kubernetes.pod.uid"] for c in home.containers())
    assert set(uids.values()) == {1}
    assert set(uids) == {pod["metadata"]["uid"] for pod in home.pods("work")}
    diary.check_each_once(job["status"]["succeeded"])


def test_a_killed_background(home: Home, diary: Diary) -> None:
    home.kjsim("up")
    home.apply(diary.job("work", "sleep 3", completions=3, parallelism=3))
    eventually(lambda: diary.starts() == 3, "three pods run")
    process = StateDirectory(home.path).process_id()
    assert process is not None
    os.kill(process, 9)
    eventually(lambda: StateDirectory(home.path).process_id() is None, "the control plane is dead")
    home.kjsim("up")
    job = home.wait_for_end("work")
    assert (conditions(job), job["status"]["succeeded"]) == ({"SuccessCriteriaMet", "Complete"}, 3)
    diary.check_each_once(3)


def test_two_homes_side_by_side(new_home: Callable[..., Home], diary: Diary) -> None:
    one, other = new_home(), new_home()
    runs = [home.start("run", home.write(diary.job("work", work))) for home, work in ((one, ENDLESS), (other, "sleep 4"))]
    eventually(lambda: diary.starts() == 2, "both run")
    mine, theirs = one.containers(), other.containers()
    assert (len(mine), len(theirs)) == (1, 1)
    assert mine[0]["Id"] != theirs[0]["Id"]
    assert {pod["metadata"]["uid"] for pod in one.pods("work")} == {mine[0]["Labels"]["io.kubernetes.pod.uid"]}
    # Clearing away the one leaves the other alone.
    one.kjsim("delete", "job", "work")
    eventually(lambda: not one.containers(), "the one is gone")
    assert runs[1].wait().code == 0
    assert len(other.containers()) == 1
    assert Counter(line for _, line in diary.lines()) == {"start": 2, "end": 1}
    assert runs[0].wait().code is not None


def test_two_control_planes_of_one_home(home: Home, diary: Diary) -> None:
    """The second run is a client of the first, and goes on by itself when that one dies."""
    first = home.start("run", home.write(diary.job("first", "sleep 4")))
    eventually(lambda: diary.starts() == 1, "the first one runs")
    second = home.start("run", home.write(diary.job("second", "sleep 6")))
    eventually(lambda: diary.starts() == 2, "the second one runs")
    assert StateDirectory(home.path).process_id() == first.pid
    first.kill()
    outcome = second.wait()
    assert outcome.code == 0, outcome
    assert "going on without it" in outcome.stderr
    assert conditions(home.job("first")) == conditions(home.job("second")) == {"SuccessCriteriaMet", "Complete"}
    diary.check_each_once(2)


@pytest.fixture
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The engine behind a socket that can be cut."""
    host = find_endpoints(os.environ, Path.home())[0].host
    made = Proxy(tmp_path_factory.mktemp("p") / "engine.sock", host.removeprefix("unix://"))
    try:
        yield made
    finally:
        made.cut()


def test_an_engine_that_goes_away_and_comes_back(new_home: Callable[..., Home], proxy: Proxy, diary: Diary) -> None:
    home = new_home(docker_host=f"unix://{proxy.path}")
    run = home.start("run", home.write(diary.job("work", "sleep 2", completions=4, parallelism=2)))
    eventually(lambda: diary.starts() == 2, "two pods run")
    proxy.cut()
    eventually(lambda: sum(diary.lines().values()) == 4, "they end unseen")
    assert run.is_running()
    assert diary.starts() == 2
    proxy.mend()
    outcome = run.wait()
    assert outcome.code == 0, outcome
    assert "complete: 4 succeeded, 0 failed" in outcome.stdout
    diary.check_each_once(4)
