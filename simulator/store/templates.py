"""What is the same for every Job of one CronJob, worked out once.

A CronJob makes thousands of Jobs that differ in name, uid and times alone. The first goes the whole way of a created object
(decoding, defaults, validation); the others take its spec (so do pods: `model/pod_specs`).
Templates are told apart by identity: stored structs are never changed, so the same struct is the same template.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from simulator.model.kubernetes import batch_v1, meta_v1
from simulator.model.metadata import metadata_of

_MOST = 512


class _FirstJob(NamedTuple):
    """The first Job of a template: as a controller asked for it, and as it was stored.

    `stem`: its name up to the slot. `labels`: those that the template gives its pods. `own_labels`: the names of those that
    each Job adds, for its uid and its name in turn.
    """

    asked: batch_v1.Job
    made: batch_v1.Job
    stem: str
    labels: dict[str, str]
    own_labels: tuple[str, str, str, str]


class JobTemplates:
    """Remembers the first Job of each template."""

    def __init__(self) -> None:
        self._first: dict[int, _FirstJob] = {}

    def remember(self, asked: batch_v1.Job, made: batch_v1.Job) -> None:
        """`made` is what became of `asked`."""
        if len(self._first) >= _MOST:
            self._first.clear()
        first = _first_job(asked, made)
        if first is not None:
            self._first[id(asked.spec)] = first

    def like(self, job: batch_v1.Job, uid: str) -> batch_v1.Job | None:
        """What `job` becomes, without its creation time, if one that differs only by name, slot and uid was made before."""
        first = self._first.get(id(job.spec))
        if first is None or first.asked.spec is not job.spec or not _differs_by_slot(job, first):
            return None
        spec, metadata = first.made.spec, metadata_of(job)
        assert spec is not None
        assert spec.selector is not None
        name = metadata.name or ""
        old_uid_label, old_name_label, uid_label, name_label = first.own_labels
        labels = {**first.labels, old_uid_label: uid, old_name_label: name, uid_label: uid, name_label: name}
        template = replace(spec.template, metadata=replace(metadata_of(spec.template), labels=labels))
        selector = replace(spec.selector, matchLabels={**(spec.selector.matchLabels or {}), uid_label: uid})
        metadata = replace(metadata, uid=uid, generation=1, creationTimestamp=None, labels=metadata.labels or dict(labels))
        return replace(first.made, metadata=metadata, spec=replace(spec, selector=selector, template=template))


def _first_job(asked: batch_v1.Job, made: batch_v1.Job) -> _FirstJob | None:
    """What there is to remember; None if later Jobs can't be like this one."""
    from simulator.parser import admission  # loaded by the first Job; commands that create none needn't

    assert asked.spec is not None
    assert made.spec is not None
    if made.spec.manualSelector or made.spec.template.metadata is None or made.spec.selector is None:
        return None
    given = asked.spec.template.metadata
    labels = (given.labels if given is not None else None) or {}
    own_labels = (
        admission.OLD_CONTROLLER_UID_LABEL,
        admission.OLD_JOB_NAME_LABEL,
        admission.CONTROLLER_UID_LABEL,
        admission.JOB_NAME_LABEL,
    )
    if not labels.keys().isdisjoint(own_labels):
        return None
    return _FirstJob(asked, made, (metadata_of(asked).name or "").rpartition("-")[0], labels, own_labels)


def _differs_by_slot(job: batch_v1.Job, first: _FirstJob) -> bool:
    """Whether a Job is alike to the first one to every rule: a name of its stem and length, annotations of one slot."""
    one, two = metadata_of(job), metadata_of(first.asked)
    name = one.name or ""
    stem, _, slot = name.rpartition("-")
    return (
        stem == first.stem
        and len(name) == len(two.name or "")
        and slot.isdigit()
        and one.namespace == two.namespace
        and one.labels == two.labels
        and one.ownerReferences == two.ownerReferences
        and _are_alike(one, two)
    )


def _are_alike(one: meta_v1.ObjectMeta, two: meta_v1.ObjectMeta) -> bool:
    """Whether the annotations have the same names, and values that differ by as much as instants do."""
    first, second = one.annotations or {}, two.annotations or {}
    return first.keys() == second.keys() and sum([first[name] != second[name] for name in first]) <= 1
