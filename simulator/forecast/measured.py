"""What real runs took, read from a state directory without touching it.

Of each CronJob, and of each Job of no CronJob, the pods that succeeded and are still stored count: from the start of the
first main container to the end of the last. The middle one of these lengths is the measure.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from statistics import median

import msgspec

from simulator.errors import StateError
from simulator.forecast.assumptions import Measured, Owner
from simulator.model.kinds import CRON_JOB, JOB, POD
from simulator.model.kubernetes import batch_v1, core_v1
from simulator.model.metadata import controller_of
from simulator.store.database import Database


def measured_runs(path: Path) -> dict[Owner, Measured]:
    """By owner, what the database of a state directory knows; nothing where there is none, or it can't be read."""
    if not path.exists():
        return {}
    try:
        database = Database(path, read_only=True)
    except StateError:
        return {}
    try:
        stored = [(kind, data) for kind, data in database.objects() if kind in (JOB.kind, POD.kind)]
    except StateError:
        return {}
    finally:
        database.close()
    jobs = [msgspec.json.decode(data, type=batch_v1.Job) for kind, data in stored if kind == JOB.kind]
    pods = [msgspec.json.decode(data, type=core_v1.Pod) for kind, data in stored if kind == POD.kind]
    return measures(jobs, pods)


def measures(jobs: list[batch_v1.Job], pods: list[core_v1.Pod]) -> dict[Owner, Measured]:
    """What these Jobs' pods tell."""
    owners = {job.metadata.uid: _owner(job) for job in jobs if job.metadata is not None}
    lengths: dict[Owner, list[float]] = {}
    for pod in pods:
        controller = controller_of(pod)
        seconds = _seconds(pod)
        if controller is not None and seconds is not None and controller.uid in owners:
            lengths.setdefault(owners[controller.uid], []).append(seconds)
    return {owner: Measured(median(found), len(found)) for owner, found in lengths.items()}


def _owner(job: batch_v1.Job) -> Owner:
    assert job.metadata is not None
    controller = controller_of(job)
    namespace = job.metadata.namespace or "default"
    if controller is not None and controller.kind == CRON_JOB.kind:
        return Owner(CRON_JOB.kind, namespace, controller.name)
    return Owner(JOB.kind, namespace, job.metadata.name or "")


def _seconds(pod: core_v1.Pod) -> float | None:
    if pod.status is None or pod.status.phase != "Succeeded":
        return None
    starts: list[datetime] = []
    ends: list[datetime] = []
    for container in pod.status.containerStatuses or ():
        ended = container.state.terminated if container.state else None
        if ended is None or ended.startedAt is None or ended.finishedAt is None:
            return None
        starts.append(ended.startedAt)
        ends.append(ended.finishedAt)
    return max(0.0, (max(ends) - min(starts)).total_seconds()) if starts else None
