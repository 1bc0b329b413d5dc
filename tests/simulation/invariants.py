"""What must hold whatever happens: at every write, and whenever the control plane has come to rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from simulator.controllers.job import TRACKING_FINALIZER
from simulator.model.conditions import finished_condition, true_condition
from simulator.model.indexes import parse_indexes
from simulator.model.kinds import CRON_JOB, JOB, POD
from simulator.model.metadata import Key, controller_of
from simulator.store.objects import Change
from tests.simulation.world import World

INDEX = "batch.kubernetes.io/job-completion-index"
SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"
ENDINGS = ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")
TERMINAL = ("Succeeded", "Failed")


def is_terminal(pod: Any) -> bool:
    return pod.status is not None and pod.status.phase in TERMINAL


def is_active(pod: Any) -> bool:
    return not is_terminal(pod) and pod.metadata.deletionTimestamp is None


def is_terminating(pod: Any) -> bool:
    return not is_terminal(pod) and pod.metadata.deletionTimestamp is not None


def condition_types(job: Any) -> set[str]:
    return {type_ for type_ in ENDINGS if true_condition(job, type_)}


def indexes(text: str | None, completions: int) -> list[int]:
    return [index for first, last in parse_indexes(text, completions) for index in range(first, last + 1)]


def pods_of(world: World, job: Any) -> list[Any]:
    return [pod for pod in world.pods() if (owner := controller_of(pod)) and owner.uid == job.metadata.uid]


class Invariants:
    """Watches a world. Sets grow only: what a crash takes back happens again, with the same pods and containers."""

    def __init__(self) -> None:
        self.succeeded: dict[str, set[str]] = defaultdict(set)
        """By Job uid, the uids of its pods that have been seen Succeeded."""
        self.undeleted: dict[str, set[str]] = defaultdict(set)
        """Those of them that nobody had deleted before: each of them counts."""
        self.ended: dict[str, set[str]] = defaultdict(set)
        """By Job uid, the uids of its pods that have been seen Failed, or being deleted and not Succeeded."""
        self.indexes: dict[str, set[int]] = defaultdict(set)
        """By Job uid, the indexes of its pods that have been seen Succeeded."""
        self.disturbed: set[str] = set()
        """Jobs, by uid, whose pods somebody else than the controller has meddled with."""

    def watch(self, world: World) -> None:
        """Look at every write of the process that begins."""
        world.objects.on_change(lambda change: self._look(world, change))

    def _look(self, world: World, change: Change) -> None:
        if change.key.kind == POD.kind:
            self._look_at_pod(world, change)
        elif change.key.kind == JOB.kind and change.type == "MODIFIED":
            self._look_at_job(change)

    def _look_at_pod(self, world: World, change: Change) -> None:
        pod = change.object
        owner = controller_of(pod)
        if owner is None:
            return
        job = world.objects.get(Key(JOB.kind, change.key.namespace, owner.name))
        if change.type == "ADDED":
            assert job is not None, f"{change.key} created for a Job that is gone"
            assert not condition_types(job), f"{change.key} created although {owner.name} has {condition_types(job)}"
            assert not job.spec.suspend, f"{change.key} created although {owner.name} is suspended"
            assert job.metadata.deletionTimestamp is None, f"{change.key} created although {owner.name} is being deleted"
            assert TRACKING_FINALIZER in pod.metadata.finalizers
            siblings = pods_of(world, job)
            holding = [sibling for sibling in siblings if is_active(sibling)]
            if job.spec.podReplacementPolicy == "Failed":
                holding += [sibling for sibling in siblings if is_terminating(sibling)]
            assert len(holding) <= job.spec.parallelism, f"{owner.name} has {len(holding)} pods, one too many"
            self._look_at_new_index(job, pod, siblings)
        if pod.status is not None and pod.status.phase == "Succeeded":
            self.succeeded[owner.uid].add(pod.metadata.uid)
            if pod.metadata.deletionTimestamp is None:
                self.undeleted[owner.uid].add(pod.metadata.uid)
            text = (pod.metadata.annotations or {}).get(INDEX)
            if text is not None:
                self.indexes[owner.uid].add(int(text))
        elif is_terminal(pod) or pod.metadata.deletionTimestamp is not None:
            self.ended[owner.uid].add(pod.metadata.uid)

    def _look_at_new_index(self, job: Any, pod: Any, siblings: list[Any]) -> None:
        """A new pod has an index that is neither done nor failed nor taken."""
        if job.spec.completionMode != "Indexed":
            return
        index = int(pod.metadata.annotations[INDEX])
        status = job.status
        assert 0 <= index < job.spec.completions
        done = indexes(status.completedIndexes, job.spec.completions) if status else []
        lost = indexes(status.failedIndexes, job.spec.completions) if status else []
        assert index not in done, f"index {index} of {job.metadata.name} is complete and starts again"
        assert index not in lost, f"index {index} of {job.metadata.name} has failed and starts again"
        for other in siblings:
            if other.metadata.uid != pod.metadata.uid and other.metadata.annotations.get(INDEX) == str(index):
                assert not is_active(other), f"index {index} of {job.metadata.name} is active twice"

    def _look_at_job(self, change: Change) -> None:
        """What the API server would refuse, and what the pods can't have brought about."""
        job, before = change.object, change.previous
        status, old = job.status, before.status
        if status is None or status == old:
            return
        name = job.metadata.name
        types, old_types = condition_types(job), condition_types(before)
        assert old_types <= types, f"{name} has lost {old_types - types}"
        assert not {"Complete", "Failed"} <= types, f"{name} is Complete and Failed"
        assert not ("SuccessCriteriaMet" in types and types & {"Failed", "FailureTarget"})
        failed, old_failed = status.failed or 0, (old.failed if old else 0) or 0
        succeeded, old_succeeded = status.succeeded or 0, (old.succeeded if old else 0) or 0
        assert failed >= old_failed, f"{name} failed {old_failed} -> {failed}"
        is_elastic = job.spec.completionMode == "Indexed" and job.spec.completions == job.spec.parallelism
        assert succeeded >= old_succeeded or is_elastic, f"{name} succeeded {old_succeeded} -> {succeeded}"
        if types and not old_types:
            self._check_verdict(job)
        assert (status.ready or 0) <= (status.active or 0), f"{name} has more ready pods than active ones"
        uncounted = status.uncountedTerminatedPods
        waiting = (list(uncounted.succeeded or ()), list(uncounted.failed or ())) if uncounted else ([], [])
        assert len({*waiting[0], *waiting[1]}) == len(waiting[0]) + len(waiting[1]), f"{name} counts a pod twice: {waiting}"
        self._compare_with_pods(job, waiting)
        if types & {"Complete", "Failed"} and not old_types & {"Complete", "Failed"}:
            assert not status.active, f"{name} is finished with {status.active} active pods"
            assert not status.terminating, f"{name} is finished with {status.terminating} terminating pods"
            assert waiting == ([], []), f"{name} is finished with uncounted pods"
            assert (status.completionTime is not None) == ("Complete" in types)
            assert "SuccessCriteriaMet" in types if "Complete" in types else "FailureTarget" in types

    def _compare_with_pods(self, job: Any, waiting: tuple[list[str], list[str]]) -> None:
        name, uid, status = job.metadata.name, job.metadata.uid, job.status
        failed = (status.failed or 0) + len(waiting[1])
        assert failed <= len(self.ended[uid] | self.succeeded[uid]), f"{name}: {failed} failed, seen {len(self.ended[uid])}"
        if job.spec.completionMode == "Indexed":
            done = indexes(status.completedIndexes, 10**9)
            assert len(set(done)) == len(done) == (status.succeeded or 0), f"{name}: {status.completedIndexes}"
            lost = indexes(status.failedIndexes, 10**9)
            assert len(set(lost)) == len(lost)
            assert not set(done) & set(lost), f"{name}: index both completed and failed"
            assert set(done) <= self.indexes[uid], f"{name}: completed {done}, seen {self.indexes[uid]}"
        else:
            succeeded = (status.succeeded or 0) + len(waiting[0])
            assert succeeded <= len(self.succeeded[uid]), f"{name}: {succeeded} succeeded, seen {len(self.succeeded[uid])}"

    # --- at rest ----------------------------------------------------------------------------------------------------

    def check_at_rest(self, world: World) -> None:
        """What holds once all that there was to do at an instant has been done."""
        for job in world.jobs():
            self._check_job(job, pods_of(world, job))
        for cron_job in world.objects.list(CRON_JOB.kind):
            self._check_cron_job(world, cron_job)
        self._check_containers(world)

    def _check_job(self, job: Any, pods: list[Any]) -> None:
        name = job.metadata.name
        active = [pod for pod in pods if is_active(pod)]
        if job.metadata.deletionTimestamp is None:
            # A work queue that has a success keeps what is active, also where parallelism is lowered (job.md 8).
            is_running_out = job.spec.completions is None and job.status is not None and job.status.succeeded
            limit = job.spec.parallelism
            assert is_running_out or len(active) <= limit, f"{name}: {len(active)} active, parallelism {limit}"
            assert not (job.spec.suspend and active), f"{name} is suspended and has active pods"
        if condition_types(job):
            assert not active, f"{name} has {condition_types(job)} and active pods"
        if finished_condition(job):
            tracked = [pod.metadata.name for pod in pods if TRACKING_FINALIZER in (pod.metadata.finalizers or ())]
            assert not tracked, f"{name} is finished and still tracks {tracked}"
        elif job.spec.managedBy in (None, "kubernetes.io/job-controller") and job.status is not None:
            assert (job.status.active or 0) == len(active), f"{name}: active {job.status.active}, there are {len(active)}"

    def _check_cron_job(self, world: World, cron_job: Any) -> None:
        jobs = [job for job in world.jobs() if (o := controller_of(job)) and o.uid == cron_job.metadata.uid]
        unfinished = [j for j in jobs if not finished_condition(j) and j.metadata.deletionTimestamp is None]
        slots = Counter((job.metadata.annotations or {}).get(SCHEDULED_AT) for job in jobs)
        assert all(count == 1 for count in slots.values()), f"two Jobs of one slot: {slots}"
        name, policy = cron_job.metadata.name, cron_job.spec.concurrencyPolicy
        if policy in ("Forbid", "Replace"):
            assert len(unfinished) <= 1, f"{name} ({policy}): {[job.metadata.name for job in unfinished]} at once"
        limits = {
            "Complete": cron_job.spec.successfulJobsHistoryLimit,
            "Failed": cron_job.spec.failedJobsHistoryLimit,
        }
        for type_, limit in limits.items():
            kept = [job for job in jobs if (c := finished_condition(job)) and c.type == type_]
            kept = [job for job in kept if job.metadata.deletionTimestamp is None]
            assert len(kept) <= limit, f"{name} keeps {len(kept)} {type_} Jobs, the limit is {limit}"

    def _check_containers(self, world: World) -> None:
        twice = [key for key, count in world.starts.items() if count > 1]
        assert not twice, f"started twice: {twice}"
        never = {pod.metadata.uid for pod in world.pods() if pod.spec.restartPolicy == "Never"}
        again = [key for key in world.starts if key.pod_uid in never and key.attempt and key.name != "sidecar"]
        assert not again, f"restarted although the policy is Never: {again}"

    # --- at the end -------------------------------------------------------------------------------------------------

    def check_at_end(self, world: World) -> None:
        """Nothing is forgotten: every Job has come to a right end, every pod and container that was to go has gone."""
        for job in world.jobs():
            self._check_end_of_job(world, job)
        pods = world.pods()
        stuck = [pod.metadata.name for pod in pods if is_terminating(pod)]
        assert not stuck, f"pods that never go: {stuck}"
        left = set(world.executor._pods) - {pod.metadata.uid for pod in pods}
        assert not left, f"containers of pods that are gone: {left}"

    def _check_end_of_job(self, world: World, job: Any) -> None:
        name, status, pods = job.metadata.name, job.status, pods_of(world, job)
        if job.spec.managedBy not in (None, "kubernetes.io/job-controller"):
            assert not pods, f"{name} is another controller's and has pods"
            assert status is None or status.active is None
            return
        end = finished_condition(job)
        assert end is not None, f"{name} never ends: {status}, pods {[(p.metadata.name, p.status.phase) for p in pods]}"
        if job.metadata.uid not in self.disturbed and job.spec.completionMode != "Indexed":
            seen = self.undeleted[job.metadata.uid]
            assert (status.succeeded or 0) >= len(seen), f"{name}: {status.succeeded} succeeded, seen {len(seen)}"

    @staticmethod
    def _check_verdict(job: Any) -> None:
        """What the first condition of a verdict says is true at that moment."""
        spec, status, name = job.spec, job.status, job.metadata.name
        verdict = next(condition for condition in status.conditions if condition.type in ENDINGS)
        uncounted = status.uncountedTerminatedPods
        waiting = len((uncounted.succeeded if uncounted else None) or ())
        lost = len(indexes(status.failedIndexes, spec.completions or 0))
        match verdict.reason:
            case "CompletionsReached":
                wanted = 1 if spec.completions is None else spec.completions
                assert (status.succeeded or 0) + waiting >= wanted, f"{name} is Complete: {status}"
            case "SuccessPolicy":
                assert status.succeeded, f"{name} has its success policy met without a success"
                assert spec.successPolicy is not None
            case "BackoffLimitExceeded":
                assert spec.backoffLimit < 10
            case "DeadlineExceeded":
                age = verdict.lastTransitionTime - status.startTime
                assert age >= timedelta(seconds=spec.activeDeadlineSeconds - 1), f"{name} fails after {age}"
            case "MaxFailedIndexesExceeded":
                assert lost > spec.maxFailedIndexes, f"{name}: {status}"
            case "FailedIndexes":
                done = len(indexes(status.completedIndexes, spec.completions))
                assert lost, f"{name}: {status}"
                assert lost + done >= spec.completions, f"{name} ended before all its indexes: {status}"
            case "PodFailurePolicy":
                assert spec.podFailurePolicy is not None
            case other:
                raise AssertionError(f"{name}: unknown reason {other}")
