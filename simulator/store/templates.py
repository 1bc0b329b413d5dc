"""What is the same for every object of one template, worked out once: the Jobs of a CronJob, the pods of a Job.

A CronJob makes thousands of Jobs that differ in name, uid and times alone. The first goes the whole way of a created object
(decoding, defaults, validation); the others take its spec. The same goes for what admission does to the specs of pods.
Templates are told apart by identity: stored structs are never changed, so the same struct is the same template.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from simulator.model.kubernetes import batch_v1, core_v1, meta_v1
from simulator.model.metadata import metadata_of

_MOST = 512


class _FirstJob(NamedTuple):
    """The Job as a controller asked for it, and as it was stored."""

    asked: batch_v1.Job
    made: batch_v1.Job


class JobTemplates:
    """Remembers the first Job of each template."""

    def __init__(self) -> None:
        self._first: dict[int, _FirstJob] = {}

    def remember(self, asked: batch_v1.Job, made: batch_v1.Job) -> None:
        """`made` is what became of `asked`."""
        if len(self._first) >= _MOST:
            self._first.clear()
        self._first[id(asked.spec)] = _FirstJob(asked, made)

    def like(self, job: batch_v1.Job, uid: str) -> batch_v1.Job | None:
        """What `job` becomes, without its creation time, if one that differs only by name, slot and uid was made before."""
        first = self._first.get(id(job.spec))
        if first is None or first.asked.spec is not job.spec or not _differs_by_slot(job, first.asked):
            return None
        made = first.made
        assert made.spec is not None
        if made.spec.manualSelector or made.spec.template.metadata is None or made.spec.selector is None:
            return None
        from simulator.parser import admission  # loaded by the first Job; commands that create none needn't

        asked_template = job.spec.template.metadata if job.spec is not None else None
        given = (asked_template.labels if asked_template is not None else None) or {}
        name = metadata_of(job).name or ""
        own = {
            admission.OLD_CONTROLLER_UID_LABEL: uid,
            admission.OLD_JOB_NAME_LABEL: name,
            admission.CONTROLLER_UID_LABEL: uid,
            admission.JOB_NAME_LABEL: name,
        }
        if not own.keys().isdisjoint(given):
            return None
        labels = {**given, **own}
        template = replace(made.spec.template, metadata=replace(made.spec.template.metadata, labels=labels))
        matched = {**(made.spec.selector.matchLabels or {}), admission.CONTROLLER_UID_LABEL: uid}
        spec = replace(made.spec, selector=replace(made.spec.selector, matchLabels=matched), template=template)
        metadata = replace(
            metadata_of(job), uid=uid, generation=1, creationTimestamp=None, labels=metadata_of(job).labels or dict(labels)
        )
        return replace(made, metadata=metadata, spec=spec)


def _differs_by_slot(job: batch_v1.Job, other: batch_v1.Job) -> bool:
    """Whether two Jobs of one template are alike to every rule: names of one stem and length, annotations of one slot."""
    one, two = metadata_of(job), metadata_of(other)
    name, like = one.name or "", two.name or ""
    return (
        len(name) == len(like)
        and name.rpartition("-")[0] == like.rpartition("-")[0]
        and name.rpartition("-")[2].isdigit()
        and one.namespace == two.namespace
        and one.labels == two.labels
        and one.ownerReferences == two.ownerReferences
        and _are_alike(one, two)
    )


def _are_alike(one: meta_v1.ObjectMeta, two: meta_v1.ObjectMeta) -> bool:
    """Whether the annotations have the same names, and values that differ by as much as instants do."""
    first, second = one.annotations or {}, two.annotations or {}
    return first.keys() == second.keys() and sum(first[name] != second[name] for name in first) <= 1


class PodSpecs:
    """Remembers what `change` made of specs."""

    def __init__(self, change: Callable[[core_v1.PodSpec], core_v1.PodSpec]) -> None:
        self._change = change
        self._made: dict[int, tuple[Any, core_v1.PodSpec]] = {}

    def of(self, spec: core_v1.PodSpec) -> core_v1.PodSpec:
        """The changed spec; the same struct for the same struct."""
        found = self._made.get(id(spec))
        if found is not None and found[0] is spec:
            return found[1]
        if len(self._made) >= _MOST:
            self._made.clear()
        made = self._change(spec)
        self._made[id(spec)] = (spec, made)
        return made
