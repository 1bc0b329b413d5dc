from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from simulator.controllers.job import release_untracked_pod
from simulator.controllers.job.claim import claim_pods
from simulator.controllers.plan import Patch, Plan
from simulator.model.kubernetes import batch_v1, core_v1, from_builtins, meta_v1
from tests.unit.controllers.job.small_api import NOON, job_of

LABELS = {"batch.kubernetes.io/controller-uid": "u-1"}
OURS = {"apiVersion": "batch/v1", "kind": "Job", "name": "pingpong", "uid": "u-1"}
CONTROLLER = {**OURS, "blockOwnerDeletion": True, "controller": True}
TRACKING = "batch.kubernetes.io/job-tracking"


def pod_with(**metadata: Any) -> core_v1.Pod:
    built = {"metadata": {"name": "p", "uid": "p", "namespace": "default", **metadata}, "status": {"phase": "Running"}}
    return from_builtins(built, core_v1.Pod)


def patches(job: batch_v1.Job, pod: core_v1.Pod) -> list[dict[str, Any]]:
    return [operation.patch["metadata"] for operation in claim_pods(job, [pod])[1] if isinstance(operation, Patch)]


def test_adopting_adds_reference_and_finalizer_and_counts_at_once() -> None:
    orphan = pod_with(labels=LABELS, finalizers=["x"], ownerReferences=[{**OURS, "uid": "friend"}])
    claimed, operations = claim_pods(job_of(), [orphan])
    assert [pod.tracked for pod in claimed] == [True]
    assert isinstance(operations[0], Patch)
    assert operations[0].patch == {
        "metadata": {"finalizers": ["x", TRACKING], "ownerReferences": [{**OURS, "uid": "friend"}, CONTROLLER]}
    }
    assert operations[0].deed == "adopted"
    assert operations[0].cause == "it has no controller and its labels match the selector of job pingpong"


def test_releasing_takes_both_off() -> None:
    relabelled = pod_with(labels={}, finalizers=[TRACKING], ownerReferences=[CONTROLLER])
    assert patches(job_of(), relabelled) == [{"finalizers": None, "ownerReferences": None}]
    other = pod_with(labels={}, finalizers=["x"], ownerReferences=[CONTROLLER, {**OURS, "uid": "friend"}])
    assert patches(job_of(), other) == [{"ownerReferences": [{**OURS, "uid": "friend"}]}]


def test_a_job_being_deleted_neither_adopts_nor_releases() -> None:
    job = job_of()
    job = replace(job, metadata=replace(job.metadata, deletionTimestamp=NOON))
    assert patches(job, pod_with(labels=LABELS)) == []
    assert patches(job, pod_with(labels={}, ownerReferences=[CONTROLLER])) == []


def test_pods_of_others_are_ignored() -> None:
    assert claim_pods(job_of(), [pod_with(labels=LABELS, ownerReferences=[{**CONTROLLER, "uid": "u-2"}])]) == ([], [])


def test_expressions_of_a_selector_count() -> None:
    expression = meta_v1.LabelSelectorRequirement(key="app", operator="Exists")
    job = job_of()
    job = replace(job, spec=replace(job.spec, selector=meta_v1.LabelSelector(matchExpressions=[expression])))
    assert len(claim_pods(job, [pod_with(labels={"app": ""})])[0]) == 1
    assert claim_pods(job, [pod_with(labels=LABELS)]) == ([], [])


def test_a_finalizer_goes_when_nobody_counts() -> None:
    pod = pod_with(finalizers=[TRACKING, "x"], ownerReferences=[CONTROLLER])
    finished = job_of()
    finished.status = from_builtins({"conditions": [{"type": "Complete", "status": "True"}]}, batch_v1.JobStatus)
    stranger = job_of()
    assert stranger.metadata is not None
    stranger.metadata.uid = "u-9"

    def causes(plan: Plan) -> list[str]:
        for operation in plan.operations:
            assert isinstance(operation, Patch)
            assert operation.patch == {"metadata": {"finalizers": ["x"]}}
        return [operation.cause for operation in plan.operations if isinstance(operation, Patch)]

    assert causes(release_untracked_pod(pod, job_of())) == []
    assert causes(release_untracked_pod(pod, finished)) == ["its job pingpong is finished"]
    assert causes(release_untracked_pod(pod, None)) == ["its job pingpong is gone"]
    assert causes(release_untracked_pod(pod, stranger)) == ["its job pingpong is gone"]
    assert causes(release_untracked_pod(pod_with(finalizers=[TRACKING, "x"]), None)) == ["no job owns the pod any more"]
    foreign = [{**CONTROLLER, "kind": "Queue", "apiVersion": "example.com/v1"}]
    assert release_untracked_pod(pod_with(finalizers=[TRACKING], ownerReferences=foreign), None) == Plan()
    assert release_untracked_pod(pod_with(finalizers=["x"]), None) == Plan()
