"""Random Jobs and CronJobs, random lives of their containers, random users, and crashes between any two store writes.

Each seed is a story of its own, told again by `pytest "tests/simulation/test_control_plane.py::test_a_story[SEED]"`.
`KJSIM_STORIES=5000` tells more of them; `KJSIM_STORIES=5000-9000` others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from simulator.model.conditions import finished_condition
from simulator.model.kinds import CRON_JOB, EVENT
from simulator.model.metadata import controller_of, key_of
from tests.simulation.invariants import Invariants, is_active, is_terminal
from tests.simulation.manifests import cron_job, job
from tests.simulation.world import World

_LONGEST_END = timedelta(hours=12)


def _seeds() -> range:
    first, _, last = os.environ.get("KJSIM_STORIES", "200").rpartition("-")
    return range(int(first or 0), int(last))


class Story:
    """Somebody uses a control plane that now and then dies."""

    def __init__(self, seed: int) -> None:
        self.invariants = Invariants()
        self.world = World(seed, watch=self.invariants.watch)
        self.rng = self.world.rng
        self.has_crashes = self.rng.random() < 0.8
        self.has_meddling = self.rng.random() < 0.7
        self._number = 0

    def tell(self) -> None:
        for _ in range(self.rng.randint(1, 4)):
            self.create_job()
        if self.rng.random() < 0.3:
            self.world.create(cron_job(self.rng, "cron"))
        for _ in range(self.rng.randint(5, 40)):
            if self.has_crashes and self.rng.random() < 0.5:
                self.world.fuse.light(self.rng.randrange(12))
            if self.has_meddling and self.rng.random() < 0.5:
                self.rng.choice(self.deeds())()
            self.live_on()
        self.world.fuse.put_out()
        self.come_to_the_end()

    def live_on(self) -> None:
        world = self.world
        if self.rng.random() < 0.6:
            following = world.step()
            if following is not None:
                world.clock.set(max(world.now, following))
        else:
            world.let_pass(self.rng.choice([0, 0.4, 5, 30, 200]))
        if self.rng.random() < 0.6:
            world.settle()
            self.invariants.check_at_rest(world)

    def come_to_the_end(self) -> None:
        """Everything that can end does: nothing is suspended, nothing recurs, nobody meddles, nothing crashes."""
        world = self.world
        world.settle()
        for cron in world.objects.list(CRON_JOB.kind):
            world.change_spec(cron, suspend=True)
        for unfinished in world.jobs():
            if not finished_condition(unfinished):
                changes: dict[str, Any] = {"suspend": False}
                if not unfinished.spec.parallelism:
                    changes["parallelism"] = unfinished.spec.completions or 1
                world.change_spec(unfinished, **changes)
        end = world.now + _LONGEST_END
        while world.now < end:
            world.settle()
            self.invariants.check_at_rest(world)
            if all(finished_condition(job) for job in world.jobs()) and all(is_terminal(pod) for pod in world.pods()):
                break
            following = world.plane.next_time()
            if following is None:
                break
            world.clock.set(max(following, world.now))
        world.let_pass(300)
        self.invariants.check_at_rest(world)
        self.invariants.check_at_end(world)
        self.check_restart_at_rest()

    def check_restart_at_rest(self) -> None:
        """Where there is nothing to do, another process finds nothing to do."""
        version = self.world.objects.resource_version
        self.world.restart(0)
        self.world.settle()
        changes = self.world.objects.changes_since(version)
        assert not [(change.type, str(change.key)) for change in changes if change.key.kind != EVENT.kind]

    # --- what people do ---------------------------------------------------------------------------------------------

    def create_job(self) -> None:
        self._number += 1
        self.world.create(job(self.rng, f"job-{self._number}"))

    def deeds(self) -> list[Callable[[], None]]:
        return [
            self.create_job,
            self.delete_pod,
            self.delete_pod,
            self.evict_pod,
            self.relabel_pod,
            self.suspend_or_resume,
            self.suspend_or_resume,
            self.change_parallelism,
            self.change_limits,
            self.delete_job,
            self.restart,
        ]

    def _any_pod(self) -> Any:
        pods = [pod for pod in self.world.pods() if is_active(pod) or self.rng.random() < 0.2]
        if not pods:
            return None
        pod = self.rng.choice(pods)
        owner = controller_of(pod)
        if owner is not None:
            self.invariants.disturbed.add(owner.uid)
        return pod

    def _any_job(self) -> Any:
        jobs = self.world.jobs()
        if not jobs:
            return None
        job = self.rng.choice(jobs)
        self.invariants.disturbed.add(job.metadata.uid)
        return job

    def delete_pod(self) -> None:
        if pod := self._any_pod():
            self.world.delete(key_of(pod), grace_seconds=self.rng.choice([None, 0, 1]))

    def evict_pod(self) -> None:
        if pod := self._any_pod():
            self.world.disrupt(pod)

    def relabel_pod(self) -> None:
        if pod := self._any_pod():
            self.world.relabel(pod, **{"app": "nobody's", "batch.kubernetes.io/controller-uid": "nobody's"})

    def suspend_or_resume(self) -> None:
        if job := self._any_job():
            self.world.change_spec(job, suspend=not job.spec.suspend)

    def change_parallelism(self) -> None:
        if job := self._any_job():
            parallelism = self.rng.choice([0, 1, 2, 4, 7])
            is_elastic = job.spec.completionMode == "Indexed" and job.spec.completions == job.spec.parallelism
            if is_elastic and self.rng.random() < 0.8:
                self.world.change_spec(job, parallelism=max(1, parallelism), completions=max(1, parallelism))
            else:
                self.world.change_spec(job, parallelism=parallelism)

    def change_limits(self) -> None:
        if job := self._any_job():
            name, values = self.rng.choice(
                [
                    ("backoffLimit", [0, 1, 5]),
                    ("activeDeadlineSeconds", [None, 10, 60]),
                    ("ttlSecondsAfterFinished", [None, 3]),
                ]
            )
            self.world.change_spec(job, **{name: self.rng.choice(values)})

    def delete_job(self) -> None:
        if job := self._any_job():
            self.world.delete(key_of(job), propagation=self.rng.choice([None, "Background", "Foreground", "Orphan"]))

    def restart(self) -> None:
        self.world.restart()


@pytest.mark.parametrize("seed", _seeds())
def test_a_story(seed: int) -> None:
    story = Story(seed)
    try:
        story.tell()
    finally:
        story.world.close()
