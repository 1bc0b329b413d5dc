"""A state directory of its own, and the real `kjsim` command on it, with real containers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import yaml

from simulator.cli.client import Client, UnixSocket
from simulator.executor.docker.executor import DockerExecutor
from simulator.store.state_directory import StateDirectory

T = TypeVar("T")
Tree = dict[str, Any]

KJSIM = Path(sys.executable).with_name("kjsim")
PATIENCE_SECONDS = 60.0


def eventually(look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` returns once that is neither None nor false."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    stdout: str
    stderr: str
    code: int

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.stdout}\n{self.stderr}"


class Process:
    """A `kjsim` command that is under way. Its output goes to files, so that it never waits for a reader."""

    def __init__(self, home: Home, arguments: tuple[str, ...], number: int) -> None:
        self._files = [home.path.with_name(f"{home.path.name}.{number}.{name}") for name in ("stdout", "stderr")]
        with contextlib.ExitStack() as stack:
            out, err = (stack.enter_context(path.open("wb")) for path in self._files)
            self._popen = _popen(home, arguments, out, err)
        self.pid = self._popen.pid

    def stdout(self) -> str:
        """What it has printed so far."""
        return self._files[0].read_text()

    def is_running(self) -> bool:
        return self._popen.poll() is None

    def wait(self, seconds: float = PATIENCE_SECONDS) -> Outcome:
        """Wait for its end."""
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it goes on for ever:\n{self.stdout()}\n{self._files[1].read_text()}") from None
        return Outcome(self.stdout(), self._files[1].read_text(), code)

    def ends_within(self, seconds: float) -> bool:
        """Give it so long; False if it still goes on."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it as the worst of accidents does."""
        if self.is_running():
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait(10)


def _popen(home: Home, arguments: tuple[str, ...], out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([KJSIM, *arguments], env=home.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)


class Home:
    """A state directory, with `docker_host` as its engine (None: the one of the tests)."""

    def __init__(self, path: Path, docker_host: str | None = None) -> None:
        self.path = path
        self.environment = {**os.environ, "KJSIM_HOME": str(path), "NO_COLOR": "1"}
        if docker_host is not None:
            self.environment["DOCKER_HOST"] = docker_host
        self._processes: list[Process] = []

    # --- commands ---------------------------------------------------------------------------------------------------

    def start(self, *arguments: str) -> Process:
        """Begin a command."""
        process = Process(self, arguments, len(self._processes))
        self._processes.append(process)
        return process

    def kjsim(self, *arguments: str, code: int | None = 0, seconds: float = PATIENCE_SECONDS) -> str:
        """Run a command to its end; what it printed to stdout. `code`: how it has to end (None: anyhow)."""
        outcome = self.start(*arguments).wait(seconds)
        assert code is None or outcome.code == code, f"kjsim {' '.join(arguments)}: {outcome}"
        return outcome.stdout

    def write(self, *manifests: Tree) -> str:
        """A manifest file, for commands that take one."""
        name = "-".join(manifest["metadata"]["name"] for manifest in manifests)[:100]
        file = self.path.with_name(f"{self.path.name}.{name}.yml")
        file.write_text(yaml.safe_dump_all(manifests))
        return str(file)

    def apply(self, *manifests: Tree) -> None:
        self.kjsim("apply", "-f", self.write(*manifests))

    def get(self, *arguments: str) -> Tree:
        """An object, or a list."""
        tree: Tree = json.loads(self.kjsim("get", *arguments, "-o", "json"))
        return tree

    def job(self, name: str) -> Tree:
        return self.get("job", name)

    def pods(self, job: str) -> list[Tree]:
        """The pods of a Job, by name."""
        items: list[Tree] = self.get("pods", "-l", f"job-name={job}")["items"]
        return items

    def exists(self, kind: str, name: str) -> bool:
        return bool(self.kjsim("get", kind, name, "--ignore-not-found", "-o", "name"))

    def client(self) -> Client:
        """A client of the control plane that is alive."""
        return Client(UnixSocket(StateDirectory(self.path).socket))

    # --- what is waited for -----------------------------------------------------------------------------------------

    def wait_for_end(self, name: str, seconds: float = PATIENCE_SECONDS) -> Tree:
        """The Job once it is finished."""
        return eventually(lambda: job if conditions(job := self.job(name)) & {"Complete", "Failed"} else None, name, seconds)

    def wait_for_pods(self, job: str, count: int, phase: str = "Running") -> list[Tree]:
        """The pods of a Job that are in that phase and not being deleted, once there are so many."""

        def look() -> list[Tree] | None:
            pods = [pod for pod in self.pods(job) if pod["status"]["phase"] == phase and not is_deleted(pod)]
            return pods if len(pods) == count else None

        return eventually(look, f"{count} pods of {job} {phase}")

    # --- the engine -------------------------------------------------------------------------------------------------

    @property
    def instance(self) -> str:
        """The label value of all that is this home's on the engine; empty if nothing was ever written."""
        database = self.path / "kjsim.db"
        if not database.exists():
            return ""
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return ""  # Its writer was killed before it had made anything.
            row = connection.execute("SELECT value FROM meta WHERE key = 'instance'").fetchone()
        return row[0] if row else ""

    @contextlib.contextmanager
    def engine(self) -> Iterator[DockerExecutor]:
        """The engine behind this home, seen past the control plane."""
        executor = DockerExecutor(self.instance or "none", self.path)
        executor.start(lambda: None)
        try:
            executor.wait_until_connected()
            yield executor
        finally:
            executor.close()

    def containers(self) -> list[Tree]:
        """All containers of this home, as the engine lists them."""
        with self.engine() as executor:
            assert executor._engine is not None
            label = f"kjsim.io/instance={self.instance}"
            found: list[Tree] = executor._engine.api.containers(all=True, filters={"label": [label]})
            return found

    def close(self) -> None:
        """Kill what still runs and remove everything of this home from the engine."""
        for process in self._processes:
            process.kill()
        directory = StateDirectory(self.path)
        background = directory.process_id()
        if background is not None:
            os.kill(background, signal.SIGKILL)
            eventually(lambda: not directory.is_locked(), "the control plane has ended")
        if self.instance:
            with self.engine() as executor:
                executor.remove_all()


# --- reading objects --------------------------------------------------------------------------------------------------


def conditions(obj: Tree) -> set[str]:
    """The types of the conditions that are True."""
    found = obj.get("status", {}).get("conditions") or ()
    return {condition["type"] for condition in found if condition["status"] == "True"}


def condition(obj: Tree, type_: str) -> Tree:
    """The condition of a type."""
    found: Tree = next(item for item in obj["status"]["conditions"] if item["type"] == type_)
    return found


def is_deleted(obj: Tree) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def script_job(name: str, script: str, *, pod: Tree | None = None, container: Tree | None = None, **spec: Any) -> Tree:
    """A Job whose pods run a shell script; fields of its spec, of the pod's and of the container's on top."""
    main = {"name": "main", "image": "busybox:1.35", "command": ["sh", "-c", script], **(container or {})}
    template = {"spec": {"restartPolicy": "Never", "containers": [main], **(pod or {})}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}
