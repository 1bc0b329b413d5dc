"""Commands of the transcripts, given to the real `kjsim` with a home of its own and a control plane in the background."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.masking import masked
from tests.cli.transcripts import FOLDER

KJSIM = Path(sys.executable).with_name("kjsim")
MORE = {"kubectl logs job/waiting": ("--pod-running-timeout=1s",)}  # nothing comes of the other 19 seconds


@dataclass(frozen=True)
class Recorded:
    """A command (with `kubectl` or another program in front), what it printed (both streams), and its exit code."""

    file: str
    command: str
    output: str
    code: int


def recorded(file: str) -> list[Recorded]:
    """What a transcript holds, in its order."""
    found = []
    for text in re.split(r"(?m)^\$ ", (FOLDER / file).read_text())[1:]:
        command, _, rest = text.partition("\n")
        match = re.fullmatch(r"(?s)(.*?)\[exit (\d+)\]\s*", rest)
        assert match, f"{file}: {command}"
        found.append(Recorded(file, command, match[1], int(match[2])))
    return found


@dataclass
class Replay:
    """A control plane with a home of its own. `close` ends it and removes what it made."""

    folder: Path
    answers: dict[tuple[str, int], Recorded] = field(default_factory=dict)
    watches: dict[str, str] = field(default_factory=dict)
    _watching: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def kjsim(self, *arguments: str) -> Recorded:
        """Run a command, in the folder with the manifests."""
        ended = subprocess.run(
            [str(KJSIM), *arguments],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=90,
            check=False,
        )
        return Recorded("", shlex.join(arguments), ended.stdout.decode(), ended.returncode)

    def answer(self, file: str, position: int, *more: str) -> Recorded:
        """Run a command of a transcript (with more flags), and keep the answer."""
        program, *arguments = shlex.split(recorded(file)[position].command)
        assert program == "kubectl"
        made = self.answers[file, position] = self.kjsim(*arguments, *more)
        return made

    def answer_all(self, *files: str) -> None:
        """Run the commands of transcripts, in their order."""
        for file in files:
            for position in range(len(recorded(file))):
                self.answer(file, position, *MORE.get(recorded(file)[position].command, ()))

    def keep(self, file: str, position: int, output: str) -> None:
        """Keep an answer that was had otherwise."""
        self.answers[file, position] = Recorded(file, recorded(file)[position].command, output, 0)

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}\n{self._situation()}"
            time.sleep(0.3)

    def _situation(self) -> str:
        log = (self.folder / "home" / "kjsim.log").read_text()
        return f"{self.kjsim('status').output}{self.kjsim('get', 'pods,jobs').output}{log[-2000:]}"

    def pods(self) -> dict[str, list[tuple[str, str]]]:
        """STATUS and RESTARTS of each Job's pods, by the Job's name (the CronJob's all under `pingpong-MINUTES`)."""
        states: dict[str, list[tuple[str, str]]] = {}
        for line in self.kjsim("get", "pods", "--no-headers", "-Ljob-name").output.splitlines():
            cells = line.split()
            states.setdefault(masked(cells[-1]), []).append((cells[2], cells[3]))
        return states

    def jobs(self) -> dict[str, str]:
        """STATUS of each Job."""
        return {line.split()[0]: line.split()[1] for line in self.kjsim("get", "jobs", "--no-headers").output.splitlines()}

    def watch(self, kind: str) -> None:
        """Follow a kind with `get -w`, from now on."""
        output = (self.folder / f"watch-{kind}.txt").open("wb")
        self._watching[kind] = subprocess.Popen(
            [str(KJSIM), "get", kind, "-w"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        output.close()
        _wait_until_listening(self._watching[kind].pid)

    def end_watches(self) -> None:
        """End what `watch` started; `watches` has what they showed."""
        for kind, process in self._watching.items():
            process.terminate()
            process.wait(10)
            self.watches[kind] = (self.folder / f"watch-{kind}.txt").read_text()
        self._watching.clear()

    def close(self) -> None:
        """End everything; remove the containers and networks of this home."""
        self.end_watches()
        self.kjsim("delete", "jobs,cronjobs,pods", "--all", "--now")
        self.kjsim("down")
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KJSIM_")}
        return {**kept, "KJSIM_HOME": str(self.folder / "home"), "TZ": "UTC"}


def _wait_until_listening(process_id: int) -> None:
    """Return once a watch has had one and the same connection for a while: what happens from then on it sees."""
    since, held = time.monotonic(), ""
    deadline = since + 20
    while time.monotonic() < deadline:
        found = ""
        for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = os.readlink(descriptor)
                found = target if target.startswith("socket:") else found
        if found != held:
            since, held = time.monotonic(), found
        elif held and time.monotonic() - since > 0.3:
            return
        time.sleep(0.02)
    raise AssertionError("the watch has not connected")


def histories(watched: str, columns: int) -> dict[str, list[str]]:
    """What `get -w` showed of each object: so many columns of its rows, each once as long as it stays the same."""
    made: dict[str, list[str]] = {}
    for line in watched.splitlines():
        cells = re.split(r" {2,}(?=\S)", line.rstrip())
        if len(cells) < 3 or cells[0] == "NAME":
            continue
        row = re.sub(r" \(\d+\w* ago\)", "", " ".join(cells[1 : columns + 1]))
        history = made.setdefault(cells[0], [])
        if not history or history[-1] != row:
            history.append(row)
    return made


def documents(text: str, *counts: int) -> Iterator[str]:
    """A manifest file cut into parts of so many documents; the last part takes the rest."""
    every = text.split("\n---\n")
    for count in counts:
        yield "\n---\n".join(every[:count])
        every = every[count:]
    yield "\n---\n".join(every)
