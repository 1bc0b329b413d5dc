"""Jobs that run, with containers that live by a script in real time: watches, logs and decisions as they come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.cli.client import Client
from simulator.errors import BadRequest
from simulator.executor.virtual import Run, always
from simulator.model.kinds import JOB, POD
from tests.api.world import World, job

LINES = ((0.0, "ping!"), (0.1, "pong!"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path, always(Run(seconds=0.2, lines=LINES)))
    yield world
    world.close()


def finished(client: Client, name: str) -> dict[str, Any]:
    """The Job when a watch tells that it is complete."""
    with client.watch(JOB, "default", name=name, timeout_seconds=30) as watch:
        for event in watch:
            conditions = event.object["status"].get("conditions", [])
            if any(condition["type"] == "Complete" for condition in conditions):
                return event.object
    raise AssertionError("the Job does not finish")


def test_a_job_from_creation_to_its_logs_and_its_story(client: Client) -> None:
    client.create(JOB, job("pp", parallelism=2, completions=2))
    assert finished(client, "pp")["status"]["succeeded"] == 2
    pods = client.list(POD, "default", label_selector="job-name=pp")["items"]
    assert [pod["status"]["phase"] for pod in pods] == ["Succeeded", "Succeeded"]
    name = pods[0]["metadata"]["name"]
    assert b"".join(client.logs(name)) == b"ping!\npong!\n"
    assert b"".join(client.logs(name, tail_lines=1)) == b"pong!\n"
    assert b"".join(client.logs(name, limit_bytes=3)) == b"pin"
    assert b"".join(client.logs(name, container="main", follow=True)) == b"ping!\npong!\n"
    line = b"".join(client.logs(name, timestamps=True, tail_lines=1))
    assert line.endswith(b"Z pong!\n")
    with pytest.raises(BadRequest, match=f'previous terminated container "main" in pod "{name}" not found'):
        client.logs(name, previous=True)
    story = client.decisions(JOB, "pp")
    assert {decision["object"]["kind"] for decision in story} >= {"Job"}
    client.delete(JOB, "pp", None, {"propagationPolicy": "Background"})
    assert client.decisions(JOB, "pp")[: len(story)] == story


def test_the_instance_tells_its_engine(client: Client) -> None:
    client.create(JOB, job("pp"))
    finished(client, "pp")
    status = client.status()
    assert status["engine"] == {"reachable": True, "version": "virtual", "error": ""}
    assert [status[f"unfinished{kind}"] for kind in ("Jobs", "CronJobs", "Pods")] == [0, 0, 0]
