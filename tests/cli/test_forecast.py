"""`kjsim forecast` as users call it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import yaml

from tests.cli.world import kjsim

CRON_JOB = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
spec:
  schedule: "{schedule}"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{{name: main, image: "busybox:1.35", resources: {{requests: {{cpu: 100m, memory: 64Mi}}}}}}]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cron.yml"
    path.write_text(CRON_JOB.format(name="backup", schedule="*/30 * * * *"))
    return path


def forecast(home: Path, *arguments: str) -> str:
    outcome = kjsim("--home", str(home), "forecast", "--from", "2027-03-27T00:00:00Z", *arguments)
    assert outcome.code == 0, outcome.stderr
    return outcome.stdout


def test_json_has_its_parts_and_is_the_same_to_the_byte(home: Path, file: Path) -> None:
    flags = ("-f", str(file), "--for", "2h", "--duration", "30s..45m", "--seed", "5", "-o", "json")
    text = forecast(home, *flags)
    assert text == forecast(home, *flags)
    made = json.loads(text)
    assert {"runs", "skipped", "findings", "assumptions", "summary"} <= made.keys()
    assert {"cronJob", "job", "scheduledTime", "startTime", "completionTime", "outcome"} <= made["runs"][0].keys()
    assert made["runs"][0]["scheduledTime"] == "2027-03-27T00:30:00Z"
    assert made["seed"] == 5
    assert made["assumptions"][0]["durationSource"] == "--duration"
    assert yaml.safe_load(forecast(home, *flags[:-1], "yaml")) == made
    assert not home.exists()


def test_text_csv_ical_and_summary(home: Path, file: Path) -> None:
    text = forecast(home, "-f", str(file), "--for", "2h")
    assert "cronjob/backup takes 1m (a guess)" in text
    assert "Timeline" in text
    assert forecast(home, str(file), "--for", "2h", "-o", "csv").count("\n") == 4
    assert forecast(home, str(file), "--for", "2h", "-o", "ical").startswith("BEGIN:VCALENDAR\r\n")
    summary = json.loads(forecast(home, str(file), "--for", "2h", "--summary", "-o", "json"))
    assert (summary["runs"], summary["summary"]["runs"]) == ([], 3)


def test_down_and_now(home: Path, file: Path) -> None:
    flags = ("--down", "2027-03-27T00:45:00Z..2027-03-27T02:15:00Z", "--now", "2027-03-27T00:10:00Z")
    made = json.loads(forecast(home, "-f", str(file), "--for", "3h", *flags, "-o", "json"))
    assert [run["startTime"][11:16] for run in made["runs"]] == ["00:30", "02:15", "02:30"]
    skipped = [(skip["scheduledTime"][11:16], skip["reason"]) for skip in made["skipped"]]
    assert skipped == [("01:00", "Down"), ("01:30", "Down")]


def test_diff_and_its_exit_code(home: Path, file: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yml"
    new.write_text(CRON_JOB.format(name="backup", schedule="*/20 * * * *"))
    arguments = ["--home", str(home), "forecast", "--from", "2027-03-27T00:00:00Z", "--for", "1h", "--exit-code", "--diff"]
    same = kjsim(*arguments, str(file), str(file))
    assert (same.code, same.stdout.splitlines()[-1]) == (0, "nothing changes")
    other = kjsim(*arguments, str(file), str(new))
    assert other.code == 1
    assert "+  cronjob/backup  Sat 2027-03-27 00:20:00 UTC" in other.stdout
    assert json.loads(kjsim(*arguments, str(file), str(new), "-o", "json").stdout)["changes"] is True


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--duration", "x"), 'invalid argument "x" for "--duration" flag'),
        (("--duration", "nope=1m"), 'there is no CronJob or Job "nope" in these manifests; there are: backup'),
        (("--fail", "200%"), 'invalid argument "200%" for "--fail" flag'),
        (("--for", "soon"), 'invalid argument "soon" for "--for" flag'),
        (("--for", "0s"), "--for takes a duration of at least a second"),
        (("--from", "soon"), 'invalid argument "soon" for "--from" flag'),
        (("--from", "9999-12-31", "--for", "52w"), "--from and --for lead beyond the year 9999"),
        (("--down", "x"), 'invalid argument "x" for "--down" flag'),
        (("--now", "2999-01-01"), "--now lies after the end of the forecast"),
        (("-o", "wide"), 'unable to match a printer suitable for the output format "wide"'),
        (("--exit-code",), "--exit-code goes with --diff"),
    ],
)
def test_what_makes_no_sense_is_refused(home: Path, file: Path, flags: tuple[str, ...], message: str) -> None:
    outcome = kjsim("--home", str(home), "forecast", "-f", str(file), *flags)
    assert outcome.code == 2
    assert message in outcome.stderr


def test_manifests_without_jobs_are_refused(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "config.yml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    outcome = kjsim("--home", str(home), "forecast", "-f", str(path))
    assert outcome.code == 2
    assert "nothing to foresee" in outcome.stderr


def test_an_annotation_that_cannot_be_read_is_told_with_file_and_line(home: Path, file: Path) -> None:
    text = file.read_text().replace("  name: backup\n", "  name: backup\n  annotations:\n    kjsim.dev/duration: 40x\n")
    file.write_text(text)
    outcome = kjsim("--home", str(home), "forecast", "-f", str(file))
    assert outcome.code == 2
    assert outcome.stderr == (
        f'error: {file}:6: metadata.annotations[kjsim.dev/duration]: time: unknown unit "x" in duration "40x"\n'
    )
    assert kjsim("--home", str(home), "forecast", "--diff", str(file), str(file)).stderr == outcome.stderr


def test_the_readme_shows_what_is_printed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    block = next(text for text in (root / "README.md").read_text().split("```") if "$ kjsim forecast" in text)
    command, shown = block.lstrip("\n").split("\n", 1)
    words = command.removeprefix("$ kjsim ").split()
    try:
        outcome = kjsim("--home", str(home), *words)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (outcome.stdout.rstrip("\n"), outcome.code) == (shown.rstrip("\n"), 0)
