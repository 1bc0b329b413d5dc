from __future__ import annotations

import pytest

from simulator.controllers.job import JobMemory, reconcile_job
from simulator.controllers.plan import Create, Delete, Emit, Patch, Plan, UpdateStatus
from simulator.model.kubernetes import batch_v1, core_v1, from_builtins
from tests.unit.controllers.job.small_api import NOON, SmallApi, job_of


def kinds(plan: Plan) -> list[str]:
    return [type(operation).__name__ for operation in plan.operations]


def causes(plan: Plan, type_: type) -> list[str]:
    return [operation.cause for operation in plan.operations if isinstance(operation, type_)]


def test_a_pass_after_an_applied_plan_does_nothing() -> None:
    api = SmallApi(job_of(parallelism=2, completions=3))
    assert kinds(api.reconcile()) == ["Create", "Create", "UpdateStatus"]
    assert api.reconcile().operations == ()
    api.end("pod-1", 0)
    assert kinds(api.reconcile()) == ["Create", "UpdateStatus", "Patch", "UpdateStatus"]
    assert api.reconcile().operations == ()
    api.end("pod-2", 1)
    assert kinds(api.reconcile()) == ["UpdateStatus", "Patch", "UpdateStatus"]
    assert api.reconcile().operations == ()
    api.pass_time(10)
    assert kinds(api.reconcile()) == ["Create", "UpdateStatus"]
    for name in ("pod-3", "pod-4"):
        api.end(name, 0)
    assert kinds(api.reconcile()) == ["UpdateStatus", "Patch", "Patch", "UpdateStatus", "Emit"]
    assert api.conditions() == ["SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"]
    assert api.reconcile() == Plan()


@pytest.mark.parametrize(
    "spec",
    [
        {"backoffLimit": 0},
        {"completionMode": "Indexed", "completions": 3, "parallelism": 3, "backoffLimitPerIndex": 0},
        {"completions": None, "backoffLimit": 0},
    ],
    ids=["plain", "per index", "work queue"],
)
def test_a_failing_job_comes_to_rest(spec: dict[str, object]) -> None:
    api = SmallApi(job_of(**spec))
    api.reconcile()
    for name in list(api.pods):
        api.end(name, 1)
    api.reconcile()
    assert api.conditions()[-1].startswith("Failed=True")
    assert api.reconcile() == Plan()
    assert not any(pod.metadata.finalizers for pod in api.pods.values())


def test_a_suspended_job_comes_to_rest_and_resumes() -> None:
    api = SmallApi(job_of(parallelism=2, completions=2))
    api.reconcile()
    api.change(suspend=True)
    plan = api.reconcile()
    assert kinds(plan) == ["Patch", "Delete", "Emit", "Patch", "Delete", "Emit", "Emit", "UpdateStatus"]
    assert causes(plan, Delete) == ["spec.suspend is true"] * 2
    assert [operation.reason for operation in plan.operations if isinstance(operation, Emit)] == [
        "SuccessfulDelete",
        "SuccessfulDelete",
        "Suspended",
    ]
    assert api.reconcile().operations == ()
    for name in list(api.pods):
        api.vanish(name)
    api.change(suspend=False)
    api.pass_time(60)
    assert kinds(api.reconcile()) == ["Create", "Create", "Emit", "UpdateStatus"]
    assert api.job.status is not None
    assert api.job.status.startTime == api.now


def test_the_end_waits_for_terminating_pods() -> None:
    api = SmallApi(job_of(activeDeadlineSeconds=30))
    first = api.reconcile()
    assert first.requeue_after_seconds == 30
    assert first.notes == ("fails at 12:00:30 if it is still active then: activeDeadlineSeconds is 30",)
    api.pass_time(30)
    plan = api.reconcile()
    assert causes(plan, Delete) == ["the job fails: DeadlineExceeded, 30 s since its start, activeDeadlineSeconds is 30"]
    assert plan.notes == ("becomes Failed when 1 terminating pod is gone",)
    assert api.conditions() == ["FailureTarget=True DeadlineExceeded"]
    assert api.reconcile().operations == ()
    api.vanish("pod-1")
    last = api.reconcile()
    assert last.operations[-1] == Emit("Warning", "DeadlineExceeded", "Job was active longer than specified deadline")
    assert api.conditions()[-1] == "Failed=True DeadlineExceeded"


def test_retries_tell_their_story() -> None:
    api = SmallApi(job_of(backoffLimit=6))
    assert causes(api.reconcile(), Create) == ["attempt 1 of 7"]
    api.end("pod-1", 1)
    waiting = api.reconcile()
    assert waiting.requeue_after_seconds == 10
    assert waiting.notes == ("next attempt at 12:00:10: back-off of 10 s after failure 1 of 6",)
    assert waiting.memory == JobMemory(1, NOON)
    api.pass_time(10)
    assert causes(api.reconcile(), Create) == ["attempt 2 of 7: pod pod-1 failed with exit code 1; waited 10 s"]
    api.end("pod-2", 137, reason="OOMKilled")
    assert api.reconcile().notes == ("next attempt at 12:00:30: back-off of 20 s after failure 2 of 6",)
    api.pass_time(20)
    assert causes(api.reconcile(), Create) == [
        "attempt 3 of 7: pod pod-2 failed with exit code 137 (OOMKilled); waited 20 s"
    ]
    assert causes(api.reconcile(), UpdateStatus) == []


def test_indexes_tell_their_story() -> None:
    spec = {"completionMode": "Indexed", "completions": 2, "parallelism": 2, "backoffLimit": 2147483647}
    api = SmallApi(job_of(**spec, backoffLimitPerIndex=2))
    assert causes(api.reconcile(), Create) == [
        "index 0, attempt 1 of 3: pod 1 of 2 at once, 0 of 2 completions so far",
        "index 1, attempt 1 of 3: pod 2 of 2 at once, 0 of 2 completions so far",
    ]
    api.end("pod-2", 5)
    assert api.reconcile().notes == ("next attempt of index 1 at 12:00:10: back-off of 10 s after failure 1",)
    api.pass_time(10)
    plan = api.reconcile()
    assert causes(plan, Create) == ["index 1, attempt 2 of 3: pod pod-2 failed with exit code 5; waited 10 s"]
    # Its replacement carries the count on, so the failed pod may be counted now; the real controller does so a pass later.
    assert kinds(plan) == ["Create", "UpdateStatus"]
    assert causes(api.reconcile(), Patch) == ["it failed and is counted"]


def test_ignored_failures_are_called_so() -> None:
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    api = SmallApi(job_of(podFailurePolicy={"rules": [rule]}, podReplacementPolicy="Failed"))
    api.reconcile()
    api.end("pod-1", 1)
    status = api.pods["pod-1"].status
    assert status is not None
    status.conditions = [core_v1.PodCondition(type="DisruptionTarget", status="True")]
    waiting = api.reconcile()
    assert waiting.notes == ("next attempt at 12:00:10: back-off of 10 s after 1 failed in a row (none counts)",)
    assert causes(waiting, Patch) == ["it failed, which podFailurePolicy ignores"]
    api.pass_time(10)
    assert causes(api.reconcile(), Create) == [
        "attempt 1 of 7: pod pod-1 failed with exit code 1 (ignored by podFailurePolicy); waited 10 s"
    ]


def test_surplus_pods_say_why_they_go() -> None:
    api = SmallApi(job_of(parallelism=3, completions=5))
    api.reconcile()
    api.change(parallelism=1)
    plan = api.reconcile()
    assert causes(plan, Delete) == ["3 pods are active, 1 wanted"] * 2
    assert "Deleted pod: pod-1" in [operation.message for operation in plan.operations if isinstance(operation, Emit)]


def test_jobs_of_other_controllers_and_finished_ones_are_left_alone() -> None:
    memory = JobMemory(2, NOON)
    assert reconcile_job(job_of(managedBy="example.com/other"), [], NOON, memory) == Plan(memory=memory)
    job = job_of()
    job.status = from_builtins({"conditions": [{"type": "Failed", "status": "True"}]}, batch_v1.JobStatus)
    assert reconcile_job(job, [], NOON, memory) == Plan()


def test_times_are_written_in_whole_seconds() -> None:
    api = SmallApi(job_of(activeDeadlineSeconds=30))
    api.pass_time(0.75)
    assert api.reconcile().requeue_after_seconds == 30
    assert api.job.status is not None
    assert api.job.status.startTime == NOON


def test_at_most_500_pods_are_handled_in_a_pass() -> None:
    api = SmallApi(job_of(completionMode="Indexed", completions=1200, parallelism=1200, backoffLimit=2147483647))
    assert [len(causes(api.reconcile(), Create)) for _ in range(4)] == [500, 500, 200, 0]
    for name in list(api.pods):
        api.end(name, 1)
    counted = []
    for _ in range(4):
        counted.append(len(causes(api.reconcile(), Patch)))
    assert counted == [500, 500, 200, 0]
    assert api.job.status is not None
    assert api.job.status.failed == 1200


def test_a_refused_creation_still_has_its_status_written() -> None:
    api = SmallApi(job_of(parallelism=3, completions=3))
    creations = [operation for operation in api.reconcile().operations if isinstance(operation, Create)]
    event, update = creations[2].on_failure
    assert event == Emit("Warning", "FailedCreate", "Error creating: {error}")
    assert isinstance(update, UpdateStatus)
    assert (update.status.active, update.status.startTime) == (2, NOON)
    first = creations[0].on_failure[-1]
    assert isinstance(first, UpdateStatus)
    assert first.status.active is None
