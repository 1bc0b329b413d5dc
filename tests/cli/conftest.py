from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from simulator.executor.virtual import Run, VirtualImage
from simulator.pods.executor import StartContainer
from tests.cli.transcripts import FOLDER
from tests.cli.world import World

MANIFESTS = Path(__file__).parents[2] / "manifests"
DATE = "[Mon Nov 23 10:33:18 UTC 2026]"


def life(command: StartContainer) -> Run:
    """What the containers of the transcripts' manifests do."""
    index = dict(command.config.env).get("JOB_COMPLETION_INDEX", "")
    match command.pod.job.removesuffix("-").split("-")[0], command.key.name:
        case "pingpong", _:
            return Run(seconds=10, lines=((0, f"{DATE} ping!"), (10, f"{DATE} pong!")))
        case (("flaky" | "crash"), _):
            return Run(seconds=0.1, exit_code=3, lines=((0, "boom"),))
        case "badcmd", _:
            return Run(start_error='exec: "/no/such/binary": stat /no/such/binary: no such file or directory')
        case "multi", "prep":
            return Run(seconds=2)
        case "multi", "a":
            return Run(seconds=8, lines=((0, "prep"), (8, "a done")))
        case "multi", "b":
            return Run(seconds=3, lines=((0, "b"),))
        case "oom", _:
            return Run(seconds=0.2, exit_code=137, reason="OOMKilled")
        case "deadline", _:
            return Run(seconds=600)
        case "indexed", _:
            return Run(seconds=2, lines=((0, f"index {index} on indexed-{index}"),))
        case "perindex", _:
            return Run(seconds=0.1, exit_code=int(index == "1"))
        case "failpolicy", _:
            return Run(seconds=3, exit_code=42)
        case "leader", _:
            return Run(seconds=2 if index == "0" else 602)
        case "sidecar", "proxy":
            return Run(seconds=600, lines=((0, "proxy up"),))
        case "sidecar", _:
            return Run(seconds=12)
    return Run(seconds=0.1)


IMAGES = {
    "nosuch.invalid/image:1": VirtualImage(present=False, pull_error="no such host", pull_seconds=0.2),
    "absent:1": VirtualImage(present=False, pull_error="no such image"),
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty state directory."""
    world = World(tmp_path / "home", script=life, images=IMAGES)
    yield world
    world.close()


def transcribed(folder: Path, seconds: float) -> World:
    """The transcripts' manifests so many seconds after they were applied."""
    world = World(folder / "home", script=life, images=IMAGES)
    start = world.clock.now()
    for name in ("simple-job.yml", "simple-cronjob.yml"):
        world.create((MANIFESTS / name).read_text())
    world.run_to(start + timedelta(seconds=1))
    world.create((FOLDER / "manifests.yml").read_text())
    world.run_to(start + timedelta(seconds=seconds))
    return world


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """As kubectl-get.txt and kubectl-describe-*.txt saw it."""
    world = transcribed(tmp_path_factory.mktemp("cluster"), 97)
    yield world
    world.close()


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """As kubectl-logs.txt saw it: the second Job of the CronJob has begun."""
    world = transcribed(tmp_path_factory.mktemp("later"), 105)
    yield world
    world.close()
