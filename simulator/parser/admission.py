"""What the API server does with an object between decoding and storing it: on create and on update.

Identity is given, status is dropped or kept, defaults are filled in, the generation counts changes of the spec, and a Job
gets its selector and labels (semantics/job.md 2). Nothing is judged here; `validation` does that with the result.
"""

from __future__ import annotations

from datetime import datetime

from simulator.parser.decoding import decode
from simulator.parser.defaults import set_defaults
from simulator.parser.pod_paths import pod_spec_of
from simulator.parser.structure import Tree

CONTROLLER_UID_LABEL = "batch.kubernetes.io/controller-uid"
JOB_NAME_LABEL = "batch.kubernetes.io/job-name"
OLD_CONTROLLER_UID_LABEL = "controller-uid"
OLD_JOB_NAME_LABEL = "job-name"

_WITH_GENERATION = ("Job", "CronJob", "Pod")
_FIRST_PHASE = {"Pod": "Pending", "Namespace": "Active"}


def prepare_for_create(obj: Tree, uid: str, now: datetime, namespace: str = "default") -> Tree:
    """The tree to validate and store: decoded, defaulted, with uid, creation time and generation 1, without status.

    `namespace` is that of the request. Pods start as Pending and namespaces as Active, the other kinds without a status.
    """
    made = decode(obj)
    metadata = made["metadata"]
    has_labels = bool(metadata.get("labels"))
    set_defaults(made)
    for name in ("resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"):
        metadata.pop(name, None)
    if made["kind"] != "Namespace":
        metadata.setdefault("namespace", namespace)
    metadata["uid"] = uid
    metadata["creationTimestamp"] = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata.pop("generation", None)
    if made["kind"] in _WITH_GENERATION:
        metadata["generation"] = 1
    made.pop("status", None)
    if made["kind"] in _FIRST_PHASE:
        made["status"] = {"phase": _FIRST_PHASE[made["kind"]]}
    if made["kind"] == "Namespace":
        _guard_content(made)
    drop_disabled_fields(made)
    if made["kind"] == "Job":
        _generate_selector(made)
        if not has_labels and made["spec"]["template"]["metadata"].get("labels"):
            metadata["labels"] = dict(made["spec"]["template"]["metadata"]["labels"])
    return made


def prepare_for_update(old: Tree, new: Tree) -> Tree:
    """The tree to validate and store in place of `old` (a stored tree): defaulted again, status kept, generation counted."""
    made, old = decode(new), decode(old)
    set_defaults(made)
    metadata, before = made["metadata"], old["metadata"]
    for name in ("uid", "creationTimestamp", "namespace"):
        if name not in metadata and name in before:
            metadata[name] = before[name]
    for name in ("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"):
        metadata.pop(name, None)
        if name in before:
            metadata[name] = before[name]
    if "creationTimestamp" in before:
        metadata["creationTimestamp"] = before["creationTimestamp"]
    drop_disabled_fields(made)
    made.pop("status", None)
    if "status" in old:
        made["status"] = old["status"]
    if made["kind"] == "Namespace":
        made["spec"] = old.get("spec") or {}
    if made["kind"] in _WITH_GENERATION and made.get("spec") != old.get("spec"):
        metadata["generation"] = before.get("generation", 0) + 1
    return made


def drop_disabled_fields(obj: Tree) -> None:
    """Take away the pod fields whose feature is off by default in 1.36: the server drops them without a word."""
    spec = pod_spec_of(obj)
    for name in ("containers", "initContainers", "ephemeralContainers"):
        for container in (spec or {}).get(name) or ():
            lifecycle = container.get("lifecycle") or {}
            if "stopSignal" in lifecycle:
                del lifecycle["stopSignal"]
                if not lifecycle:
                    del container["lifecycle"]


def _guard_content(namespace: Tree) -> None:
    """The finalizer that keeps a namespace until it is empty."""
    finalizers = namespace.setdefault("spec", {}).setdefault("finalizers", [])
    if "kubernetes" not in finalizers:
        finalizers.append("kubernetes")


def _generate_selector(job: Tree) -> None:
    """The four labels on the template where absent, and the uid in the selector; not with manualSelector."""
    spec, metadata = job["spec"], job["metadata"]
    if spec.get("manualSelector"):
        return
    labels = spec["template"]["metadata"].setdefault("labels", {})
    labels.setdefault(OLD_CONTROLLER_UID_LABEL, metadata["uid"])
    labels.setdefault(OLD_JOB_NAME_LABEL, metadata.get("name", ""))
    labels.setdefault(CONTROLLER_UID_LABEL, metadata["uid"])
    labels.setdefault(JOB_NAME_LABEL, metadata.get("name", ""))
    selector = spec.setdefault("selector", {})
    selector.setdefault("matchLabels", {}).setdefault(CONTROLLER_UID_LABEL, metadata["uid"])
