"""The step of the control plane: what is due is looked at, by whom, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from simulator.control_plane.applier import Applier
from simulator.control_plane.collector import Collector
from simulator.control_plane.node import Node
from simulator.control_plane.queue import BackOff, Item, WorkQueue
from simulator.control_plane.triggers import (
    COLLECTION,
    CRON_JOB_SYNC,
    EVENT_SWEEP,
    JOB_SYNC,
    NAMESPACE_SYNC,
    ORPHAN_SYNC,
    POD_SYNC,
    TRACKING_SYNC,
    TTL_SYNC,
    Triggers,
)
from simulator.controllers.job import reconcile_job, release_untracked_pod
from simulator.controllers.namespace import reconcile_namespace
from simulator.controllers.plan import Plan
from simulator.controllers.ttl import reconcile_ttl
from simulator.model.kinds import CRON_JOB, JOB, KINDS, NAMESPACE, POD
from simulator.model.metadata import Key, controller_of, key_of
from simulator.pods.executor import Executor
from simulator.store.events import Source
from simulator.store.objects import Change, Objects
from simulator.store.registry import Chance, Registry

_BACK_OFF = {
    JOB_SYNC: BackOff(1, 60),  # job.md 1
    CRON_JOB_SYNC: BackOff(0.005, 1000),  # cronjob.md 5
    TTL_SYNC: BackOff(0.005, 1000),
    TRACKING_SYNC: BackOff(0.005, 1000),
    POD_SYNC: BackOff(1, 60),
    ORPHAN_SYNC: BackOff(1, 60),
    COLLECTION: BackOff(0.005, 1000),
    NAMESPACE_SYNC: BackOff(0.005, 60),
    EVENT_SWEEP: BackOff(1, 60),
}
_EVENT_LIFE = timedelta(hours=1)
"""How long a cluster keeps an event after it was last seen."""

_LOOKS_IN_A_STEP = 200
"""So often a step looks at one key before it puts it off: a controller that never comes to rest must not stop the others."""


class Mode(Enum):
    """How much of its work a control plane does.

    `ACT`: all of it. `SWEEP`: only what objects that are being deleted need; nothing new starts. `OBSERVE`: only the status
    of pods is brought up to date, in memory; no command is given.
    """

    ACT = "act"
    SWEEP = "sweep"
    OBSERVE = "observe"


class ControlPlane:
    """All controllers and the node over one store and one executor. Single-threaded: one caller at a time.

    `objects` are changed through `registry`; every change touches the keys that may care. After a change from outside
    (an API write) the host calls `step`. `keep_events` False: no Event is stored (a forecast, that nobody asks for them).
    """

    def __init__(
        self,
        objects: Objects,
        executor: Executor,
        chance: Chance,
        now: datetime,
        *,
        mode: Mode = Mode.ACT,
        keep_events: bool = True,
    ) -> None:
        self.objects = objects
        self.registry = Registry(objects, chance)
        self.mode = mode
        self._executor = executor
        self._now = now
        self._queue = WorkQueue(_BACK_OFF)
        self._applier = Applier(objects, self.registry, keep_events=keep_events)
        self._memories: dict[str, Any] = {}
        self._triggers = Triggers(objects, self._queue)
        self.node = Node(
            objects,
            self.registry,
            self._applier,
            executor,
            touch_pod=lambda key: self._queue.add(Item(POD_SYNC, key)),
            touch_orphan=lambda uid: self._queue.add(Item(ORPHAN_SYNC, Key(POD.kind, "", uid))),
        )
        self._collector = Collector(
            objects, self._applier, touch=lambda uid: self._queue.add(Item(COLLECTION, Key("", "", uid)))
        )
        self._handlers: dict[str, Callable[[Item, datetime], None]] = {
            JOB_SYNC: self._sync_job,
            CRON_JOB_SYNC: self._sync_cron_job,
            TTL_SYNC: self._sync_ttl,
            TRACKING_SYNC: self._sync_tracking,
            POD_SYNC: self._sync_pod,
            ORPHAN_SYNC: self._sync_orphan,
            COLLECTION: self._collect,
            NAMESPACE_SYNC: self._sync_namespace,
            EVENT_SWEEP: self._drop_what_is_old,
        }
        self._unheard: list[Item] = []
        """Jobs that wait until the engine has told what became of their pods."""
        self._is_stepping = False
        self._edits: list[tuple[Item, Any, Any]] = []
        """CronJobs that were changed between two steps, each with its state before."""
        self.registry.ensure_namespace("default", now)
        for pod in objects.list(POD.kind):
            # Before the Jobs, which judge by what the statuses of their pods say.
            self._queue.add(Item(POD_SYNC, key_of(pod)))
        for kind in (NAMESPACE, CRON_JOB, JOB, POD):
            for obj in objects.list(kind.kind):
                self._triggers.observe(Change(0, "ADDED", key_of(obj), obj, None))
        if keep_events:
            self._queue.add(Item(EVENT_SWEEP, Key("Event", "", "")))
        self._stop_listening = objects.on_change(self._on_change)

    @property
    def is_swept(self) -> bool:
        """Whether no deleted pod has anything left, or nothing can be done about it because the engine is away."""
        node = self.node
        if not node.has_heard or not node.engine.reachable:
            return node.has_heard
        is_going = any(pod.metadata.deletionTimestamp is not None for pod in self.objects.list(POD.kind))
        return not node.has_orphans and not is_going

    def step(self, now: datetime) -> datetime | None:
        """Take in what happened, reconcile until quiet, commit, hand out commands.

        Returns the next instant at which there is something to do even if nothing happens.
        """
        self._now = now
        self._is_stepping = True
        try:
            self._take_in(now)
            self._reconcile(now)
        finally:
            self._is_stepping = False
        # Committed first, then carried out: a crash in between is mended by looking at what exists.
        self.objects.commit()
        commands, self.node.commands = self.node.commands, []
        if commands and self.mode is not Mode.OBSERVE:
            self._executor.submit(commands)
        return self.next_time()

    def _take_in(self, now: datetime) -> None:
        """What happened since the last step."""
        edits, self._edits = self._edits, []
        for edit in edits:
            self._look_after_edit(*edit)
        for report in self._executor.poll():
            self.node.observe(report, now)
        if self.node.has_heard:
            for unheard in self._unheard:
                self._queue.add(unheard)
            self._unheard.clear()

    def _reconcile(self, now: datetime) -> None:
        """Look at every key that is due, until none is."""
        queue, triggers, handlers = self._queue, self._triggers, self._handlers
        looks: dict[Item, int] = {}
        while item := queue.pop(now):
            count = looks[item] = looks.get(item, 0) + 1
            if count > _LOOKS_IN_A_STEP:
                queue.add_at(item, now + timedelta(seconds=1))
            elif self.mode is Mode.ACT or self._is_allowed(item):
                triggers.in_hand = item
                handlers[item.controller](item, now)
        self._triggers.in_hand = None

    def close(self) -> None:
        """Let go of the objects: what changes from now on is nothing to this control plane."""
        self._stop_listening()

    def next_time(self) -> datetime | None:
        """The next instant at which there is something to do even if nothing happens."""
        times = [time for time in (self._queue.next_time(), self._executor.next_time()) if time is not None]
        return min(times, default=None)

    def _is_allowed(self, item: Item) -> bool:
        """Whether a control plane that does not do all of its work may look at this key."""
        if self.mode is Mode.OBSERVE:
            return item.controller == POD_SYNC
        if item.controller in (JOB_SYNC, CRON_JOB_SYNC, POD_SYNC):
            obj = self.objects.get(item.key)
            return obj is not None and obj.metadata.deletionTimestamp is not None
        return item.controller in (TRACKING_SYNC, ORPHAN_SYNC, COLLECTION, NAMESPACE_SYNC)

    # --- what changes bring ---

    def _on_change(self, change: Change) -> None:
        if change.has_new_metadata:
            self._collector.observe(change)
        if change.type == "DELETED":
            self._forget(change)
        self._triggers.observe(change)
        if change.key.kind == CRON_JOB.kind and change.type == "MODIFIED":
            self._cron_job_changed(change)

    def _cron_job_changed(self, change: Change) -> None:
        cron_job, previous = change.object, change.previous
        item = Item(CRON_JOB_SYNC, change.key)
        if item == self._triggers.in_hand and cron_job.spec is previous.spec:
            return
        if self._is_stepping:
            self._look_after_edit(item, cron_job, previous)
        else:
            # What time it is only the next step knows: since the last one the clock may have been set.
            self._edits.append((item, cron_job, previous))

    def _look_after_edit(self, item: Item, cron_job: Any, previous: Any) -> None:
        if self.objects.get(item.key) is None:
            return
        from simulator.controllers.cronjob import enqueue_after_edit

        edit = enqueue_after_edit(previous, cron_job, self._now)
        for event in edit.events:
            self._applier.emit(cron_job, Source("cronjob-controller"), event.type, event.reason, event.message, self._now)
        if edit.after_seconds is not None:
            self._queue.add_at(item, self._now + timedelta(seconds=max(0.0, edit.after_seconds)))

    def _forget(self, change: Change) -> None:
        uid = change.object.metadata.uid
        self._memories.pop(uid, None)
        self._applier.forget(uid)
        if change.key.kind == POD.kind and self.node.record(uid) is not None:
            self._queue.add(Item(ORPHAN_SYNC, Key(POD.kind, "", uid)))

    # --- one look at one key ---

    def _sync_job(self, item: Item, now: datetime) -> None:
        job = self.objects.get(item.key)
        if job is None:
            self._queue.forget(item)
            return
        uid = job.metadata.uid
        if not self.node.has_heard and self._has_pods_on_node(uid):
            self._unheard.append(item)
            return
        pods = [*self.objects.controlled(POD.kind, uid), *self.objects.uncontrolled(POD.kind, item.key.namespace)]
        plan = reconcile_job(job, pods, now, self._memories.get(uid))
        # A plan that took the Job away has nothing left to remember.
        if self._apply(item, plan, job, "job-controller", now) and self.objects.by_uid(uid) is not None:
            self._memories[uid] = plan.memory

    def _has_pods_on_node(self, uid: str) -> bool:
        """Whether pods of a Job are on the node that have not ended as far as is known."""
        return any(
            pod.spec.nodeName and not (pod.status and pod.status.phase in ("Succeeded", "Failed"))
            for pod in self.objects.controlled(POD.kind, uid)
        )

    def _sync_cron_job(self, item: Item, now: datetime) -> None:
        cron_job = self.objects.get(item.key)
        if cron_job is None:
            self._queue.forget(item)
            return
        # Imported when a CronJob is there: schedules take 10 ms to import, and most runs have none.
        from simulator.controllers.cronjob import sync_cron_job

        namespace = item.key.namespace
        children = self.objects.controlled_by_name(JOB.kind, namespace, item.key.name)
        decisions = sync_cron_job(
            cron_job, children, now, find_job=lambda name: self.objects.get(Key(JOB.kind, namespace, name))
        )
        plan = self._applier.apply_decisions(decisions, cron_job, "cronjob-controller", now)
        self._finish(item, plan, now)

    def _sync_ttl(self, item: Item, now: datetime) -> None:
        job = self.objects.get(item.key)
        if job is None:
            self._queue.forget(item)
            return
        self._apply(item, reconcile_ttl(job, job, now), job, "ttl-after-finished-controller", now)

    def _sync_tracking(self, item: Item, now: datetime) -> None:
        pod = self.objects.get(item.key)
        if pod is None:
            self._queue.forget(item)
            return
        owner = controller_of(pod)
        job = self.objects.get(Key(JOB.kind, item.key.namespace, owner.name)) if owner and owner.kind == JOB.kind else None
        self._apply(item, release_untracked_pod(pod, job), pod, "job-controller", now)

    def _apply(self, item: Item, plan: Plan, subject: Any, component: str, now: datetime) -> bool:
        """Carry out a plan; False if the API refused an operation."""
        if self._applier.apply(plan, subject, component, now) is not None:
            self._queue.retry(item, now)
            return False
        self._finish(item, plan, now)
        return True

    def _finish(self, item: Item, plan: Plan, now: datetime) -> None:
        if plan.error is not None:
            self._queue.retry(item, now)
            return
        self._queue.succeeded(item)
        if plan.requeue_after_seconds is not None:
            self._queue.add_at(item, now + timedelta(seconds=max(0.0, plan.requeue_after_seconds)))

    def _sync_pod(self, item: Item, now: datetime) -> None:
        wake_time = self.node.sync(item.key, now)
        if wake_time is not None:
            self._queue.add_at(item, wake_time)

    def _sync_orphan(self, item: Item, now: datetime) -> None:
        wake_time = self.node.sync_orphan(item.key.name, now)
        if wake_time is not None:
            self._queue.add_at(item, wake_time)

    def _collect(self, item: Item, now: datetime) -> None:
        if self._collector.look(item.key.name, now):
            self._queue.succeeded(item)
        else:
            self._queue.retry(item, now)

    def _sync_namespace(self, item: Item, now: datetime) -> None:
        namespace = self.objects.get(item.key)
        if namespace is None:
            self._queue.forget(item)
            return
        content = [obj for kind in KINDS if KINDS[kind].namespaced for obj in self.objects.list(kind, item.key.name)]
        self._apply(item, reconcile_namespace(namespace, content, now), namespace, "namespace-controller", now)

    def _drop_what_is_old(self, item: Item, now: datetime) -> None:
        self.registry.drop_old_events(now - _EVENT_LIFE)
        self.objects.trim_decisions()
        self._queue.add_at(item, now + timedelta(minutes=10))
