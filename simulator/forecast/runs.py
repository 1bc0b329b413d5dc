"""One run of a forecast, and the sums over the runs of one owner."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from msgspec import Struct

from simulator.forecast.assumptions import Owner
from simulator.forecast.inputs import seconds_text
from simulator.forecast.ledger import Skip

COMPLETE = "Complete"
FAILED = "Failed"
REPLACED = "Replaced"
DELETED = "Deleted"
SUSPENDED = "Suspended"
RUNNING = "Running"
OUTCOMES = (COMPLETE, FAILED, REPLACED, DELETED, SUSPENDED, RUNNING)

_LATE = timedelta(seconds=1)


class Run(Struct):
    """One Job. `end_time`: when it was finished, or replaced; None if it goes on when the forecast ends.

    `reason` and `message`: those of the condition with which it failed, or why its pod waits. `is_doubled`: the wall clock
    shows the slot's time for the second time.
    """

    owner: Owner
    job: str
    uid: str
    scheduled_time: datetime | None
    created_time: datetime
    start_time: datetime | None = None
    end_time: datetime | None = None
    outcome: str = RUNNING
    reason: str = ""
    message: str = ""
    pod_count: int = 0
    failed_pods: int = 0
    restarts: int = 0
    is_doubled: bool = False
    pods: dict[str, int] = {}
    """The pods that are there, by uid: the how-manieth of this Job each is."""

    @property
    def cron_job(self) -> str | None:
        """The name of its CronJob."""
        return self.owner.name if self.owner.kind == "CronJob" else None

    @property
    def late_seconds(self) -> int:
        """How long after its slot it was created, in whole seconds."""
        if self.scheduled_time is None:
            return 0
        late = self.created_time - self.scheduled_time
        return int(late.total_seconds()) if late >= _LATE else 0

    @property
    def marks(self) -> list[str]:
        """What is special about it."""
        marks = [f"late by {seconds_text(self.late_seconds)}"] if self.late_seconds else []
        if self.is_doubled:
            marks.append("second time at this hour")
        retries = self.failed_pods + self.restarts
        if retries:
            marks.append(f"{retries} failed {'try' if retries == 1 else 'tries'}")
        if self.reason:
            marks.append(self.reason)
        return marks


def run_order(run: Run) -> tuple[datetime, str, str, str]:
    """By time, then by name."""
    return (run.created_time, run.owner.namespace, run.owner.name, run.job)


@dataclass(slots=True)
class Days:
    """Counts the days on which something happens, in order of time; remembers only the last."""

    count: int = 0
    last: date | None = None

    def add(self, day: date) -> None:
        """It happens on a day."""
        if day != self.last:
            self.count += 1
            self.last = day


@dataclass(slots=True)
class Tally:
    """The sums over the runs of one owner."""

    owner: Owner
    outcomes: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    first_skips: dict[str, Skip] = field(default_factory=dict)
    """By reason."""
    late: int = 0
    latest_seconds: int = 0
    doubled: int = 0
    pods: int = 0
    failed_pods: int = 0
    restarts: int = 0
    failure_reasons: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By reason for which pods wait when the forecast ends: how many runs, and a message."""
    total_seconds: float = 0.0
    longest_seconds: float = 0.0
    ended: int = 0
    self_overlaps: int = 0
    days: Days = field(default_factory=Days)

    @property
    def runs(self) -> int:
        """How many runs there were."""
        return sum(self.outcomes.values())

    def add(self, run: Run) -> None:
        """Take in a run that has ended, or goes on at the end of the forecast."""
        self.outcomes[run.outcome] = self.outcomes.get(run.outcome, 0) + 1
        late_seconds = run.late_seconds
        if late_seconds:
            self.late += 1
            self.latest_seconds = max(self.latest_seconds, late_seconds)
        self.doubled += run.is_doubled
        self.pods += run.pod_count
        self.failed_pods += run.failed_pods
        self.restarts += run.restarts
        if run.outcome == FAILED:
            self.failure_reasons[run.reason] = self.failure_reasons.get(run.reason, 0) + 1
        elif run.outcome == RUNNING and run.reason:
            self.waiting[run.reason] = (self.waiting.get(run.reason, (0, ""))[0] + 1, run.message)
        if run.end_time is not None:
            seconds = (run.end_time - (run.start_time or run.created_time)).total_seconds()
            self.ended += 1
            self.total_seconds += seconds
            self.longest_seconds = max(self.longest_seconds, seconds)

    def skip(self, skip: Skip) -> None:
        """Take in a slot that had no run."""
        self.skipped[skip.reason] = self.skipped.get(skip.reason, 0) + 1
        self.first_skips.setdefault(skip.reason, skip)


@dataclass(slots=True)
class Overlap:
    """How often runs of `later` begin while one of `earlier` goes on: on how many days, and whether always at night."""

    later: Owner
    earlier: Owner
    days: Days = field(default_factory=Days)
    times: int = 0
    is_nightly: bool = True
