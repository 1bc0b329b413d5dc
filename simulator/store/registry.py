"""What the API server does between a request and the store: names, uids, defaults, validation, graceful deletion.

All writes of objects, by users and by controllers, go through here, so they meet the same rules.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from simulator import parser
from simulator.errors import AlreadyExists, BadRequest, Conflict, NotFound
from simulator.model.kinds import EVENT, JOB, KINDS, NAMESPACE, POD, Kind, kind_of
from simulator.model.kubernetes import batch_v1, core_v1, from_builtins, meta_v1, to_builtins
from simulator.model.metadata import Key, key_of, metadata_of, whole_second
from simulator.model.pod_specs import bound_spec, once_per_spec
from simulator.store import namespaces
from simulator.store.objects import Objects
from simulator.store.templates import JobTemplates

_NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_RANDOM_LENGTH = 5
_LONGEST_GENERATED_NAME = 63
_DEFAULT_GRACE_SECONDS = 30
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Chance(Protocol):
    """The source of random names and uids; `random.Random` is one."""

    def getrandbits(self, k: int, /) -> int:
        """`k` random bits."""
        ...

    def choice(self, seq: str, /) -> str:
        """One of `seq`."""
        ...


class Registry:
    """Creates, changes and deletes objects in `objects` as the API server would."""

    def __init__(self, objects: Objects, chance: Chance) -> None:
        self.objects = objects
        self._chance = chance
        self._job_templates = JobTemplates()

    # --- create ---

    def create(
        self, tree: dict[str, Any], kind: Kind, now: datetime, *, dry_run: bool = False, uid: str | None = None
    ) -> tuple[Any, list[str]]:
        """Create an object from its plain form; returns it and the warnings of validation. `uid` None: a new one.

        Raises `Invalid`, `AlreadyExists`, `NotFound` (the namespace), `Forbidden` (it is being deleted), `BadRequest`. Job
        and pod defaults are filled in.
        """
        metadata = tree.setdefault("metadata", {})
        if metadata.get("resourceVersion"):
            raise BadRequest("resourceVersion should not be set on objects to be created")
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
            name = metadata.get("name") or metadata.get("generateName") or ""
            namespaces.check_creation(self.objects, kind, metadata["namespace"], name)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._generate_name(metadata["generateName"])
        tree = parser.prepare_for_create(tree, uid or self._uid(), now)
        errors, warnings = parser.validate_create(tree)
        if errors:
            raise parser.invalid(kind, tree["metadata"].get("name", ""), errors)
        obj = self._insert(from_builtins(tree, kind.type), now, dry_run)
        return obj, warnings

    def create_job(self, job: batch_v1.Job, now: datetime) -> batch_v1.Job:
        """Create a Job that a controller made from a template; raises as `create` does.

        The first of a template goes the way of `create`, which those that differ by name and slot alone needn't.
        """
        metadata = metadata_of(job)
        namespaces.check_creation(self.objects, JOB, key_of(job).namespace, metadata.name or "")
        uid = self._uid()
        made = self._job_templates.like(job, uid)
        if made is not None:
            inserted: batch_v1.Job = self._insert(made, now)
            return inserted
        created, _ = self.create(to_builtins(job), JOB, now, uid=uid)
        self._job_templates.remember(job, created)
        first: batch_v1.Job = created
        return first

    def create_pod(self, pod: core_v1.Pod, now: datetime) -> core_v1.Pod:
        """Create a pod that a controller made from a template which has its defaults already; raises as `create` does."""
        metadata = metadata_of(pod)
        asked = metadata.name or metadata.generateName or ""
        namespaces.check_creation(self.objects, POD, key_of(pod).namespace, asked)
        name = metadata.name or self._generate_name(metadata.generateName or "")
        metadata = msgspec.structs.replace(
            metadata, name=name, uid=self._uid(), creationTimestamp=whole_second(now), generation=1
        )
        status = core_v1.PodStatus(phase="Pending")
        created: core_v1.Pod = self._insert(msgspec.structs.replace(pod, metadata=metadata, status=status), now)
        return created

    def _insert(self, obj: Any, now: datetime, dry_run: bool = False) -> Any:
        kind = kind_of(obj)
        key = key_of(obj)
        existing = self.objects.get(key)
        if existing is not None:
            text = f'{kind.resource} "{key.name}" already exists'
            if existing.metadata.deletionTimestamp is not None:
                text = f"object is being deleted: {text}"
            raise AlreadyExists(text, {"name": key.name, "group": kind.group, "kind": kind.plural})
        metadata = obj.metadata
        if metadata.creationTimestamp is None:
            metadata = msgspec.structs.replace(metadata, creationTimestamp=whole_second(now))
        obj = msgspec.structs.replace(obj, metadata=metadata)
        if kind is POD:
            status = obj.status or core_v1.PodStatus(phase="Pending")
            obj = msgspec.structs.replace(obj, spec=_admitted_spec(obj), status=status)
        return obj if dry_run else self.objects.add(key, obj)

    def _generate_name(self, prefix: str) -> str:
        # job.md 8: the prefix is cut so that the name has at most 63 characters.
        tail = "".join(self._chance.choice(_NAME_ALPHABET) for _ in range(_RANDOM_LENGTH))
        return prefix[: _LONGEST_GENERATED_NAME - _RANDOM_LENGTH] + tail

    def _uid(self) -> str:
        """A version 4 UUID."""
        bits = self._chance.getrandbits(128)
        bits = bits & ~(0xF << 76) | (4 << 76)
        bits = bits & ~(0x3 << 62) | (2 << 62)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    # --- read ---

    def get(self, key: Key) -> Any:
        """The object of that key; raises `NotFound`."""
        obj = self.objects.get(key)
        if obj is None:
            kind = KINDS[key.kind]
            raise NotFound(
                f'{kind.resource} "{key.name}" not found', {"name": key.name, "group": kind.group, "kind": kind.plural}
            )
        return obj

    # --- update ---

    def update(self, key: Key, tree: dict[str, Any], now: datetime, *, dry_run: bool = False) -> tuple[Any, list[str]]:
        """Replace metadata and spec of an object; its status stays. Returns the new state and warnings.

        A resourceVersion in `tree` is a precondition (`Conflict`). Changing nothing writes nothing. An object that is being
        deleted and loses its last finalizer goes.
        """
        old = self.get(key)
        self._check_unchanged(old, tree.get("metadata", {}))
        old_tree = to_builtins(old)
        tree = parser.prepare_for_update(old_tree, tree)
        errors, warnings = parser.validate_update(old_tree, tree)
        if errors:
            raise parser.invalid(KINDS[key.kind], key.name, errors)
        new = from_builtins(tree, KINDS[key.kind].type)
        return self._replace(old, new, dry_run), warnings

    def update_status(self, key: Key, status: Any, *, resource_version: str | None = None, dry_run: bool = False) -> Any:
        """Replace the status of an object; changing nothing writes nothing. `resource_version` is a precondition.

        The status of a Job has rules of its own, for the controller's writes too (job.md 4): raises `Invalid`.
        """
        old = self.get(key)
        if resource_version is not None:
            self._check_unchanged(old, {"resourceVersion": resource_version})
        if status == old.status:
            return old
        new = msgspec.structs.replace(old, status=status)
        if key.kind == JOB.kind:
            errors = parser.validate_status_update(old, new)
            if errors:
                raise parser.invalid(JOB, key.name, errors)
        return new if dry_run else self._store(key, old, new)

    def patch_metadata(self, key: Key, patch: dict[str, Any]) -> Any:
        """Apply a controller's merge patch to the metadata: finalizers and owner references, null taking away."""
        old = self.get(key)
        types = {"ownerReferences": list[meta_v1.OwnerReference], "finalizers": list[str]}
        changes = {
            name: None if not value else msgspec.convert(value, types.get(name, Any)) for name, value in patch.items()
        }
        metadata = msgspec.structs.replace(old.metadata, **changes)
        return old if metadata == old.metadata else self._store(key, old, msgspec.structs.replace(old, metadata=metadata))

    def bind(self, key: Key, node_name: str) -> Any:
        """Put a pod on a node."""
        old = self.get(key)
        return self._store(key, old, msgspec.structs.replace(old, spec=bound_spec(old, node_name)))

    def _replace(self, old: Any, new: Any, dry_run: bool) -> Any:
        """Write a new state, unless it is but the old one, or it is only tried."""
        version = old.metadata.resourceVersion
        if new.metadata.resourceVersion != version:
            new = msgspec.structs.replace(new, metadata=msgspec.structs.replace(new.metadata, resourceVersion=version))
        return new if new == old or dry_run else self._store(key_of(old), old, new)

    def _store(self, key: Key, old: Any, new: Any) -> Any:
        """Write a state that is new; an object that is being deleted and that nothing holds any more goes."""
        if new.metadata.deletionTimestamp is not None and not new.metadata.finalizers and not self._is_held(new):
            return self.objects.remove(key)
        return self.objects.replace(key, old, new)

    def _check_unchanged(self, old: Any, metadata: dict[str, Any]) -> None:
        kind, name = kind_of(old), old.metadata.name
        version, uid = metadata.get("resourceVersion"), metadata.get("uid")
        if version and version != old.metadata.resourceVersion:
            raise Conflict(
                f'Operation cannot be fulfilled on {kind.resource} "{name}": the object has been modified; '
                "please apply your changes to the latest version and try again",
                {"name": name, "group": kind.group, "kind": kind.plural},
            )
        self._check_uid(old, uid)

    def _check_uid(self, old: Any, uid: str | None) -> None:
        kind, name = kind_of(old), old.metadata.name
        if uid and uid != old.metadata.uid:
            raise Conflict(
                f'Operation cannot be fulfilled on {kind.resource} "{name}": Precondition failed: UID in precondition: '
                f"{uid}, UID in object meta: {old.metadata.uid}",
                {"name": name, "group": kind.group, "kind": kind.plural},
            )

    # --- delete ---

    def delete(
        self,
        key: Key,
        now: datetime,
        *,
        propagation: str | None = None,
        grace_seconds: int | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
        dry_run: bool = False,
    ) -> Any:
        """Delete an object, at once or, where a finalizer or a running pod holds it, by marking it.

        `propagation`: `Background`, `Foreground`, `Orphan`; None is the resource's own: a Job leaves its pods behind
        (job.md 18), others delete in the background. `grace_seconds` counts for pods only. Returns the last state.
        Raises `NotFound`, `Conflict`, and `Forbidden` for a namespace that may not be deleted.
        """
        if key.kind == NAMESPACE.kind:
            namespaces.check_deletion(key.name)
        old = self.get(key)
        self._check_uid(old, uid)
        if resource_version:
            self._check_unchanged(old, {"resourceVersion": resource_version})
        if dry_run:
            return old
        if propagation is None and key.kind == JOB.kind:
            propagation = "Orphan"
        finalizers = _finalizers_of_deletion(old.metadata.finalizers or [], propagation)
        if key.kind == NAMESPACE.kind and (finalizers or self._is_held(old)):
            marked = namespaces.terminating(old, finalizers, now)
            return old if marked == old else self.objects.put(marked)
        grace = self._grace(old, grace_seconds) if key.kind == POD.kind else 0
        if grace == 0 and not finalizers:
            return self.objects.remove(key)
        metadata = old.metadata
        end = whole_second(now) + timedelta(seconds=grace)
        if metadata.deletionTimestamp is None and metadata.generation:
            metadata = msgspec.structs.replace(metadata, generation=metadata.generation + 1)
        if metadata.deletionTimestamp is None or end < metadata.deletionTimestamp:
            metadata = msgspec.structs.replace(metadata, deletionTimestamp=end, deletionGracePeriodSeconds=grace)
        metadata = msgspec.structs.replace(metadata, finalizers=finalizers or None)
        new = msgspec.structs.replace(old, metadata=metadata)
        return old if new == old else self.objects.put(new)

    def finish_pod(self, key: Key) -> None:
        """Nothing of a pod that is being deleted runs any more: take the object away unless finalizers hold it."""
        pod = self.objects.get(key)
        if pod is None:
            return
        if not pod.metadata.finalizers:
            self.objects.remove(key)
        elif pod.metadata.deletionGracePeriodSeconds != 0:
            metadata = msgspec.structs.replace(pod.metadata, deletionGracePeriodSeconds=0)
            self.objects.put(msgspec.structs.replace(pod, metadata=metadata))

    def _grace(self, pod: core_v1.Pod, asked: int | None) -> int:
        # pod-on-docker.md 3.6: a pod that is on no node, or has ended, needs none.
        phase = pod.status.phase if pod.status else None
        if pod.spec is None or not pod.spec.nodeName or phase in ("Succeeded", "Failed"):
            return 0
        if asked is not None:
            return max(0, asked)
        own = pod.spec.terminationGracePeriodSeconds
        return _DEFAULT_GRACE_SECONDS if own is None else int(own)

    def _is_held(self, obj: Any) -> bool:
        """Whether something else than its finalizers holds an object that is being deleted.

        Of a pod something may still run, of a namespace something may still be there.
        """
        if kind_of(obj) is POD:
            return bool(obj.metadata.deletionGracePeriodSeconds)
        return kind_of(obj) is NAMESPACE and namespaces.is_held(obj)

    def finalize_namespace(self, key: Key) -> None:
        """Nothing is left in a namespace that is being deleted: let it go."""
        old = self.get(key)
        self._store(key, old, msgspec.structs.replace(old, spec=msgspec.structs.replace(old.spec, finalizers=None)))

    def ensure_namespace(self, name: str, now: datetime) -> None:
        """Create a namespace if it is missing."""
        if self.objects.get(Key(NAMESPACE.kind, "", name)) is None:
            metadata = meta_v1.ObjectMeta(
                name=name,
                uid=self._uid(),
                creationTimestamp=whole_second(now),
                labels={"kubernetes.io/metadata.name": name},
            )
            spec = core_v1.NamespaceSpec(finalizers=[namespaces.FINALIZER])
            self.objects.put(core_v1.Namespace(metadata=metadata, spec=spec, status=core_v1.NamespaceStatus(phase="Active")))

    def drop_old_events(self, before: datetime) -> None:
        """Remove the events that were last seen before an instant."""
        for event in self.objects.list(EVENT.kind):
            seen = event.lastTimestamp or event.metadata.creationTimestamp
            if seen is not None and seen < before:
                self.objects.remove(key_of(event))


def _finalizers_of_deletion(finalizers: list[str], propagation: str | None) -> list[str]:
    """What holds an object that is being deleted that way."""
    if propagation is None:
        return finalizers
    wanted = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(propagation)
    others = [name for name in finalizers if name not in (FOREGROUND, ORPHAN)] if finalizers else []
    return others if wanted is None else [*others, wanted]


_NODE_TOLERATIONS = [
    core_v1.Toleration(key=f"node.kubernetes.io/{condition}", operator="Exists", effect="NoExecute", tolerationSeconds=300)
    for condition in ("not-ready", "unreachable")
]


def _defaulted(container: core_v1.Container) -> core_v1.Container:
    """A container of a pod (not of a template): what it has a limit of and no request, it requests as much of."""
    resources = container.resources
    if resources is None or not resources.limits:
        return container
    requests = {**resources.limits, **(resources.requests or {})}
    return msgspec.structs.replace(container, resources=msgspec.structs.replace(resources, requests=requests))


@once_per_spec
def _admitted_spec(pod: core_v1.Pod) -> core_v1.PodSpec:
    """A pod's spec after its defaults and the admission plugins of a plain cluster: priority, account, tolerations."""
    spec = pod.spec
    assert spec is not None
    tolerations = list(spec.tolerations or ())
    keys = {toleration.key for toleration in tolerations if toleration.effect in (None, "NoExecute")}
    if not any(t.operator == "Exists" and not t.key for t in tolerations):
        tolerations += [toleration for toleration in _NODE_TOLERATIONS if toleration.key not in keys]
    account = spec.serviceAccountName or spec.serviceAccount or "default"
    return msgspec.structs.replace(
        spec,
        containers=[_defaulted(container) for container in spec.containers],
        initContainers=[_defaulted(container) for container in spec.initContainers] if spec.initContainers else None,
        enableServiceLinks=True if spec.enableServiceLinks is None else spec.enableServiceLinks,
        preemptionPolicy=spec.preemptionPolicy or "PreemptLowerPriority",
        priority=0 if spec.priority is None else spec.priority,
        serviceAccount=account,
        serviceAccountName=account,
        tolerations=tolerations,
    )
