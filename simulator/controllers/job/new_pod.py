"""The pod that a job creates, made from its template (semantics/job.md 8, 11, 17)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from simulator.controllers.job.claim import owner_reference
from simulator.controllers.job.observed import (
    INDEX_FAILURE_COUNT,
    INDEX_IGNORED_FAILURE_COUNT,
    INDEX_KEY,
    TRACKING_FINALIZER,
    ObservedPod,
    int32,
)
from simulator.model.indexes import pod_name_prefix
from simulator.model.kubernetes import batch_v1, core_v1, meta_v1

INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
_INDEX_ENTRY = core_v1.EnvVar(
    name=INDEX_VARIABLE,
    valueFrom=core_v1.EnvVarSource(
        fieldRef=core_v1.ObjectFieldSelector(apiVersion="v1", fieldPath=f"metadata.labels['{INDEX_KEY}']")
    ),
)


class PodMaker:
    """Makes the pods of one job. The template is prepared once; pods share what does not differ between them."""

    def __init__(self, job: batch_v1.Job) -> None:
        assert job.metadata is not None
        assert job.spec is not None
        template = job.spec.template
        self._job = job
        self._name = job.metadata.name or ""
        self._metadata = template.metadata or meta_v1.ObjectMeta()
        self._finalizers = list(self._metadata.finalizers or ())
        if TRACKING_FINALIZER not in self._finalizers:
            self._finalizers.append(TRACKING_FINALIZER)
        self._owners = [owner_reference(job)]
        assert template.spec is not None
        self._spec = template.spec
        self._indexed_spec: core_v1.PodSpec | None = None

    def pod(self) -> core_v1.Pod:
        """A pod of a NonIndexed job. `generateName` is given in full; whoever makes the name cuts it to 58 characters."""
        return self._pod(f"{self._name}-", self._metadata.annotations, self._metadata.labels, self._spec)

    def pod_of_index(self, index: int, replaced: ObservedPod | None) -> core_v1.Pod:
        """A pod of an index. `replaced` is the failed pod that it replaces, where failures are counted per index."""
        assert self._job.spec is not None
        annotations = dict(self._metadata.annotations or {})
        annotations[INDEX_KEY] = str(index)
        if self._job.spec.backoffLimitPerIndex is not None:
            failures, ignored = next_failure_counts(replaced)
            annotations[INDEX_FAILURE_COUNT] = str(failures)
            if ignored:
                annotations[INDEX_IGNORED_FAILURE_COUNT] = str(ignored)
        labels = {**(self._metadata.labels or {}), INDEX_KEY: str(index)}
        if self._indexed_spec is None:
            self._indexed_spec = _spec_with_index(self._spec)
        spec = replace(self._indexed_spec, hostname=f"{self._name}-{index}")
        return self._pod(pod_name_prefix(self._name, index), annotations, labels, spec)

    def _pod(
        self, prefix: str, annotations: dict[str, str] | None, labels: dict[str, str] | None, spec: core_v1.PodSpec
    ) -> core_v1.Pod:
        assert self._job.metadata is not None
        metadata = meta_v1.ObjectMeta(
            generateName=prefix,
            namespace=self._job.metadata.namespace,
            labels=dict(labels) if labels else None,
            annotations=dict(annotations) if annotations else None,
            finalizers=list(self._finalizers),
            ownerReferences=list(self._owners),
        )
        return core_v1.Pod(apiVersion="v1", kind="Pod", metadata=metadata, spec=spec)


def next_failure_counts(replaced: ObservedPod | None) -> tuple[int, int]:
    """Counted and ignored failures of an index once `replaced` has failed (semantics/job.md 11)."""
    if replaced is None:
        return 0, 0
    if replaced.match.counts:
        return int32(replaced.failure_count + 1), replaced.ignored_failure_count
    return replaced.failure_count, int32(replaced.ignored_failure_count + 1)


def _spec_with_index(spec: core_v1.PodSpec) -> core_v1.PodSpec:
    return replace(
        spec,
        containers=_with_index(spec.containers),
        initContainers=_with_index(spec.initContainers) if spec.initContainers else None,
    )


def _with_index(containers: Sequence[core_v1.Container]) -> list[core_v1.Container]:
    """The containers with the index in their environment, unless they set that name themselves."""
    return [
        container
        if any(entry.name == INDEX_VARIABLE for entry in container.env or ())
        else replace(container, env=[*(container.env or ()), _INDEX_ENTRY])
        for container in containers
    ]
