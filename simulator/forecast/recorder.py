"""Watches a control plane and writes down what happens: runs, slots without one, how much goes on at once.

Everything is read off the control plane's own changes of objects and its decisions; nothing is worked out again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulator.clock import Clock
from simulator.controllers.cronjob.new_job import SCHEDULED_TIMESTAMP
from simulator.controllers.cronjob.notes import read_note
from simulator.forecast.assumptions import Owner
from simulator.forecast.ledger import Ledger, Skip, skip_order
from simulator.forecast.load import Load
from simulator.forecast.runs import COMPLETE, DELETED, FAILED, REPLACED, RUNNING, SUSPENDED, Overlap, Run, Tally, run_order
from simulator.model.conditions import finished_condition
from simulator.model.kinds import CRON_JOB, JOB, POD
from simulator.model.kubernetes import batch_v1, core_v1
from simulator.model.metadata import Key, controller_of, key_of, whole_second
from simulator.pods.resources import pod_requests
from simulator.scheduler import zone_named
from simulator.store.objects import Change, Objects

_CRON_JOB, _JOB, _POD = CRON_JOB.kind, JOB.kind, POD.kind
_TERMINAL = ("Succeeded", "Failed")
_NIGHT_BEGINS, _NIGHT_ENDS = 20, 7

Requests = tuple[int, int]
"""Millicores and bytes."""


class Recorder:
    """What happens to `objects` from `start` on; what ended before it is left out.

    `keep`: remember every run, skip and level, not just their sums. `is_doubled` tells whether a slot of a CronJob is the
    second one at its time of the wall clock.
    """

    def __init__(
        self,
        objects: Objects,
        clock: Clock,
        start: datetime,
        *,
        keep: bool,
        is_down: Callable[[datetime], bool],
        is_doubled: Callable[[Owner, datetime], bool],
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._start = start
        self._keep = keep
        self._is_down = is_down
        self._is_doubled = is_doubled
        self._active: dict[str, Run] = {}
        self._begun: list[Run] = []
        self._begun_at = start
        self._ledgers: dict[Key, Ledger] = {}
        self._zones: dict[Owner, Any] = {}
        self._templates: dict[Owner, dict[str, Requests]] = {}
        self._counted: dict[str, Requests] = {}
        self.runs: list[Run] = []
        self.skips: list[Skip] = []
        self.tallies: dict[Owner, Tally] = {}
        self.overlaps: dict[frozenset[Owner], Overlap] = {}
        self.load = Load(keep, start)
        objects.on_change(self._pod_changed, [POD.kind])
        objects.on_change(self._job_changed, [JOB.kind])
        objects.on_change(self._cron_job_changed, [CRON_JOB.kind])
        objects.on_note(CRON_JOB.kind, self._noted)

    def run_of(self, job_uid: str) -> Run | None:
        """The run whose Job has that uid, as long as it goes on."""
        return self._active.get(job_uid)

    def tally(self, owner: Owner) -> Tally:
        """The sums over the runs of an owner."""
        found = self.tallies.get(owner)
        if found is None:
            found = self.tallies[owner] = Tally(owner)
        return found

    def finish(self, end: datetime) -> None:
        """The forecast ends."""
        for ledger in self._ledgers.values():
            ledger.finish(end)
        self._count_overlaps(end)
        for run in list(self._active.values()):
            self._tell_waiting(run)
            self._settle(run)
        self.load.finish(end)
        self.runs.sort(key=run_order)
        self.skips.sort(key=skip_order)

    # --- changes ---

    def _noted(self, key: Key, text: str) -> None:
        note = read_note(text)
        if note is not None:
            self._ledgers[key].passed_over(note, self._clock.now())

    def _cron_job_changed(self, change: Change) -> None:
        key, cron_job = change.key, change.object
        now = self._clock.now()
        if change.type == "ADDED":
            self._ledgers[key] = Ledger(cron_job, whole_second(now), self._is_down, self._skip)
        elif change.type == "DELETED":
            self._ledgers.pop(key).finish(now)
            return
        elif cron_job.spec is change.previous.spec:
            return
        else:
            self._ledgers[key].edited(cron_job, now)
        owner = Owner(_CRON_JOB, key.namespace, key.name)
        self.tally(owner)
        self._zones[owner] = _zone_of(self._ledgers[key])
        self._templates[owner] = {}

    def _skip(self, skip: Skip) -> None:
        if skip.scheduled_time < self._start:
            return
        self.tally(Owner(_CRON_JOB, skip.namespace, skip.cron_job)).skip(skip)
        if self._keep:
            self.skips.append(skip)

    # --- Jobs ---

    def _job_changed(self, change: Change) -> None:
        job = change.object
        if change.type == "ADDED":
            self._job_added(job)
            return
        run = self._active.get(job.metadata.uid)
        if run is None:
            return
        status = job.status
        if status is not None and status.startTime is not None and run.start_time is None:
            run.start_time = status.startTime
        finished = finished_condition(job)
        if finished is not None:
            run.outcome = COMPLETE if finished.type == "Complete" else FAILED
            run.end_time = (status.completionTime if status else None) or finished.lastTransitionTime
            if run.outcome == FAILED:
                run.reason, run.message = finished.reason or "", finished.message or ""
            self._settle(run)
        elif change.type == "DELETED" or job.metadata.deletionTimestamp is not None:
            run.outcome = REPLACED if self._policy(run) == "Replace" else DELETED
            run.end_time = whole_second(self._clock.now())
            self._settle(run)
        else:
            run.outcome = SUSPENDED if job.spec.suspend else RUNNING

    def _job_added(self, job: batch_v1.Job) -> None:
        assert job.metadata is not None
        metadata = job.metadata
        now = self._clock.now()
        namespace, name, uid = metadata.namespace or "default", metadata.name or "", metadata.uid or ""
        controller = controller_of(job)
        slot = None
        if controller is not None and controller.kind == _CRON_JOB:
            owner = Owner(_CRON_JOB, namespace, controller.name)
            stamp = (metadata.annotations or {}).get(SCHEDULED_TIMESTAMP)
            if stamp is not None:
                slot = datetime.fromisoformat(stamp)
                self._ledgers[Key(_CRON_JOB, namespace, controller.name)].started(slot, now)
        else:
            owner = Owner(_JOB, namespace, name)
        run = Run(owner, name, uid, slot, whole_second(now))
        run.is_doubled = slot is not None and self._is_doubled(owner, slot)
        self._begin(run, now)
        self.load.add_job(now, 1)

    def _begin(self, run: Run, now: datetime) -> None:
        """A run begins. What it overlaps is known only when time has gone on: what ends at this instant does not count."""
        self._count_overlaps(now)
        self._active[run.uid] = run
        self._begun.append(run)
        self._begun_at = now

    def _count_overlaps(self, now: datetime) -> None:
        """Look at the runs that have begun before `now`, with what went on then. To be called before a run ends."""
        if not self._begun or now == self._begun_at:
            return
        for run in self._begun:
            if run.created_time >= self._start:
                self._note_overlaps(run)
        self._begun.clear()

    def _note_overlaps(self, run: Run) -> None:
        local = run.created_time.astimezone(self._zones.get(run.owner))
        day = local.date()
        tally = self.tally(run.owner)
        tally.days.add(day)
        if run.uid not in self._active:
            return
        is_own = False
        for other in self._active.values():
            if other is run:  # those behind it have begun later
                break
            if other.owner == run.owner:
                is_own = True
                continue
            pair = frozenset((run.owner, other.owner))
            overlap = self.overlaps.get(pair)
            if overlap is None:
                overlap = self.overlaps[pair] = Overlap(run.owner, other.owner)
            overlap.times += 1
            overlap.days.add(day)
            overlap.is_nightly &= local.hour >= _NIGHT_BEGINS or local.hour < _NIGHT_ENDS
        tally.self_overlaps += is_own

    def _policy(self, run: Run) -> str | None:
        cron_job = self._objects.get(Key(run.owner.kind, run.owner.namespace, run.owner.name))
        policy: str | None = cron_job.spec.concurrencyPolicy if run.cron_job and cron_job is not None else None
        return policy

    def _settle(self, run: Run) -> None:
        """A run has ended, or the forecast has."""
        now = self._clock.now()
        self._count_overlaps(now)
        del self._active[run.uid]
        self.load.add_job(now, -1)
        if run.end_time is not None and run.end_time < self._start:
            return
        self.tally(run.owner).add(run)
        if self._keep:
            self.runs.append(run)

    def _tell_waiting(self, run: Run) -> None:
        """Why the pods of a run that goes on can't start, if one can't."""
        for pod in self._objects.controlled(_POD, run.uid):
            status = pod.status or core_v1.PodStatus()
            for container in (*(status.initContainerStatuses or ()), *(status.containerStatuses or ())):
                waiting = container.state.waiting if container.state else None
                if waiting is not None and waiting.message and not run.reason:
                    run.reason, run.message = waiting.reason or "", waiting.message

    # --- pods ---

    def _pod_changed(self, change: Change) -> None:
        pod = change.object
        uid = pod.metadata.uid
        if change.type == "ADDED":
            run = self._run_of_pod(pod)
            if run is not None:
                run.pods[uid] = run.pod_count
                run.pod_count += 1
        elif change.type == "DELETED":
            self._end_pod(uid)
            return
        elif pod.status is change.previous.status and pod.spec is change.previous.spec:
            return
        phase = pod.status.phase if pod.status else None
        if phase in _TERMINAL:
            if uid in self._counted:
                self._end_pod(uid)
                self._count_tries(pod, phase)
        elif pod.spec.nodeName and uid not in self._counted:
            cpu, memory = self._counted[uid] = self._requests(pod)
            self.load.add_pod(self._clock.now(), 1, cpu, memory)

    def _run_of_pod(self, pod: core_v1.Pod) -> Run | None:
        controller = controller_of(pod)
        return self._active.get(controller.uid) if controller is not None else None

    def _end_pod(self, uid: str) -> None:
        counted = self._counted.pop(uid, None)
        if counted is not None:
            self.load.add_pod(self._clock.now(), -1, -counted[0], -counted[1])

    def _count_tries(self, pod: core_v1.Pod, phase: str | None) -> None:
        run = self._run_of_pod(pod)
        if run is None:
            return
        run.failed_pods += phase == "Failed"
        for container in (pod.status.containerStatuses if pod.status else None) or ():
            run.restarts += container.restartCount or 0

    def _requests(self, pod: core_v1.Pod) -> Requests:
        run = self._run_of_pod(pod)
        cached = self._templates.get(run.owner) if run is not None else None
        if cached is not None and "" in cached:
            return cached[""]
        amounts = pod_requests(pod)
        cpu, memory = amounts.get("cpu"), amounts.get("memory")
        requests = (cpu.milli() if cpu else 0, memory.value() if memory else 0)
        if cached is not None:
            cached[""] = requests
        return requests

    def history(self) -> dict[Owner, list[batch_v1.Job]]:
        """The Jobs that are kept of each CronJob, oldest first."""
        kept: dict[Owner, list[batch_v1.Job]] = {}
        for job in sorted(self._objects.list(_JOB), key=lambda job: job.metadata.creationTimestamp):
            controller = controller_of(job)
            if controller is not None and controller.kind == _CRON_JOB:
                owner = Owner(_CRON_JOB, key_of(job).namespace, controller.name)
                kept.setdefault(owner, []).append(job)
        return kept


def _zone_of(ledger: Ledger) -> Any:
    return zone_named(ledger.schedule.zone).info if ledger.schedule else zone_named("UTC").info
