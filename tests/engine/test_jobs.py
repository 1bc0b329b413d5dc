"""What a cluster makes of Jobs, with real containers: one control plane in the background, many Jobs at once.

The Jobs that need nobody's hand are all applied at the start; the tests of those that do run while they come to their ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.cli.client import Client
from simulator.model.kinds import JOB, POD
from tests.engine.home import Home, condition, conditions, eventually, is_deleted, script_job

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("jobs")]

# A shell that is process 1 ignores SIGTERM unless it is told what to do.
WAIT = "trap 'exit 143' TERM; sleep 600 & wait"
MERGE_PATCH = "application/merge-patch+json"

UNATTENDED = (
    script_job(
        "indexed",
        "echo index $JOB_COMPLETION_INDEX on $(hostname)",
        completionMode="Indexed",
        completions=3,
        parallelism=2,
    ),
    script_job(
        "exit-42",
        "exit 42",
        backoffLimit=6,
        podFailurePolicy={"rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}]},
    ),
    script_job(
        "one-bad-index",
        "test $JOB_COMPLETION_INDEX != 1",
        completionMode="Indexed",
        completions=3,
        parallelism=3,
        backoffLimitPerIndex=1,
    ),
    script_job(
        "leader",
        f"if [ $JOB_COMPLETION_INDEX = 0 ]; then sleep 1; exit 0; fi; {WAIT}",
        completionMode="Indexed",
        completions=3,
        parallelism=3,
        successPolicy={"rules": [{"succeededIndexes": "0"}]},
    ),
    script_job("deadline", WAIT, activeDeadlineSeconds=3, parallelism=2, completions=2),
    script_job("short-lived", "true", ttlSecondsAfterFinished=2),
    script_job(
        "third-try",
        "echo x >> /marks/tries; test $(wc -l < /marks/tries) = 3",
        pod={"restartPolicy": "OnFailure", "volumes": [{"name": "marks", "emptyDir": {}}]},
        container={"volumeMounts": [{"name": "marks", "mountPath": "/marks"}]},
    ),
    script_job("all-tries", "exit 1", pod={"restartPolicy": "OnFailure"}, backoffLimit=1),
)

POLICY = {"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]}


@pytest.fixture(scope="module")
def home(new_home: Callable[..., Home]) -> Home:
    """A control plane in the background, with the unattended Jobs under way."""
    made = new_home()
    made.kjsim("up")
    made.apply(*UNATTENDED)
    made.apply(script_job("disrupted", WAIT, backoffLimit=0, podFailurePolicy=POLICY))
    return made


@pytest.fixture(scope="module")
def client(home: Home) -> Client:
    return home.client()


def patch_job(client: Client, name: str, **spec: Any) -> None:
    client.patch(JOB, name, "default", {"spec": spec}, MERGE_PATCH)


def container_names(home: Home) -> list[str]:
    return [container["Names"][0] for container in home.containers()]


# --- with somebody's hand -----------------------------------------------------------------------------------------------


def test_a_disruption_is_ignored(home: Home, client: Client) -> None:
    (pod,) = home.wait_for_pods("disrupted", 1)
    name = pod["metadata"]["name"]
    disruption = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "Eviction API"}
    client.patch(POD, name, "default", {"status": {"conditions": [disruption]}}, subresource="status")
    client.delete(POD, name, "default")
    eventually(lambda: not home.exists("pod", name), "the evicted pod goes")
    status = home.job("disrupted")["status"]
    assert ("failed" in status, conditions({"status": status})) == (False, set())
    # Its replacement comes after the back-off; test_the_replacement_of_a_disrupted_pod waits for it.


def test_suspend_in_the_middle_and_resume(home: Home, client: Client) -> None:
    home.apply(
        script_job(
            "paused",
            f"if [ $JOB_COMPLETION_INDEX = 0 ]; then exit 0; fi; {WAIT}",
            completionMode="Indexed",
            completions=2,
            parallelism=2,
        )
    )
    eventually(lambda: home.job("paused")["status"].get("completedIndexes") == "0", "one of two is done")
    home.wait_for_pods("paused", 1)
    patch_job(client, "paused", suspend=True)
    eventually(lambda: len(home.pods("paused")) == 1, "the other one has been stopped")
    job = home.job("paused")
    assert conditions(job) == {"Suspended"}
    assert (job["status"].get("active", 0), job["status"]["completedIndexes"], "failed" in job["status"]) == (0, "0", False)
    assert "startTime" not in job["status"]
    patch_job(client, "paused", suspend=False)
    home.wait_for_pods("paused", 1)
    job = home.job("paused")
    assert condition(job, "Suspended")["reason"] == "JobResumed"
    assert job["status"]["completedIndexes"] == "0"


def test_deleting_a_job_in_the_background(home: Home) -> None:
    home.apply(script_job("background", WAIT))
    (pod,) = home.wait_for_pods("background", 1)
    home.kjsim("delete", "job", "background")
    assert not home.exists("job", "background")
    eventually(lambda: not home.pods("background"), "its pod goes too")
    eventually(lambda: not any(pod["metadata"]["name"] in name for name in container_names(home)), "so does its container")


def test_deleting_a_job_in_the_foreground(home: Home) -> None:
    """The Job stays until its pods, which take their time, have gone."""
    home.apply(script_job("foreground", "trap 'sleep 2; exit 0' TERM; sleep 600 & wait"))
    home.wait_for_pods("foreground", 1)
    home.kjsim("delete", "job", "foreground", "--cascade=foreground", "--wait=false")
    job = home.job("foreground")
    assert is_deleted(job)
    assert "foregroundDeletion" in job["metadata"]["finalizers"]
    assert [is_deleted(pod) for pod in home.pods("foreground")] == [True]
    eventually(lambda: not home.exists("job", "foreground"), "it goes")
    assert not home.pods("foreground")


def test_orphans_run_on_and_are_adopted(home: Home, client: Client) -> None:
    home.apply(script_job("orphan", WAIT))
    (pod,) = home.wait_for_pods("orphan", 1)
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    home.kjsim("delete", "job", "orphan", "--cascade=orphan")
    orphan = client.get(POD, name, "default")
    assert orphan["status"]["phase"] == "Running"
    assert not orphan["metadata"].get("ownerReferences")
    assert not orphan["metadata"].get("finalizers")
    # A Job whose own selector finds it takes it for one of its pods, and starts no other.
    client.patch(POD, name, "default", {"metadata": {"labels": {"family": "new"}}}, MERGE_PATCH)
    adopter = script_job("adopter", WAIT, manualSelector=True, selector={"matchLabels": {"family": "new"}})
    adopter["spec"]["template"]["metadata"] = {"labels": {"family": "new"}}
    home.apply(adopter)
    eventually(lambda: home.job("adopter")["status"].get("ready") == 1, "it has a ready pod")
    (adopted,) = home.get("pods", "-l", "family=new")["items"]
    assert (adopted["metadata"]["uid"], adopted["metadata"]["ownerReferences"][0]["name"]) == (uid, "adopter")
    assert adopted["metadata"]["finalizers"] == ["batch.kubernetes.io/job-tracking"]
    # A pod that is relabelled is let go, runs on, and is replaced.
    client.patch(POD, name, "default", {"metadata": {"labels": {"family": None}}}, MERGE_PATCH)
    eventually(lambda: len(home.get("pods", "-l", "family=new")["items"]) == 1, "another pod takes its place")
    released = client.get(POD, name, "default")
    assert released["status"]["phase"] == "Running"
    assert not released["metadata"].get("ownerReferences")
    assert not released["metadata"].get("finalizers")
    home.kjsim("delete", "pod", name, "--now")
    assert "failed" not in home.job("adopter")["status"]


# --- unattended ---------------------------------------------------------------------------------------------------------


def test_indexes_in_hostnames_and_environment(home: Home) -> None:
    job = home.wait_for_end("indexed")
    assert (conditions(job), job["status"]["completedIndexes"]) == ({"SuccessCriteriaMet", "Complete"}, "0-2")
    logs = home.kjsim("logs", "-l", "job-name=indexed").splitlines()
    assert sorted(logs) == [f"index {n} on indexed-{n}" for n in range(3)]
    for pod in home.pods("indexed"):
        index = pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"]
        assert pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"] == index
        assert pod["spec"]["hostname"] == f"indexed-{index}"
        assert pod["metadata"]["name"].startswith(f"indexed-{index}-")


def test_an_exit_code_fails_the_job(home: Home) -> None:
    job = home.wait_for_end("exit-42")
    (pod,) = home.pods("exit-42")
    failed = condition(job, "Failed")
    assert failed["reason"] == "PodFailurePolicy"
    name = pod["metadata"]["name"]
    assert failed["message"] == (
        f"Container main for pod default/{name} failed with exit code 42 matching FailJob rule at index 0"
    )
    assert job["status"]["failed"] == 1


def test_the_success_of_index_0_ends_all(home: Home) -> None:
    job = home.wait_for_end("leader")
    assert condition(job, "Complete")["reason"] == "SuccessPolicy"
    assert condition(job, "Complete")["message"] == "Matched rules at index 0"
    assert (job["status"]["succeeded"], job["status"]["completedIndexes"], "failed" in job["status"]) == (1, "0", False)
    assert len(eventually(lambda: pods if len(pods := home.pods("leader")) == 1 else None, "the others go")) == 1


def test_deadline(home: Home) -> None:
    job = home.wait_for_end("deadline")
    failed = condition(job, "Failed")
    assert (failed["reason"], failed["message"]) == ("DeadlineExceeded", "Job was active longer than specified deadline")
    assert job["status"]["failed"] == 2
    assert not home.pods("deadline")


def test_ttl(home: Home) -> None:
    eventually(lambda: not home.exists("job", "short-lived"), "the Job is gone")
    assert not home.pods("short-lived")
    eventually(lambda: not any("short-lived" in name for name in container_names(home)), "its container is gone")


def test_restarts_reach_the_limit(home: Home) -> None:
    job = home.wait_for_end("all-tries")
    assert condition(job, "Failed")["reason"] == "BackoffLimitExceeded"
    assert job["status"]["failed"] == 1


def test_one_bad_index(home: Home) -> None:
    job = home.wait_for_end("one-bad-index")
    assert condition(job, "Failed")["reason"] == "FailedIndexes"
    assert (job["status"]["completedIndexes"], job["status"]["failedIndexes"], job["status"]["failed"]) == ("0,2", "1", 2)
    counts = [
        pod["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"] for pod in home.pods("one-bad-index")
    ]
    assert sorted(counts) == ["0", "0", "0", "1"]


def test_the_third_try_succeeds(home: Home) -> None:
    home.wait_for_end("third-try")
    (pod,) = home.pods("third-try")
    (container,) = pod["status"]["containerStatuses"]
    assert (container["restartCount"], pod["status"]["phase"]) == (2, "Succeeded")
    assert len([name for name in container_names(home) if "third-try" in name]) <= 2, "old containers are cleared away"


def test_the_replacement_of_a_disrupted_pod(home: Home) -> None:
    home.wait_for_pods("disrupted", 1)
    status = home.job("disrupted")["status"]
    assert (status["active"], "failed" in status) == (1, False)
