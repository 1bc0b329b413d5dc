"""Commands on manifests before anything is created: what is told of them."""

from __future__ import annotations

from pathlib import Path

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
