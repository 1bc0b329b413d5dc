"""The node: every pod's lifecycle, between the store and the executor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from simulator.control_plane.applier import Applier
from simulator.model.kinds import CONFIG_MAP, POD, SECRET
from simulator.model.kubernetes import core_v1
from simulator.model.metadata import Key
from simulator.pods.executor import (
    Command,
    ContainerKey,
    EngineReport,
    Executor,
    ImageReport,
    Report,
    Snapshot,
    StartFailed,
    StopContainer,
)
from simulator.pods.lifecycle import PodRecord, Sources, observe, report_pod_uid, sync_orphan, sync_pod
from simulator.store.events import Source
from simulator.store.objects import Objects
from simulator.store.registry import Registry

_KUBELET = "kubelet"
"""The component that events and notes about pods come from."""


class Node:
    """Keeps a record of every pod, folds reports into it, and syncs pods.

    `touch_pod` and `touch_orphan` are called with the key, or the uid, of what is to be synced. Nothing is synced before
    the executor has told once what exists. Commands gather in `commands` until the control plane has committed.
    """

    def __init__(
        self,
        objects: Objects,
        registry: Registry,
        applier: Applier,
        executor: Executor,
        touch_pod: Callable[[Key], None],
        touch_orphan: Callable[[str], None],
    ) -> None:
        self._objects = objects
        self._registry = registry
        self._applier = applier
        self._executor = executor
        self._touch_pod = touch_pod
        self._touch_orphan = touch_orphan
        self._records: dict[str, PodRecord] = {}
        self._images: dict[str, ImageReport] = {}
        self._sources_by_namespace: dict[str, Sources] = {}
        self.commands: list[Command] = []
        self.engine = EngineReport(datetime.min.replace(tzinfo=UTC), reachable=False, error="it has not answered yet")
        self.has_heard = False
        """Whether the engine has said anything yet, be it that it can't be reached."""
        self.has_snapshot = False

    def record(self, uid: str) -> PodRecord | None:
        """What is remembered of a pod."""
        return self._records.get(uid)

    # --- reports ---

    def observe(self, report: Report, now: datetime) -> None:
        """Fold a report into the records that it concerns, and have those pods synced."""
        self.has_heard = True
        match report:
            case Snapshot():
                self._observe_snapshot(report, now)
                return
            case EngineReport():
                self.engine = report
                self._observe_all(report, now)
                return
            case ImageReport():
                self._images[report.image] = report
                self._touch_all()
            case StartFailed(stage="create"):
                # The image may have been removed since it was inspected.
                self._images.clear()
        uid = report_pod_uid(report)
        if uid is not None:
            self._observe_one(uid, report, now)

    def _observe_snapshot(self, snapshot: Snapshot, now: datetime) -> None:
        self.has_snapshot = True
        if not self.engine.reachable:
            self.engine = EngineReport(snapshot.time, reachable=True)
        for pod in self._objects.list(POD.kind):
            self._records.setdefault(pod.metadata.uid, PodRecord(pod.metadata.uid))
        for sandbox in snapshot.sandboxes:
            self._records.setdefault(sandbox.pod_uid, PodRecord(sandbox.pod_uid))
        for container in snapshot.containers:
            self._records.setdefault(container.key.pod_uid, PodRecord(container.key.pod_uid))
        self._observe_all(snapshot, now)
        # Also those of which nothing exists yet: they have waited for this word.
        self._touch_all()

    def _observe_all(self, report: Report, now: datetime) -> None:
        for uid in list(self._records):
            self._observe_one(uid, report, now)

    def _observe_one(self, uid: str, report: Report, now: datetime) -> None:
        before = self._records.get(uid)
        after = observe(before or PodRecord(uid), report, now)
        if before is None and after == PodRecord(uid):
            return  # A late word about a pod that is gone for good (a pull that took longer than the pod lived).
        self._records[uid] = after
        if after != before:
            self._touch(uid)

    def _touch(self, uid: str) -> None:
        key = self._objects.by_uid(uid)
        if key is None:
            self._touch_orphan(uid)
        else:
            self._touch_pod(key)

    def _touch_all(self) -> None:
        for uid in self._records:
            self._touch(uid)

    # --- syncing ---

    def sync(self, key: Key, now: datetime) -> datetime | None:
        """Sync one pod; returns when to sync it again by itself."""
        pod = self._objects.get(key)
        if pod is None or not self.has_snapshot:
            return None
        uid = pod.metadata.uid
        record = self._records.get(uid) or PodRecord(uid)
        plan = sync_pod(pod, record, self._executor.node, now, images=self._images, sources=self._sources(key.namespace))
        self._records[uid] = plan.record
        if plan.node_name:
            self._registry.bind(key, plan.node_name)
        if plan.status is not None:
            self._registry.update_status(key, plan.status)
        self._applier.note(pod, _KUBELET, plan.notes, now)
        if plan.events:
            source = Source(_KUBELET, self._executor.node.name)
            for event in plan.events:
                self._applier.emit(pod, source, event.type, event.reason, event.message, now, event.field_path)
        self.commands += plan.commands
        if plan.remove:
            self._registry.finish_pod(key)
        return plan.wake_time

    def sync_orphan(self, uid: str, now: datetime) -> datetime | None:
        """Clear away what is left of a pod whose object is gone; returns when to look again."""
        record = self._records.get(uid)
        if record is None or self._objects.by_uid(uid) is not None:
            return None
        plan = sync_orphan(record, now)
        self._records[uid] = plan.record
        self.commands += plan.commands
        if plan.remove:
            del self._records[uid]
        return plan.wake_time

    def kill(self, uid: str) -> None:
        """Have the running containers of a pod killed with the next commands, without any grace.

        A deletion leaves each container two seconds at least (semantics/pod-on-docker.md 3.6); a user who insists has none.
        """
        record = self._records.get(uid)
        for item in record.observed.running() if record is not None else ():
            self.commands.append(StopContainer(ContainerKey(uid, item.name, item.attempt), 0))

    def _sources(self, namespace: str) -> Sources:
        known = self._sources_by_namespace.get(namespace)
        if known is not None:
            return known

        def config_map(name: str) -> core_v1.ConfigMap | None:
            return self._objects.get(Key(CONFIG_MAP.kind, namespace, name))

        def secret(name: str) -> core_v1.Secret | None:
            return self._objects.get(Key(SECRET.kind, namespace, name))

        made = self._sources_by_namespace[namespace] = Sources(config_map, secret)
        return made

    @property
    def has_orphans(self) -> bool:
        """Whether something is left of a pod whose object is gone."""
        return any(self._objects.by_uid(uid) is None for uid in self._records)
