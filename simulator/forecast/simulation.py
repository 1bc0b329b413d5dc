"""A forecast from request to result: the world is put together, runs to its end, and what was seen is handed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from simulator.executor.virtual import Run as Life
from simulator.forecast.assumptions import GUESSED, Assumption, Measured, Owner, Wishes, assumption_for, check_names
from simulator.forecast.clock_changes import ClockChange, clock_changes
from simulator.forecast.host import Interval, Tree, VirtualHost
from simulator.forecast.inputs import Window, merged
from simulator.forecast.ledger import Skip
from simulator.forecast.load import Load
from simulator.forecast.recorder import Recorder
from simulator.forecast.runs import Overlap, Run, Tally
from simulator.model.kinds import CRON_JOB
from simulator.model.kubernetes import batch_v1
from simulator.model.metadata import Key, key_of
from simulator.pods.executor import StartContainer
from simulator.scheduler import Schedule, ScheduleError, UnknownZone, parse

_YEAR = timedelta(days=366)
_UNKNOWN = Assumption(Owner("Pod", "", ""), GUESSED, "a guess")
_STOP_EXIT_CODE = 143


@dataclass(frozen=True)
class Request:
    """What is to be foreseen: `start` to `end`, with `trees` applied at `applied`.

    `previous`: objects that are there before that, each with the time of its creation.
    `other_owners`: names that flags may speak of though they are not in these objects.
    `keep`: runs, skips and levels are wanted, not just sums. `measured` tells what real runs took.
    """

    trees: Sequence[Tree]
    start: datetime
    end: datetime
    applied: datetime
    seed: int = 0
    wishes: Wishes = field(default_factory=Wishes)
    windows: Sequence[Window] = ()
    measured: Callable[[Owner], Measured | None] = lambda _owner: None
    keep: bool = True
    previous: Sequence[tuple[datetime, Tree]] = ()
    other_owners: frozenset[Owner] = frozenset()


@dataclass
class Forecast:
    """What was foreseen."""

    start: datetime
    end: datetime
    applied: datetime
    seed: int
    down: list[Interval]
    assumptions: list[Assumption]
    runs: list[Run]
    skips: list[Skip]
    tallies: dict[Owner, Tally]
    overlaps: list[Overlap]
    load: Load
    history: dict[Owner, list[batch_v1.Job]]
    history_limits: dict[Owner, tuple[int, int]]
    schedules: dict[Owner, Schedule]
    clock_changes: dict[Owner, list[ClockChange]]
    """Those from the start to a year after it, or to the end where that is later."""
    never: list[Owner]
    """CronJobs whose schedules name no date that exists."""
    suspended: list[Owner]

    def label(self, owner: Owner) -> str:
        """The name of an owner, with its namespace where another namespace has that name too."""
        return f"{owner.namespace}/{owner.name}" if owner.name in self._shared_names else owner.name

    @cached_property
    def _shared_names(self) -> set[str]:
        places = {(assumption.owner.namespace, assumption.owner.name) for assumption in self.assumptions}
        count = Counter(name for _, name in places)
        return {name for name, times in count.items() if times > 1}


def simulate(request: Request) -> Forecast:
    """Foresee; raises `ApiError` if an object is refused, `UsageError` for annotations and flags that make no sense."""
    return _World(request).run()


def owner_of_tree(tree: Tree) -> Owner:
    """The owner that a CronJob's or Job's tree is."""
    metadata = tree["metadata"]
    return Owner(
        tree["kind"], metadata.get("namespace", "default"), metadata.get("name") or metadata.get("generateName", "")
    )


def schedule_of_tree(tree: Tree) -> Schedule | None:
    """The schedule of a CronJob's tree, None if it can't be read."""
    spec = tree.get("spec") or {}
    try:
        return parse(str(spec.get("schedule", "")), spec.get("timeZone"))
    except (ScheduleError, UnknownZone):
        return None


class _World:
    """One simulation."""

    def __init__(self, request: Request) -> None:
        self._request = request
        begin = min([request.start, request.applied, *(time for time, _ in request.previous)])
        down = [piece for window in request.windows for piece in window.within(begin, request.end)]
        self._down = merged(down)
        self._host = VirtualHost(begin, self._life, seed=request.seed, down=self._down)
        self._assumptions: dict[Owner, Assumption] = {}
        self._schedules: dict[Owner, Schedule] = {}
        self._changes: dict[Owner, list[ClockChange]] = {}
        self._doubled: dict[Owner, frozenset[datetime]] = {}
        self._recorder = Recorder(
            self._host.objects,
            self._host.clock,
            request.start,
            keep=request.keep,
            is_down=self._host.is_down,
            is_doubled=lambda owner, slot: slot in self._doubled.get(owner, ()),
        )
        self._lives: dict[tuple[float, int], Life] = {}

    def run(self) -> Forecast:
        request, host = self._request, self._host
        trees = [*request.trees, *(tree for _, tree in request.previous)]
        owners = [owner_of_tree(tree) for tree in trees if tree["kind"] in ("CronJob", "Job")]
        check_names(request.wishes, [*owners, *request.other_owners])
        moments: dict[datetime, list[Tree]] = {}
        for time, tree in request.previous:
            moments.setdefault(time, []).append(tree)
        for time in sorted(moments):
            self._apply(time, moments[time])
        self._apply(request.applied, request.trees)
        host.run(request.end)
        self._recorder.finish(request.end)
        return self._result()

    def _apply(self, time: datetime, trees: Sequence[Tree]) -> None:
        host, request = self._host, self._request
        host.run(time)
        for tree in trees:
            if tree["kind"] in ("CronJob", "Job"):
                owner = owner_of_tree(tree)
                annotations: Mapping[str, Any] = tree["metadata"].get("annotations") or {}
                texts = {name: str(value) for name, value in annotations.items()}
                self._assumptions[owner] = assumption_for(owner, texts, request.wishes, request.measured(owner))
            if tree["kind"] == "CronJob":
                self._read_schedule(owner_of_tree(tree), tree)
        host.apply(trees)

    def _read_schedule(self, owner: Owner, tree: Tree) -> None:
        request = self._request
        schedule = schedule_of_tree(tree)
        self._schedules.pop(owner, None)
        self._changes[owner] = []
        if schedule is not None:
            self._schedules[owner] = schedule
            until = max(request.end, request.start + _YEAR)
            self._changes[owner] = clock_changes(schedule, min(request.start, request.applied), until)
        self._doubled[owner] = frozenset(slot for change in self._changes[owner] for slot in change.doubled)

    def _life(self, command: StartContainer) -> Life:
        """How a container lives that is started now."""
        if command.config.kind == "sidecar":
            return Life(None, stop_seconds=0.0, stop_exit_code=0)
        if command.config.kind == "init":
            return Life(0.0)
        run = self._recorder.run_of(command.pod.job_uid)
        if run is not None:
            assumption = self._assumptions.get(run.owner, _UNKNOWN)
            ordinal = run.pods.get(command.pod.uid, 0)
            drawn = assumption.draw(self._request.seed, run.job, ordinal, command.key.attempt)
        else:
            drawn = _UNKNOWN.draw(self._request.seed, command.pod.job, 0, command.key.attempt)
        life = self._lives.get(drawn)
        if life is None:
            life = self._lives[drawn] = Life(drawn[0], drawn[1], stop_seconds=0.0, stop_exit_code=_STOP_EXIT_CODE)
            if len(self._lives) > 1000:
                self._lives.clear()
        return life

    def _result(self) -> Forecast:
        request, recorder, objects = self._request, self._recorder, self._host.objects
        cron_jobs = {self._owner(key_of(item)): item for item in objects.list(CRON_JOB.kind)}
        return Forecast(
            start=request.start,
            end=request.end,
            applied=request.applied,
            seed=request.seed,
            down=self._down,
            assumptions=[self._assumptions[owner] for owner in sorted(self._assumptions, key=_owner_order)],
            runs=recorder.runs,
            skips=recorder.skips,
            tallies={owner: recorder.tallies[owner] for owner in sorted(recorder.tallies, key=_owner_order)},
            overlaps=sorted(recorder.overlaps.values(), key=lambda item: (_owner_order(item.later), str(item.earlier))),
            load=recorder.load,
            history=recorder.history(),
            history_limits={
                owner: (item.spec.successfulJobsHistoryLimit, item.spec.failedJobsHistoryLimit)
                for owner, item in cron_jobs.items()
            },
            schedules=self._schedules,
            clock_changes=self._changes,
            never=[
                owner
                for owner in sorted(cron_jobs, key=_owner_order)
                if owner in self._schedules and self._schedules[owner].next(request.start) is None
            ],
            suspended=[owner for owner in sorted(cron_jobs, key=_owner_order) if cron_jobs[owner].spec.suspend],
        )

    @staticmethod
    def _owner(key: Key) -> Owner:
        return Owner(key.kind, key.namespace, key.name)


def _owner_order(owner: Owner) -> tuple[str, str, str]:
    return (owner.namespace, owner.name, owner.kind)
