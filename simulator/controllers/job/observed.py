"""A pod as the Job controller looks at it: the few facts that its rules ask for, read once per sync (semantics/job.md 6)."""

from __future__ import annotations

from simulator.controllers.job.failure_policy import FailurePolicy, PolicyMatch
from simulator.model.indexes import go_integer
from simulator.model.kubernetes import core_v1

TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX_KEY = "batch.kubernetes.io/job-completion-index"
INDEX_FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count"
INDEX_IGNORED_FAILURE_COUNT = "batch.kubernetes.io/job-index-ignored-failure-count"
MAX_INT32 = 2147483647


class ObservedPod:
    """Facts about one pod of the job.

    `index` is the completion index, or None if the annotation is absent or broken (it may still be too large). `tracked`:
    it has the tracking finalizer. `is_failed`: phase Failed or, unless the policy is to replace only failed pods, being
    deleted without having succeeded. `released`: this sync has already asked for the removal of the finalizer.
    """

    __slots__ = (
        "_match",
        "_policy",
        "index",
        "is_deleting",
        "is_failed",
        "is_succeeded",
        "is_terminal",
        "phase",
        "pod",
        "released",
        "tracked",
        "uid",
    )

    def __init__(self, pod: core_v1.Pod, policy: FailurePolicy, *, only_failed_are_replaced: bool) -> None:
        metadata = pod.metadata
        assert metadata is not None
        self.pod = pod
        self.uid = metadata.uid or ""
        phase = self.phase = (pod.status.phase if pod.status is not None else None) or ""
        self.tracked = metadata.finalizers is not None and TRACKING_FINALIZER in metadata.finalizers
        is_deleting = self.is_deleting = metadata.deletionTimestamp is not None
        is_succeeded = self.is_succeeded = phase == "Succeeded"
        has_failed = phase == "Failed"
        self.is_failed = has_failed or (is_deleting and not is_succeeded and not only_failed_are_replaced)
        self.is_terminal = is_succeeded or has_failed
        self.index = None if metadata.annotations is None else _completion_index(metadata.annotations.get(INDEX_KEY))
        self.released = False
        self._policy = policy
        self._match: PolicyMatch | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return (self.pod.metadata.name if self.pod.metadata is not None else None) or ""

    @property
    def metadata_annotations(self) -> dict[str, str]:
        """The annotations, {} if it has none."""
        metadata = self.pod.metadata
        return (metadata.annotations if metadata is not None else None) or {}

    @property
    def match(self) -> PolicyMatch:
        """What the job's podFailurePolicy says of this failed pod; looked up once."""
        if self._match is None:
            self._match = self._policy.match(self.pod)
        return self._match

    @property
    def is_ready(self) -> bool:
        """Condition Ready=True."""
        return is_ready(self.pod)

    @property
    def failure_count(self) -> int:
        """Counted failures of its index before this pod (annotation; 0 where unreadable)."""
        return _count(self.metadata_annotations.get(INDEX_FAILURE_COUNT))

    @property
    def ignored_failure_count(self) -> int:
        """Failures of its index before this pod that podFailurePolicy ignored (annotation; 0 where unreadable)."""
        return _count(self.metadata_annotations.get(INDEX_IGNORED_FAILURE_COUNT))

    @property
    def total_failure_count(self) -> int:
        """Both counts together."""
        return int32(self.failure_count + self.ignored_failure_count)


def is_news_to_job(pod: core_v1.Pod, previous: core_v1.Pod) -> bool:
    """Whether a change of a pod's status can change what its Job decides: its phase, its readiness, or how it ends."""
    if pod.metadata is None or pod.metadata.deletionTimestamp is not None:
        return True
    phase, old_phase = (item.status.phase if item.status is not None else None for item in (pod, previous))
    return phase != old_phase or phase not in (None, "Pending", "Running") or is_ready(pod) != is_ready(previous)


def is_ready(pod: core_v1.Pod) -> bool:
    """Condition Ready=True."""
    for condition in (pod.status.conditions if pod.status is not None else None) or ():
        if condition.type == "Ready":
            return condition.status == "True"
    return False


def int32(number: int) -> int:
    """A sum as 32 bits hold it: beyond 2147483647 it goes on from the negative end, as the real counters do."""
    return (number + 2**31) % 2**32 - 2**31


def _completion_index(text: str | None) -> int | None:
    if text is None:
        return None
    index = go_integer(text)
    return index if index is not None and index >= 0 else None


def _count(text: str | None) -> int:
    count = go_integer(text or "")
    return count if count is not None and 0 <= count <= MAX_INT32 else 0
