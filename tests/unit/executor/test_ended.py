from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from simulator.executor.docker.ended import EndedContainers
from simulator.pods.executor import ContainerKey, ContainerReport

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)


def report(container_id: str, state: str = "exited") -> ContainerReport:
    key = ContainerKey("u", "c", 0)
    return ContainerReport(key, NOW, state, container_id, exit_code=3, message="é\n", finished_time=NOW)  # type: ignore[arg-type]


def test_kept_over_processes(tmp_path: Path) -> None:
    first = EndedContainers(tmp_path / "state")
    assert first.get("a") is None
    first.keep(report("a"))
    first.keep(report("b", "running"))
    second = EndedContainers(tmp_path / "state")
    assert second.get("a") == first.get("a") == report("a")
    assert second.get("b") is None


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    EndedContainers(tmp_path).keep(report("a"))
    path = tmp_path / "ended-containers.jsonl"
    path.write_bytes(path.read_bytes()[:-9] + b"\n")
    again = EndedContainers(tmp_path)
    assert again.get("a") is None
    again.keep(report("a"))
    assert EndedContainers(tmp_path).get("a") == report("a")


def test_prune_when_most_are_gone(tmp_path: Path) -> None:
    ended = EndedContainers(tmp_path)
    for number in range(30):
        ended.keep(report(str(number)))
    ended.prune({str(number) for number in range(10)})
    assert ended.get("20") is not None
    ended.prune({"1"})
    assert (ended.get("1"), ended.get("20")) == (report("1"), None)
    assert len((tmp_path / "ended-containers.jsonl").read_bytes().splitlines()) == 1
