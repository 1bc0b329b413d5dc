"""One run: follows its Jobs to their end, shows them, and ends them on Ctrl-C or timeout."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from simulator.cli.client import Client
from simulator.cli.run.ending import delete_at_once, how_to_go_on, last_words, suspend, verdict
from simulator.cli.run.following import Changed, Following, Happening, LogLine, Lost
from simulator.cli.run.progress import Progress, finished, has_ended, owner_uid
from simulator.clock import Clock
from simulator.errors import Interrupted, NotFound, RunTimeout, ServiceUnavailable
from simulator.model.kinds import CRON_JOB, JOB, POD, Kind

Tree = dict[str, Any]

_LOOK_SECONDS = 0.25
"""How often the view is redrawn and the clock looked at when nothing happens."""

_QUIET_SECONDS = 0.03
"""Nothing has happened for so long: the engine is starting a container."""

_ENGINE_LOOK_SECONDS = 1.0
_LOG_PATIENCE_SECONDS = 5.0
_GRACE_PATIENCE_SECONDS = 5.0


class View(Protocol):
    """What shows a run."""

    def say(self, text: str) -> None:
        """A line about the run itself."""
        ...

    def log(self, pod: str, container: str, text: str, *, is_only: bool) -> None:
        """A line that a container has printed."""
        ...

    def update(self, progress: Progress, now: Any) -> None:
        """Show the Jobs and pods as they are now."""
        ...


class Goal(Struct):
    """What is run: Jobs by uid, CronJobs by uid; `runs`: how many finished Jobs of the CronJobs end it (None: none does)."""

    namespace: str
    jobs: dict[str, Tree] = msgspec.field(default_factory=dict)
    cron_jobs: dict[str, Tree] = msgspec.field(default_factory=dict)
    runs: int | None = None
    fired: set[str] = msgspec.field(default_factory=set)
    """The Jobs among `jobs` that were fired by hand and count as runs of the CronJobs."""
    command: str = "kjsim"
    """How the same place is reached by another command."""
    files: dict[tuple[Kind, str], str] = msgspec.field(default_factory=dict)
    """Where each Job or CronJob comes from, by kind and name; told before it is created."""


class Runner:
    """Shows a goal until it is reached.

    `clock`: the one that the objects live on. `check` raises what made a control plane of this process fail; `kill` has such
    a one kill pods, by uid, without the grace that a deletion leaves them.
    """

    def __init__(
        self,
        client: Client,
        goal: Goal,
        view: View,
        clock: Clock,
        *,
        deadline: float | None,
        check: Callable[[], None],
        kill: Callable[[Iterable[str]], None],
    ) -> None:
        self._client = client
        self._goal = goal
        self._view = view
        self._deadline = deadline
        self._check = check
        self._kill = kill
        self._clock = clock
        self._progress = Progress()
        self._following = Following(client, goal.namespace)
        self._is_engine_reachable = True
        self._next_look_at_engine = time.monotonic() + _ENGINE_LOOK_SECONDS
        self.results: dict[str, Tree] = {}
        """The Jobs that have ended, by uid."""

    def run(self, begin: Callable[[], None], at_leisure: Callable[[], None] | None = None) -> int:
        """Follow the goal to its end; the exit code. Raises `Interrupted` or `RunTimeout` after it has suspended all.

        `begin` creates the objects of the goal; what it has created when it is interrupted is suspended too. `at_leisure`
        is called soon afterwards, when the engine is at work and this process is not, at the latest after 0.25 s.
        """
        try:
            begin()
            self._following.start()
            if at_leisure is not None:
                self._follow_until_leisure()
                at_leisure()
            self._follow_until(self._is_reached)
            self._drain()
            if self._goal.cron_jobs:
                self._view.say("that was the last run: suspending")
                self._suspend_all()
        except KeyboardInterrupt:
            self._view.say("suspending (Ctrl-C again kills at once)")
            self._suspend_all()
            raise Interrupted(self._advice()) from None
        except RunTimeout:
            self._view.say("the timeout has passed: suspending (Ctrl-C kills at once)")
            self._suspend_all()
            raise RunTimeout(f"the timeout has passed\n{self._advice()}") from None
        finally:
            self._following.close()
        return self._tell_results()

    # --- following ---

    def _follow_until(self, is_done: Callable[[], bool]) -> None:
        while not is_done():
            if self._deadline is not None and time.monotonic() > self._deadline:
                raise RunTimeout("the timeout has passed")
            self._take(self._following.next(_LOOK_SECONDS))

    def _follow_until_leisure(self) -> None:
        end = time.monotonic() + _LOOK_SECONDS
        while time.monotonic() < end and (happening := self._following.next(_QUIET_SECONDS)):
            self._take(happening)

    def _take(self, happening: Happening | None) -> None:
        match happening:
            case Changed(kind=kind, object=obj, gone=gone):
                if kind is JOB:
                    self._take_job(obj, gone)
                elif kind is POD:
                    self._take_pod(obj, gone)
            case LogLine(pod=pod, container=container, text=text):
                self._view.log(pod, container, text, is_only=self._has_one_container(pod))
                return
            case Lost(error=error):
                self._check()
                raise ServiceUnavailable(f"the control plane has ended: {error}")
            case None:
                self._check()
                self._look_at_engine()
        self._view.update(self._progress, self._clock.now())

    def _look_at_engine(self) -> None:
        """Say when the engine goes away and when it is back; the run waits for it."""
        if time.monotonic() < self._next_look_at_engine:
            return
        self._next_look_at_engine = time.monotonic() + _ENGINE_LOOK_SECONDS
        engine = self._client.status()["engine"]
        if engine["reachable"] == self._is_engine_reachable:
            return
        self._is_engine_reachable = engine["reachable"]
        if self._is_engine_reachable:
            self._view.say("the Docker Engine is back: going on")
        else:
            self._view.say(f"the Docker Engine does not answer ({engine['error']}): waiting for it")

    def _take_job(self, job: Tree, gone: bool) -> None:
        uid = job["metadata"]["uid"]
        if uid not in self._goal.jobs and owner_uid(job) not in self._goal.cron_jobs:
            return
        if gone:
            self._progress.jobs.pop(uid, None)
            if uid in self._goal.jobs and uid not in self.results:
                self._view.say(f"job/{job['metadata']['name']} has been deleted")
                self.results[uid] = job
            return
        is_new = uid not in self._progress.jobs
        self._progress.jobs[uid] = job
        if is_new and uid not in self._goal.jobs and not finished(job):
            self._view.say(f"job.batch/{job['metadata']['name']} created by its CronJob")
        end = finished(job)
        if end is not None and uid not in self.results and (uid in self._goal.jobs or not is_new):
            self.results[uid] = job
            if uid not in self._goal.jobs:
                self._view.say(verdict(job, end))

    def _take_pod(self, pod: Tree, gone: bool) -> None:
        uid = pod["metadata"]["uid"]
        if owner_uid(pod) not in self._progress.jobs:
            return
        for container, attempt, previous in self._progress.logs_to_open(pod):
            self._following.follow_log(pod["metadata"]["name"], container, attempt, previous=previous)
        if gone:
            self._progress.pods.pop(uid, None)
        else:
            self._progress.pods[uid] = pod

    def _has_one_container(self, name: str) -> bool:
        pod = next((pod for pod in self._progress.pods.values() if pod["metadata"]["name"] == name), None)
        if pod is None:
            return True
        return len(pod["spec"].get("containers") or ()) + len(pod["spec"].get("initContainers") or ()) == 1

    def _is_reached(self) -> bool:
        goal = self._goal
        if goal.cron_jobs:
            made = sum(1 for uid, job in self.results.items() if uid in goal.fired or owner_uid(job) in goal.cron_jobs)
            if goal.runs is None or made < goal.runs:
                return False
        return all(uid in self.results for uid in goal.jobs)

    def _drain(self) -> None:
        """Show what the pods of ended Jobs printed and how they ended, also when a Job's end was told first."""
        end = time.monotonic() + _LOG_PATIENCE_SECONDS
        while time.monotonic() < end and any(
            self._is_open(pod) for uid in self.results for pod in self._progress.pods_of(uid)
        ):
            self._take(self._following.next(0.05))

    def _is_open(self, pod: Tree) -> bool:
        return not has_ended(pod) or self._following.has_open_logs(pod["metadata"]["name"])

    # --- ending ---

    def _suspend_all(self) -> None:
        """Suspend everything and wait for the pods' end; Ctrl-C meanwhile kills at once."""
        try:
            self._find_unanswered()
            for cron_job in self._goal.cron_jobs.values():
                suspend(self._client, CRON_JOB, cron_job["metadata"]["name"], self._goal.namespace)
            # What the watch has not told yet counts too.
            self._look(JOB)
            self._look(POD)
            for job in self._unfinished_jobs().values():
                suspend(self._client, JOB, job["metadata"]["name"], self._goal.namespace)
            end = time.monotonic() + self._longest_grace() + _GRACE_PATIENCE_SECONDS
            self._deadline = None
            self._follow_until(lambda: time.monotonic() > end or self._is_quiet())
        except KeyboardInterrupt:
            running = self._running_pods()
            delete_at_once(self._client, self._goal.namespace, running)
            self._kill([pod["metadata"]["uid"] for pod in running])

    def _find_unanswered(self) -> None:
        """Take what was created while the interrupt came in before the answer."""
        for kind, name in self._goal.files:
            objects = self._goal.jobs if kind is JOB else self._goal.cron_jobs
            if name and all(obj["metadata"]["name"] != name for obj in objects.values()):
                with contextlib.suppress(NotFound):
                    obj = self._client.get(kind, name, self._goal.namespace)
                    objects[obj["metadata"]["uid"]] = obj

    def _look(self, kind: Kind) -> None:
        for item in self._client.list(kind, self._goal.namespace)["items"]:
            self._take(Changed(kind, {"kind": kind.kind, **item}))

    def _is_quiet(self) -> bool:
        """Whether all pods have ended and all that they printed is shown."""
        return not self._running_pods() and not self._following.has_open_logs()

    def _unfinished_jobs(self) -> dict[str, Tree]:
        return {uid: job for uid, job in self._progress.jobs.items() if not finished(job)}

    def _running_pods(self) -> list[Tree]:
        return [pod for pod in self._progress.pods.values() if not has_ended(pod)]

    def _longest_grace(self) -> float:
        graces = (pod["spec"].get("terminationGracePeriodSeconds", 30) for pod in self._running_pods())
        return float(max(graces, default=0))

    def _has_logs(self, uid: str) -> bool:
        """Whether pods of a Job that have ended stay; those that were stopped go, with their logs."""
        pods = self._progress.pods_of(uid)
        return any(has_ended(pod) and not pod["metadata"].get("deletionTimestamp") for pod in pods)

    def _advice(self) -> str:
        lines = []
        for kind, objects in ((CRON_JOB, self._goal.cron_jobs), (JOB, self._goal.jobs)):
            for uid, obj in objects.items():
                if uid not in self.results:
                    name = obj["metadata"]["name"]
                    file = self._goal.files.get((kind, name), "")
                    lines.append(how_to_go_on(kind, name, file, self._has_logs(uid), self._goal.command))
        return "\n".join(lines)

    def _tell_results(self) -> int:
        code = 0
        for uid, job in self.results.items():
            end = finished(job)
            if end is None:
                code = 1
                continue
            if end["type"] == "Failed":
                code = 1
                for line in last_words(self._client, self._goal.namespace, self._progress.pods_of(uid)):
                    self._view.say(line)
            if uid in self._goal.jobs:
                self._view.say(verdict(job, end))
        return code
