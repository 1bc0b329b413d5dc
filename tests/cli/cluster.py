"""The cluster of the transcripts, made by the real `kjsim` on a real engine: its commands in their order, at their time."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cli.replay import Replay, documents, recorded
from tests.cli.transcripts import FOLDER

MANIFESTS = Path(__file__).parents[2] / "manifests"
_FINISHED = {
    **dict.fromkeys(("badcmd", "flaky", "oom", "deadline", "failpolicy", "perindex"), "Failed"),
    **dict.fromkeys(("indexed", "leader", "multi", "pingpong", "sidecar"), "Complete"),
}


def record(replay: Replay) -> None:
    """Do what the transcripts did; the answers and watches are in `replay`."""
    _write_manifests(replay)
    started = replay.kjsim("up")
    assert started.code == 0, started.output
    _refuse(replay)
    alive = replay.kjsim("status")
    assert "no control plane is alive" not in alive.output, alive.output
    _apply(replay)
    _wait(replay)
    replay.answer_all(
        "kubectl-get.txt",
        "kubectl-describe-jobs.txt",
        "kubectl-describe-cronjobs.txt",
        "kubectl-describe-pods.txt",
        "objects.yaml.txt",
    )
    replay.end_watches()
    assert len(replay.pods()["pingpong-MINUTES"]) == 1, "the CronJob fired again while it was looked at"
    _fire_again(replay)
    replay.answer_all("kubectl-logs.txt", "kubectl-change.txt")


def _write_manifests(replay: Replay) -> None:
    for name in ("simple-job.yml", "simple-cronjob.yml"):
        shutil.copy(MANIFESTS / name, replay.folder)
    for shown in recorded("kubectl-refused.txt"):
        if shown.command.startswith("cat "):
            (replay.folder / shown.command.removeprefix("cat ")).write_text(shown.output)


def _refuse(replay: Replay) -> None:
    for position, shown in enumerate(recorded("kubectl-refused.txt")):
        if shown.command.startswith("kubectl "):
            # what kubectl refuses and kjsim does not
            more = ["--dry-run=server"] if "beta.yml" in shown.command else []
            replay.answer("kubectl-refused.txt", position, *more)


def _apply(replay: Replay) -> None:
    """Apply everything: the many manifests in parts, so that two busy cores start each pod before its deadline, and the
    CronJob so that it has fired once when the rest is through, and does not fire again while it is looked at."""
    started = datetime.now(UTC)
    for kind in ("jobs", "pods", "events"):
        replay.watch(kind)
    for position in (0, 1):
        replay.answer("kubectl-apply.txt", position)
    outputs = ""
    for number, part in enumerate(documents((FOLDER / "manifests.yml").read_text(), 5, 3, 2, 2)):
        (replay.folder / "part.yml").write_text(part)
        answer = replay.kjsim("apply", "-f", "part.yml")
        assert answer.code == 0, answer.output
        outputs += answer.output
        if number < 4:
            replay.until(lambda: "ContainerCreating" not in replay.kjsim("get", "pods").output, "pods start")
    replay.keep("kubectl-apply.txt", 3, outputs)
    replay.answer_all("kubectl-get-after-8s.txt")
    slot = (started + timedelta(seconds=50 + 60)).replace(second=0, microsecond=0)
    while datetime.now(UTC) < slot - timedelta(seconds=55):
        time.sleep(0.2)
    replay.answer("kubectl-apply.txt", 2)


def _wait(replay: Replay) -> None:
    """Wait until everything is as it was after 95 seconds; the fourth restart and the CronJob are the last of it."""

    def reached() -> bool:
        pods, jobs = replay.pods(), replay.jobs()
        return (
            [restarts for _, restarts in pods.get("crash", [])] == ["4"]
            and ("Completed", "0") in pods.get("pingpong-MINUTES", [])
            and "ImagePullBackOff" in [status for status, _ in pods.get("nopull", [])]
            and not {"deadline", "shortlived"} & set(pods)
            and "Running" not in [status for found in pods.values() for status, _ in found]
            and _FINISHED.items() <= jobs.items()
        )

    replay.until(reached, "the states of the transcript after 95 s", seconds=150)


def _fire_again(replay: Replay) -> None:
    """Have the CronJob's second Job, without waiting for its minute."""
    name = f"pingpong-{int(datetime.now(UTC).timestamp() // 60) - 1}"
    created = replay.kjsim("create", "job", name, "--from=cronjob/pingpong")
    assert created.code == 0, created.output
    replay.until(lambda: "ping!" in replay.kjsim("logs", f"job/{name}").output, "the second run prints")
