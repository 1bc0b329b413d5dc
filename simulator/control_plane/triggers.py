"""Which change touches which keys: what has to be looked at again when an object is written."""

from __future__ import annotations

from collections.abc import Callable

from simulator.control_plane.queue import Item, WorkQueue
from simulator.controllers.job import TRACKING_FINALIZER, is_news_to_job
from simulator.model.conditions import finished_condition
from simulator.model.kinds import CONFIG_MAP, CRON_JOB, JOB, NAMESPACE, POD, SECRET
from simulator.model.metadata import Key, controller_of, is_finalizer_change, key_of
from simulator.store.objects import Change, Objects

# What one look is called, by who looks.
JOB_SYNC, CRON_JOB_SYNC, TTL_SYNC, TRACKING_SYNC, POD_SYNC, ORPHAN_SYNC, COLLECTION, NAMESPACE_SYNC, EVENT_SWEEP = (
    "job",
    "cronjob",
    "ttl",
    "tracking",
    "pod",
    "orphan",
    "garbage",
    "namespace",
    "events",
)


class Triggers:
    """Puts into the queue what a change concerns. `in_hand`: what is being looked at now, whose own writes are no news.

    An edit of a CronJob is left out: what it brings depends on the time, which is the control plane's to tell.
    """

    def __init__(self, objects: Objects, queue: WorkQueue) -> None:
        self._objects = objects
        self._queue = queue
        self._terminating: set[str] = set()
        """The namespaces that are being deleted."""
        self.in_hand: Item | None = None
        self._by_kind: dict[str, Callable[[Change], None]] = {
            POD.kind: self._pod_changed,
            JOB.kind: self._job_changed,
            CRON_JOB.kind: self._cron_job_changed,
            CONFIG_MAP.kind: self._source_changed,
            SECRET.kind: self._source_changed,
            NAMESPACE.kind: self._namespace_changed,
        }

    def observe(self, change: Change) -> None:
        """An object was created, changed or deleted."""
        touch = self._by_kind.get(change.key.kind)
        if touch is not None:
            touch(change)
        if change.key.namespace in self._terminating:
            self._queue.add(Item(NAMESPACE_SYNC, Key(NAMESPACE.kind, "", change.key.namespace)))

    def _touch_unless_in_hand(self, controller: str, key: Key) -> None:
        """Look at a key, unless it is its own look that has made the change: once its plan is applied, it is at rest."""
        if self.in_hand != (controller, key):
            self._queue.add(Item(controller, key))

    def _pod_changed(self, change: Change) -> None:
        key, pod, previous = change.key, change.object, change.previous
        if change.type != "DELETED":
            if previous is None or not (change.has_new_metadata and is_finalizer_change(pod, previous)):
                self._touch_unless_in_hand(POD_SYNC, key)
            if change.has_new_metadata and TRACKING_FINALIZER in (pod.metadata.finalizers or ()):
                self._queue.add(Item(TRACKING_SYNC, key))
        if change.has_new_metadata or is_news_to_job(pod, previous):
            self._touch_jobs_of_pod(change)

    def _touch_jobs_of_pod(self, change: Change) -> None:
        namespace, previous = change.key.namespace, change.previous
        controller = controller_of(change.object)
        owners = [controller]
        if previous is not None and change.has_new_metadata:
            before = controller_of(previous)
            if before != controller:
                owners.append(before)
        has_job = False
        for owner in owners:
            if owner is not None and owner.kind == JOB.kind:
                has_job = True
                key = Key(JOB.kind, namespace, owner.name)
                if previous is None:
                    self._touch_unless_in_hand(JOB_SYNC, key)
                else:
                    self._queue.add(Item(JOB_SYNC, key))  # by its own look too: a Job that loses pods may have more to do
        if controller is None and not has_job:
            # Any Job whose selector matches may adopt it.
            for job in self._objects.list(JOB.kind, namespace):
                self._queue.add(Item(JOB_SYNC, key_of(job)))

    def _job_changed(self, change: Change) -> None:
        key, job = change.key, change.object
        is_there = change.type != "DELETED"
        finished = finished_condition(job)
        if is_there:
            self._touch_unless_in_hand(JOB_SYNC, key)
        else:
            self._queue.add(Item(JOB_SYNC, key))
        if job.spec.ttlSecondsAfterFinished is not None:
            self._queue.add(Item(TTL_SYNC, key))
        if finished or not is_there:
            for pod in self._objects.controlled(POD.kind, job.metadata.uid):
                if TRACKING_FINALIZER in (pod.metadata.finalizers or ()):
                    self._queue.add(Item(TRACKING_SYNC, key_of(pod)))
        owner = controller_of(job)
        if owner is None or owner.kind != CRON_JOB.kind:
            return
        # Its controller reads of a Job whether it is finished, its owner and its name: nothing else is news to it.
        if change.has_new_metadata or finished != finished_condition(change.previous):
            self._touch_unless_in_hand(CRON_JOB_SYNC, Key(CRON_JOB.kind, key.namespace, owner.name))

    def _cron_job_changed(self, change: Change) -> None:
        if change.type != "MODIFIED":
            self._queue.add(Item(CRON_JOB_SYNC, change.key))

    def _source_changed(self, change: Change) -> None:
        """A ConfigMap or Secret: any pod of its namespace may wait for it."""
        for pod in self._objects.list(POD.kind, change.key.namespace):
            self._queue.add(Item(POD_SYNC, key_of(pod)))

    def _namespace_changed(self, change: Change) -> None:
        key = change.key
        if change.type == "DELETED":
            self._terminating.discard(key.name)
        elif change.object.metadata.deletionTimestamp is not None:
            self._terminating.add(key.name)
            self._queue.add(Item(NAMESPACE_SYNC, key))
