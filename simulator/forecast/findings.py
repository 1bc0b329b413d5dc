"""What is worth knowing of a forecast, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.forecast.assumptions import Owner
from simulator.forecast.clock_changes import ClockChange, is_daily
from simulator.forecast.inputs import seconds_text
from simulator.forecast.ledger import DEADLINE, DOWN, FORBIDDEN, INVALID, SAME_MINUTE, SUPERSEDED, SUSPENDED
from simulator.forecast.runs import COMPLETE, FAILED, REPLACED, Tally
from simulator.forecast.simulation import Forecast
from simulator.model.conditions import finished_condition
from simulator.scheduler import Schedule, zone_named

_OVERLAP = "Overlap"
_MOST_OVERLAPS = 30


@dataclass(frozen=True)
class Finding:
    """One finding: a word for its kind, whom it is about, the sentence, and its numbers."""

    type: str
    owners: tuple[Owner, ...]
    message: str
    numbers: dict[str, Any] = field(default_factory=dict)

    def tree(self) -> dict[str, Any]:
        """For the report."""
        about = [{"kind": owner.kind, "namespace": owner.namespace, "name": owner.name} for owner in self.owners]
        return {"type": self.type, "about": about, "message": self.message, **self.numbers}


def findings_to_read(forecast: Forecast) -> list[Finding]:
    """The findings as a person can take them in: of many pairs that overlap, those that do it most often."""
    found = findings(forecast)
    overlaps = [finding for finding in found if finding.type == _OVERLAP]
    if len(overlaps) <= _MOST_OVERLAPS:
        return found
    kept = sorted(overlaps, key=lambda finding: -finding.numbers["times"])[:_MOST_OVERLAPS]
    left = len(overlaps) - len(kept)
    more = Finding(_OVERLAP, (), f"... and {left} more pairs overlap (-o json lists all)", {"count": left})
    begin = found.index(overlaps[0])
    return [*found[:begin], *kept, more, *(finding for finding in found[begin:] if finding.type != _OVERLAP)]


def findings(forecast: Forecast) -> list[Finding]:
    """The findings, the gravest kinds first."""
    found: list[Finding] = []
    for owner in forecast.never:
        text = forecast.schedules[owner].text
        found.append(
            Finding("NeverFires", (owner,), f"`{forecast.label(owner)}` never fires: `{text}` names no date that exists")
        )
    for owner in forecast.suspended:
        found.append(Finding("Suspended", (owner,), f"`{forecast.label(owner)}` is suspended: it starts nothing"))
    for owner, tally in forecast.tallies.items():
        found += _of_one(owner, tally, forecast)
    found += _overlaps(forecast)
    for owner, changes in forecast.clock_changes.items():
        found += _clock_changes(owner, changes, forecast)
    found += _peaks(forecast)
    for owner in forecast.tallies:
        if owner.kind == "CronJob":
            found.append(_history(owner, forecast))
    return found


def _of_one(owner: Owner, tally: Tally, forecast: Forecast) -> Iterator[Finding]:
    name = f"`{forecast.label(owner)}`"
    total = tally.runs + sum(tally.skipped.values())
    for reason, words in (
        (FORBIDDEN, "skipped by Forbid: the run before still goes on"),
        (DEADLINE, "missed by the deadline of startingDeadlineSeconds"),
        (DOWN, "lost while the control plane is down"),
        (SAME_MINUTE, "lost: a Job is named after its minute, and there was one of that minute"),
        (INVALID, "lost: at a clock change the search stands still, and nothing starts any more"),
        (SUPERSEDED, "lost: a newer slot was due at the same look"),
        (SUSPENDED, "passed over while it is suspended"),
    ):
        count = tally.skipped.get(reason, 0)
        if count:
            first = _local(tally.first_skips[reason].scheduled_time, owner, forecast)
            message = f"{name}: {count} of {total} slots {words} (first {first})"
            yield Finding(f"Skipped{reason}", (owner,), message, {"count": count, "of": total})
    replaced = tally.outcomes.get(REPLACED, 0)
    if replaced:
        yield Finding(
            "Replaced",
            (owner,),
            f"{name}: {replaced} of {tally.runs} runs are cut short by Replace",
            {"count": replaced, "of": tally.runs},
        )
    if tally.self_overlaps:
        yield Finding(
            "OverlapsItself",
            (owner,),
            f"{name} starts {_times(tally.self_overlaps)} while an earlier run of its own goes on (Allow)",
            {"count": tally.self_overlaps},
        )
    failed = tally.outcomes.get(FAILED, 0)
    if failed:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(tally.failure_reasons.items()))
        message = f"{name}: {failed} of {tally.runs} runs fail ({reasons})"
        yield Finding("Fails", (owner,), message, {"count": failed, "of": tally.runs, "reasons": tally.failure_reasons})
    retries = tally.failed_pods + tally.restarts
    if retries:
        longest = seconds_text(tally.longest_seconds)
        message = f"{name}: {retries} failed tries; with back-off and retries a run takes up to {longest}"
        yield Finding("Retries", (owner,), message, {"count": retries, "longestSeconds": tally.longest_seconds})
    if tally.late:
        latest = seconds_text(tally.latest_seconds)
        message = f"{name}: {tally.late} of {tally.runs} runs start late, by up to {latest}"
        yield Finding("Late", (owner,), message, {"count": tally.late, "latestSeconds": tally.latest_seconds})
    for reason, (count, text) in sorted(tally.waiting.items()):
        message = f"{name}: {count} runs can't start ({reason}): {text}"
        yield Finding("Waiting", (owner,), message, {"count": count, "reason": reason})


def _overlaps(forecast: Forecast) -> Iterator[Finding]:
    for overlap in forecast.overlaps:
        days = max(forecast.tallies[overlap.later].days.count, overlap.days.count)
        unit = "night" if overlap.is_nightly else "day"
        plural = "" if days == 1 else "s"
        later, earlier = forecast.label(overlap.later), forecast.label(overlap.earlier)
        message = f"`{later}` overlaps `{earlier}` on {overlap.days.count} of {days} {unit}{plural}"
        numbers = {"days": overlap.days.count, "of": days, "times": overlap.times}
        yield Finding(_OVERLAP, (overlap.later, overlap.earlier), message, numbers)


def _clock_changes(owner: Owner, changes: list[ClockChange], forecast: Forecast) -> Iterator[Finding]:
    schedule = forecast.schedules.get(owner)
    parts, lost, doubled = [], 0, 0
    changes = [change for change in changes if change.instant >= forecast.start]
    within = [change for change in changes if change.instant < forecast.end]
    for change in changes[: max(2, min(4, len(within)))]:
        is_later = " (after this forecast)" if change.instant >= forecast.end else ""
        if change.lost:
            lost += len(change.lost)
            parts.append(f"does not run{_when(change.lost, schedule)}{is_later}")
        zone = zone_named(schedule.zone).info if schedule is not None else None
        for slots, word in ((change.doubled, "twice"), (change.added, "once more than it says")):
            if slots:
                doubled += len(slots)
                parts.append(f"runs {word}{_when([slot.astimezone(zone) for slot in slots], schedule)}{is_later}")
    if parts and schedule is not None:
        message = f"`{forecast.label(owner)}`: `{schedule.text}` in {schedule.zone} {' and '.join(parts)}"
        yield Finding("ClockChange", (owner,), message, {"lost": lost, "doubled": doubled})


def _peaks(forecast: Forecast) -> Iterator[Finding]:
    load = forecast.load
    if load.jobs.value > 1:
        at = _stamp(load.jobs.time)
        message = f"up to {load.jobs.value} Jobs and {load.pods.value} pods run at once (first {at})"
        yield Finding("Peak", (), message, {"jobs": load.jobs.value, "pods": load.pods.value, "time": at})
    if load.cpu_milli.value or load.memory_bytes.value:
        message = (
            f"requests reach {cpu_text(load.cpu_milli.value)} CPU and {memory_text(load.memory_bytes.value)} memory at once"
        )
        numbers = {"cpuMilli": load.cpu_milli.value, "memoryBytes": load.memory_bytes.value}
        yield Finding("Requests", (), message, numbers)


def _history(owner: Owner, forecast: Forecast) -> Finding:
    ended = [finished.type for job in forecast.history.get(owner, ()) if (finished := finished_condition(job))]
    complete, failed = ended.count(COMPLETE), ended.count(FAILED)
    limits = forecast.history_limits.get(owner, (None, None))
    message = (
        f"`{forecast.label(owner)}`: at the end {complete} complete and {failed} failed Jobs are kept "
        f"(limits {limits[0]} and {limits[1]})"
    )
    return Finding("History", (owner,), message, {"complete": complete, "failed": failed})


def cpu_text(milli: int) -> str:
    """`250m`, `2`."""
    return f"{milli}m" if milli % 1000 else str(milli // 1000)


def memory_text(count: int) -> str:
    """`1.5Gi`, `256Mi`, `0`."""
    for unit, size in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if count >= size:
            return f"{count / size:.4g}{unit}"
    return str(count)


def _local(instant: datetime, owner: Owner, forecast: Forecast) -> str:
    schedule = forecast.schedules.get(owner)
    zone = zone_named(schedule.zone) if schedule is not None else zone_named("UTC")
    return f"{instant.astimezone(zone.info):%Y-%m-%d %H:%M:%S} {zone.name}"


def _when(times: Sequence[datetime], schedule: Schedule | None) -> str:
    """`on 28 March 2027`, with the time where the schedule names several of that day. `times`: those of the wall clock."""
    first = times[0]
    if len(times) > 1:
        return f" at {len(times)} times on {_date(first)}"
    if schedule is None or is_daily(schedule, first.date()):
        return f" on {_date(first)}"
    return f" at {first:%H:%M} on {_date(first)}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _date(instant: datetime) -> str:
    return f"{instant.day} {instant:%B %Y}"


def _stamp(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant.replace(microsecond=0):%Y-%m-%dT%H:%M:%SZ}"
