"""One reconcile of an Indexed Job with a failure policy: a third of its pods run, a third newly ended, a third counted."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from msgspec.structs import replace

from simulator.controllers.job import TRACKING_FINALIZER, reconcile_job
from simulator.controllers.job.new_pod import PodMaker
from simulator.model.kubernetes import batch_v1, core_v1
from tests.unit.controllers.job.small_api import NOON, job_of

SIZES = (10, 1_000, 10_000)
RUNS = 9


def rows() -> Iterator[str]:
    """A row for each size: milliseconds, and microseconds for each pod."""
    yield f"{'pods':>8} {'median':>10} {'min':>10} {'per pod':>10}  target"
    for size in SIZES:
        job, pods = world(size)
        seconds = []
        for _ in range(RUNS):
            begin = time.process_time()
            reconcile_job(job, pods, NOON)
            seconds.append(time.process_time() - begin)
        median = statistics.median(seconds)
        target = "under 100 ms" if size == SIZES[-1] else ""
        yield f"{size:8} {median * 1e3:8.2f}ms {min(seconds) * 1e3:8.2f}ms {median / size * 1e6:8.2f}us  {target}"


def world(size: int) -> tuple[batch_v1.Job, list[core_v1.Pod]]:
    """A Job and its pods."""
    rules = [
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
    ]
    job = job_of(
        completionMode="Indexed",
        completions=size,
        parallelism=size,
        backoffLimit=2147483647,
        podReplacementPolicy="Failed",
        podFailurePolicy={"rules": rules},
    )
    counted = f"{size * 2 // 3}-{size - 1}"
    status = batch_v1.JobStatus(
        active=size * 2 // 3,
        completedIndexes=counted,
        succeeded=size - size * 2 // 3,
        startTime=NOON,
        uncountedTerminatedPods=batch_v1.UncountedTerminatedPods(),
    )
    job = replace(job, status=status)
    maker = PodMaker(job)
    return job, [pod_of(maker, index, size) for index in range(size)]


def pod_of(maker: PodMaker, index: int, size: int) -> core_v1.Pod:
    """The pod of an index, by the third that it is in."""
    pod = maker.pod_of_index(index, None)
    metadata = replace(pod.metadata, name=f"pod-{index}", uid=f"uid-{index}", creationTimestamp=NOON)
    third = index * 3 // size
    if third == 0:
        return replace(pod, metadata=metadata, status=core_v1.PodStatus(phase="Running"))
    exit_code = 0 if third == 2 or index % 5 else 1
    terminated = core_v1.ContainerStateTerminated(exitCode=exit_code, finishedAt=NOON)
    container = core_v1.ContainerStatus(
        image="",
        imageID="",
        name="main",
        ready=False,
        restartCount=0,
        state=core_v1.ContainerState(terminated=terminated),
    )
    status = core_v1.PodStatus(phase="Failed" if exit_code else "Succeeded", containerStatuses=[container])
    if third == 2:
        metadata = replace(metadata, finalizers=[name for name in metadata.finalizers or () if name != TRACKING_FINALIZER])
    return replace(pod, metadata=metadata, status=status)
