"""Every example in `manifests/` does what its comment says, run by the real command with real containers.

All of them run at the same time, each in a state directory of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.home import Home, Outcome, Tree, condition, eventually

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("manifests")]

MANIFESTS = Path(__file__).parents[2] / "manifests"

FLAGS = {"simple-cronjob": ("--now", "--runs", "1"), "nightly-cronjob": ("--now", "--runs", "1")}


class Example:
    """One example that runs, or has run."""

    def __init__(self, name: str, home: Home) -> None:
        self.name = name
        self.home = home
        self._process = home.start("run", str(MANIFESTS / f"{name}.yml"), *FLAGS.get(name, ()))

    def end(self, code: int = 0) -> Outcome:
        """How it ended."""
        outcome = self._process.wait(90)
        assert outcome.code == code, outcome
        return outcome

    def job(self, name: str = "") -> Tree:
        return self.home.job(name or self.name)

    def logs(self) -> list[str]:
        """What all its pods wrote."""
        return self.home.kjsim("logs", "-l", f"job-name={self.name}", "--tail=-1", "--all-containers").splitlines()


@pytest.fixture(scope="module")
def examples(new_home: Callable[..., Home]) -> dict[str, Example]:
    """All of them, started."""
    return {name: Example(name, new_home()) for name in sorted(path.stem for path in MANIFESTS.glob("*.yml"))}


def test_each_example_has_its_test() -> None:
    tests = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in MANIFESTS.glob("*.yml")} <= tests


def test_fixed_count(examples: dict[str, Example]) -> None:
    example = examples["fixed-count"]
    assert "job.batch/fixed-count complete: 5 succeeded, 0 failed" in example.end().stdout
    assert example.job()["status"]["succeeded"] == 5
    assert len(set(example.logs())) == 5


def test_work_queue(examples: dict[str, Example]) -> None:
    example = examples["work-queue"]
    example.end()
    logs = example.logs()
    assert sorted(line for line in logs if line.startswith("item")) == [f"item {n} taken" for n in range(1, 7)]
    assert logs.count("nothing left") == example.job()["status"]["succeeded"] == 2


def test_indexed(examples: dict[str, Example]) -> None:
    example = examples["indexed"]
    example.end()
    assert example.job()["status"]["completedIndexes"] == "0-2"
    assert sorted(example.logs()) == [f"part {n} of 3 on indexed-{n}" for n in range(3)]


def test_per_index_back_off(examples: dict[str, Example]) -> None:
    example = examples["per-index-back-off"]
    assert "FailedIndexes" in example.end(1).stdout
    status = example.job()["status"]
    assert (status["completedIndexes"], status["failedIndexes"], status["failed"]) == ("0,1,3", "2", 2)
    assert example.logs().count("try of index 2") == 2


def test_failure_policy(examples: dict[str, Example]) -> None:
    example = examples["failure-policy"]
    assert "PodFailurePolicy" in example.end(1).stdout
    failed = condition(example.job(), "Failed")
    assert failed["reason"] == "PodFailurePolicy"
    assert failed["message"].endswith("failed with exit code 42 matching FailJob rule at index 0")
    assert example.logs() == ["the input is wrong"]


def test_success_policy(examples: dict[str, Example]) -> None:
    example = examples["success-policy"]
    example.end()
    job = example.job()
    assert (condition(job, "Complete")["reason"], job["status"]["completedIndexes"]) == ("SuccessPolicy", "0")
    assert "failed" not in job["status"]


def test_ttl(examples: dict[str, Example]) -> None:
    example = examples["ttl"]
    assert "job.batch/ttl complete" in example.end().stdout
    home = example.home
    home.kjsim("up")
    eventually(lambda: not home.exists("job", "ttl") and not home.pods("ttl"), "the Job removes itself", 20)
    eventually(lambda: not home.containers(), "its container goes too", 20)
    home.kjsim("down")


def test_retry_in_place(examples: dict[str, Example]) -> None:
    example = examples["retry-in-place"]
    example.end()
    (pod,) = example.home.pods("retry-in-place")
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 2
    assert example.job()["status"]["succeeded"] == 1
    assert example.logs() == ["try after 2 failures"]


def test_init_container(examples: dict[str, Example]) -> None:
    example = examples["init-container"]
    example.end()
    assert example.logs() == ["fetched", "sum 15"]


def test_sidecar(examples: dict[str, Example]) -> None:
    example = examples["sidecar"]
    example.end()
    assert "hello from the sidecar" in example.logs()
    (pod,) = example.home.pods("sidecar")
    assert pod["status"]["phase"] == "Succeeded"


def test_simple_job(examples: dict[str, Example]) -> None:
    example = examples["simple-job"]
    assert "job.batch/pingpong complete: 3 succeeded, 0 failed" in example.end().stdout
    logs = example.home.kjsim("logs", "-l", "app=pingpong").splitlines()
    assert [line.rpartition(" ")[2] for line in logs].count("ping!") == 3
    assert [line.rpartition(" ")[2] for line in logs].count("pong!") == 3


def test_simple_cronjob(examples: dict[str, Example]) -> None:
    example = examples["simple-cronjob"]
    stdout = example.end().stdout
    assert "cronjob/pingpong fires next at" in stdout
    jobs = example.home.get("jobs")["items"]
    assert any(job["metadata"]["name"].startswith("pingpong-now-") and job["status"].get("succeeded") for job in jobs)


def test_nightly_cronjob(examples: dict[str, Example]) -> None:
    example = examples["nightly-cronjob"]
    stdout = example.end().stdout
    assert "02:30:00 Europe/Berlin" in stdout
    assert "the report of the night" in stdout
    assert example.home.get("cronjob", "nightly")["spec"]["timeZone"] == "Europe/Berlin"
