"""Commands on manifests before anything is created: what is told of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cli.world import kjsim

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  {name}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: main, image: "busybox:1.35", env: [{{name: A, value: "1"}}, {{name: A, value: "2"}}]}}]
"""


def test_delete_goes_by_name_and_says_where_none_is(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(JOB.format(name="generateName: x-"))
    outcome = kjsim("--home", str(tmp_path / "home"), "delete", "-f", str(file))
    assert outcome.code == 2
    assert f"{file}:3: metadata.name is missing: delete goes by name; what was made from generateName" in outcome.stderr
    file.write_text(JOB.format(name="labels: {a: b}"))
    outcome = kjsim("--home", str(tmp_path / "home"), "delete", "-f", str(file))
    assert outcome.code == 2
    assert outcome.stderr.endswith("metadata.name is missing: delete goes by name\n")


def test_validate_tells_what_the_server_would_warn_of(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(JOB.format(name="name: a.b"))
    outcome = kjsim("validate", str(file))
    assert (outcome.code, outcome.stdout) == (0, f"{file}: job.batch/a.b valid\n")
    warnings = outcome.stderr.splitlines()
    assert warnings[0].startswith("Warning: metadata.name: this is used in Pod names and hostnames")
    assert any("hides previous definition" in line for line in warnings)


CRON_JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "0 * * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: busybox}]}}}}
"""


@pytest.mark.parametrize(("zone", "is_told"), [("UTC", False), ("Asia/Kolkata", True)])
def test_apply_says_where_the_schedules_clock_is_not_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, is_told: bool
) -> None:
    file = tmp_path / "cron.yml"
    file.write_text(CRON_JOB)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        outcome = kjsim("--home", str(tmp_path / "home"), "apply", "-f", str(file))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert outcome.stdout == "cronjob.batch/tick created\n"
    note = ":30:00 IST on this machine; a schedule without timeZone is read in UTC, as in a cluster)"
    assert (note in outcome.stderr) == is_told
    assert outcome.stderr.startswith("note: cronjob/tick fires next at ") == is_told


@pytest.mark.parametrize("command", ["apply", "create", "validate"])
def test_files_without_objects_are_told(command: str, tmp_path: Path) -> None:
    file = tmp_path / "empty.yml"
    file.write_text("---\n# nothing here\n---\n")
    outcome = kjsim("--home", str(tmp_path / "home"), command, "-f", str(file))
    assert (outcome.both, outcome.code) == (f"error: no objects passed to {command}\n", 1)


def test_a_timeout_that_has_passed_before_the_start_is_refused(tmp_path: Path) -> None:
    outcome = kjsim("--home", str(tmp_path / "home"), "run", str(tmp_path / "job.yml"), "--timeout=-5s")
    assert (outcome.both, outcome.code) == ("error: --timeout takes a duration above 0\n", 2)
    assert not (tmp_path / "home").exists()
