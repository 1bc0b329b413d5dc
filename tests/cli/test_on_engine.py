"""Whole outputs on a real Docker Engine, compared with what kubectl showed of a real cluster (transcripts/README.md).

The cluster of the transcripts is made once, by the real `kjsim`: its manifests applied, its states waited for, its
commands given in their order. Each test compares one of them. `differences.py` lists what is otherwise on purpose.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.model.durations import parse_go_duration
from tests.cli.cluster import record
from tests.cli.differences import INSTEAD, job_history, pod_history, settled
from tests.cli.masking import comparable, masked, with_chance_in_order, words
from tests.cli.replay import Recorded, Replay, histories, recorded
from tests.cli.transcripts import FOLDER

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("transcripts")]


@pytest.fixture(scope="session")
def replay() -> Iterator[Replay]:
    """The cluster of the transcripts, and what `kjsim` answered to each of their commands."""
    made = Replay(Path(tempfile.mkdtemp(prefix="kjsim-transcripts-")))
    try:
        record(made)
        yield made
    finally:
        made.close()


def _commands(*files: str) -> list[object]:
    found: list[object] = []
    for file in files:
        seen: dict[str, int] = {}
        for position, shown in enumerate(recorded(file)):
            seen[shown.command] = seen.get(shown.command, 0) + 1
            if shown.command.startswith("kubectl "):
                again = f" #{seen[shown.command]}" if seen[shown.command] > 1 else ""
                found.append(pytest.param(position, shown, id=f"{file}: {shown.command}{again}"))
    return found


@pytest.mark.parametrize(
    ("position", "shown"),
    _commands(
        "kubectl-refused.txt",
        "kubectl-apply.txt",
        "kubectl-get.txt",
        "kubectl-describe-jobs.txt",
        "kubectl-describe-cronjobs.txt",
        "kubectl-describe-pods.txt",
        "objects.yaml.txt",
        "kubectl-logs.txt",
        "kubectl-change.txt",
    ),
)
def test_command(replay: Replay, position: int, shown: Recorded) -> None:
    answer = replay.answers[shown.file, position]
    output, code = INSTEAD.get(shown.command, (shown.output, shown.code))
    form = words if "--no-headers" in shown.command else comparable
    ours, theirs = settled(shown, form(answer.output)), settled(shown, form(output))
    if "--sort-by" not in shown.command:
        ours, theirs = with_chance_in_order(ours), with_chance_in_order(theirs)
    assert ours == theirs
    assert answer.code == code


@pytest.mark.parametrize(("position", "shown"), _commands("kubectl-get-after-8s.txt"))
def test_in_the_middle(replay: Replay, position: int, shown: Recorded) -> None:
    """The same tables with the same columns, of rows that the cluster showed at some time."""
    answer = settled(shown, comparable(replay.answers[shown.file, position].output))
    expected = settled(shown, comparable(shown.output))
    assert [line for line in answer if line.startswith("NAME|")] == [line for line in expected if line.startswith("NAME|")]
    pods, jobs = _pods(_shown("pods")), _jobs(_shown("jobs"))
    for line in answer:
        name, *cells = line.split("|")
        if name.endswith("-SUFFIX"):
            name = name.removeprefix("pod/")
            row = re.sub(r" \(AGE ago\)", "", " ".join(cells[:3]))
            assert not pod_history(name, [row]) or row in {row for rows in pods[name] for row in rows}
        elif name.startswith("job.batch/"):
            assert cells[0] in jobs[name.removeprefix("job.batch/")][0]


def test_events_in_order(replay: Replay) -> None:
    """Sorted by the time they were seen last, oldest first."""
    position = next(at for at, it in enumerate(recorded("kubectl-get.txt")) if "--sort-by=.lastTimestamp" in it.command)
    rows = replay.answers["kubectl-get.txt", position].output.splitlines()[1:]
    ages = [parse_go_duration(row.split()[0]) for row in rows]
    assert ages == sorted(ages, reverse=True)


def test_watch_pods(replay: Replay) -> None:
    """Each pod goes through the states that it went through in the cluster, in their order."""
    assert _pods(replay.watches["pods"]) == _pods(_shown("pods"))


def test_watch_jobs(replay: Replay) -> None:
    """Each Job goes through the same states, in their order, to the same end."""
    assert _jobs(replay.watches["jobs"]) == _jobs(_shown("jobs"))


def test_watch_events(replay: Replay) -> None:
    """The same events about the same objects, each at least once."""
    assert _events(replay.watches["events"]) == _events(_shown("events"))


def _shown(kind: str) -> str:
    return (FOLDER / f"kubectl-get-{kind}-watch.txt").read_text()


def _pods(watched: str) -> dict[str, list[list[str]]]:
    """The histories of pods, by masked name; several of one name are sorted."""
    found: dict[str, list[list[str]]] = {}
    for name, rows in histories(watched, 3).items():
        found.setdefault(masked(name), []).append(pod_history(masked(name), rows))
    return {name: sorted(rows) for name, rows in sorted(found.items())}


def _jobs(watched: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for name, rows in histories(watched, 2).items():
        found.setdefault(masked(name), []).append(job_history(rows))
    return dict(sorted(found.items()))


def _events(watched: str) -> list[str]:
    position = next(at for at, it in enumerate(recorded("kubectl-get.txt")) if "get events" in it.command)
    rows = {"|".join(masked(cell) for cell in re.split(r" {2,}", line, maxsplit=4)[1:]) for line in watched.splitlines()[1:]}
    return sorted({*settled(recorded("kubectl-get.txt")[position], [f"AGE|{row}" for row in rows])})
