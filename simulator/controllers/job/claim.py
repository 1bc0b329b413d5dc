"""Which pods belong to a job: adopting, releasing, and letting orphans go (semantics/job.md 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simulator.controllers.job.failure_policy import NO_POLICY, FailurePolicy
from simulator.controllers.job.observed import TRACKING_FINALIZER, ObservedPod
from simulator.controllers.plan import Operation, Patch, Plan
from simulator.model.conditions import finished_condition
from simulator.model.kubernetes import batch_v1, core_v1, meta_v1, to_builtins
from simulator.model.metadata import controller_of, key_of
from simulator.model.selectors import matches_label_selector

JOB_CONTROLLER = "kubernetes.io/job-controller"


def is_managed_elsewhere(job: batch_v1.Job) -> bool:
    """`spec.managedBy` names another controller: this one leaves the job and its pods alone."""
    spec = job.spec
    return spec is not None and spec.managedBy is not None and spec.managedBy != JOB_CONTROLLER


def owner_reference(job: batch_v1.Job) -> meta_v1.OwnerReference:
    """The reference by which a pod belongs to the job."""
    metadata = job.metadata
    assert metadata is not None
    return meta_v1.OwnerReference(
        apiVersion="batch/v1",
        kind="Job",
        name=metadata.name or "",
        uid=metadata.uid or "",
        controller=True,
        blockOwnerDeletion=True,
    )


def only_failed_are_replaced(job: batch_v1.Job) -> bool:
    """Policy `Failed`, which a podFailurePolicy implies: a pod being deleted counts only once it has ended."""
    spec = job.spec
    return spec is not None and (spec.podReplacementPolicy == "Failed" or spec.podFailurePolicy is not None)


def claim_pods(job: batch_v1.Job, pods: Sequence[core_v1.Pod]) -> tuple[list[ObservedPod], list[Operation]]:
    """The pods of the job among all pods of its namespace, and the patches that adopt and release.

    An adopted pod counts at once, as if it had its finalizer already.
    """
    if not pods:
        return [], []
    assert job.metadata is not None
    assert job.spec is not None
    job_is_deleting = job.metadata.deletionTimestamp is not None
    uid = job.metadata.uid
    spec = job.spec
    late = only_failed_are_replaced(job)
    policy = NO_POLICY if spec.podFailurePolicy is None else FailurePolicy(spec.podFailurePolicy)
    is_selected = _selection(spec.selector)
    claimed: list[ObservedPod] = []
    operations: list[Operation] = []
    for pod in pods:
        metadata = pod.metadata
        if metadata is None:
            continue
        controller = controller_of(pod) if metadata.ownerReferences else None
        if controller is not None:
            if controller.uid != uid:
                continue
            if is_selected(metadata.labels):
                claimed.append(ObservedPod(pod, policy, only_failed_are_replaced=late))
            elif not job_is_deleting:
                operations.append(_release(pod, job.metadata))
        elif not job_is_deleting and metadata.deletionTimestamp is None and is_selected(metadata.labels):
            operations.append(_adopt(pod, job))
            adopted = ObservedPod(pod, policy, only_failed_are_replaced=late)
            adopted.tracked = True
            claimed.append(adopted)
    return claimed, operations


def _selection(selector: meta_v1.LabelSelector | None) -> Callable[[dict[str, str] | None], bool]:
    """The selector as a function; the usual one, of labels only, is quick on many pods."""
    if selector is None or selector.matchExpressions or not selector.matchLabels:
        return lambda labels: matches_label_selector(selector, labels)
    wanted = selector.matchLabels.items()
    return lambda labels: labels is not None and wanted <= labels.items()


def finalizers_without_tracking(pod: core_v1.Pod) -> list[str] | None:
    """The finalizers that stay when the tracking finalizer goes; None if none stays (which removes the field)."""
    assert pod.metadata is not None
    return [name for name in pod.metadata.finalizers or () if name != TRACKING_FINALIZER] or None


def remove_finalizer(pod: core_v1.Pod, cause: str) -> Patch:
    """The patch that takes the tracking finalizer off a pod."""
    patch = {"metadata": {"finalizers": finalizers_without_tracking(pod)}}
    return Patch(key_of(pod), patch, cause, deed="took the tracking finalizer off")


def release_untracked_pod(pod: core_v1.Pod, job: batch_v1.Job | None) -> Plan:
    """What becomes of a pod with the tracking finalizer outside of a sync of its job.

    `job` is the job that the pod's controller reference names, or None if there is none of that name. The finalizer is
    removed if nobody counts the pod any more: it has no controller, or its job is gone or finished.
    """
    assert pod.metadata is not None
    if TRACKING_FINALIZER not in (pod.metadata.finalizers or ()):
        return Plan()
    controller = controller_of(pod)
    if controller is None:
        return Plan((remove_finalizer(pod, "no job owns the pod any more"),))
    if controller.kind != "Job" or controller.apiVersion != "batch/v1":
        return Plan()
    if job is None or job.metadata is None or job.metadata.uid != controller.uid:
        return Plan((remove_finalizer(pod, f"its job {controller.name} is gone"),))
    if is_managed_elsewhere(job) or finished_condition(job) is None:
        return Plan()
    return Plan((remove_finalizer(pod, f"its job {controller.name} is finished"),))


def _release(pod: core_v1.Pod, job: meta_v1.ObjectMeta) -> Patch:
    assert pod.metadata is not None
    owners = [reference for reference in pod.metadata.ownerReferences or () if reference.uid != job.uid]
    metadata: dict[str, Any] = {"ownerReferences": to_builtins(owners) or None}
    if TRACKING_FINALIZER in (pod.metadata.finalizers or ()):
        metadata["finalizers"] = finalizers_without_tracking(pod)
    cause = f"its labels no longer match the selector of job {job.name}"
    return Patch(key_of(pod), {"metadata": metadata}, cause, deed="released")


def _adopt(pod: core_v1.Pod, job: batch_v1.Job) -> Patch:
    assert pod.metadata is not None
    assert job.metadata is not None
    owners = [*(pod.metadata.ownerReferences or ()), owner_reference(job)]
    finalizers = list(pod.metadata.finalizers or ())
    if TRACKING_FINALIZER not in finalizers:
        finalizers.append(TRACKING_FINALIZER)
    return Patch(
        key_of(pod),
        {"metadata": {"ownerReferences": to_builtins(owners), "finalizers": finalizers}},
        f"it has no controller and its labels match the selector of job {job.metadata.name}",
        deed="adopted",
    )
