"""A forecast as plain data: what `-o json` and `-o yaml` print and the page shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulator.forecast.assumptions import Owner
from simulator.forecast.findings import findings
from simulator.forecast.ledger import Skip
from simulator.forecast.load import Level, Peak
from simulator.forecast.runs import OUTCOMES, Run, Tally
from simulator.forecast.simulation import Forecast

Tree = dict[str, Any]


def stamp(instant: datetime | None) -> str | None:
    """RFC 3339 in UTC, whole seconds; None for none."""
    return None if instant is None else f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def report(forecast: Forecast) -> Tree:
    """The whole report; its `runs`, `skipped` and `load` are empty where only sums were asked for."""
    return {
        "apiVersion": "kjsim.dev/v1",
        "kind": "Forecast",
        "from": stamp(forecast.start),
        "to": stamp(forecast.end),
        "applied": stamp(forecast.applied),
        "seed": forecast.seed,
        "down": [{"from": stamp(start), "to": stamp(end)} for start, end in forecast.down],
        "runs": [run_tree(run) for run in forecast.runs],
        "skipped": [skip_tree(skip) for skip in forecast.skips],
        "findings": [finding.tree() for finding in findings(forecast)],
        "assumptions": [assumption.tree() for assumption in forecast.assumptions],
        "load": [_level(level) for level in forecast.load.levels if level.time < forecast.end],
        "summary": _summary(forecast),
    }


def run_tree(run: Run) -> Tree:
    """One run."""
    return {
        "cronJob": run.cron_job,
        "namespace": run.owner.namespace,
        "job": run.job,
        "scheduledTime": stamp(run.scheduled_time),
        "startTime": stamp(run.start_time),
        "completionTime": stamp(run.end_time),
        "outcome": run.outcome,
        "reason": run.reason,
        "pods": run.pod_count,
        "failedPods": run.failed_pods,
        "restarts": run.restarts,
        "lateSeconds": run.late_seconds,
        "doubled": run.is_doubled,
    }


def skip_tree(skip: Skip) -> Tree:
    """One slot without a run."""
    return {
        "cronJob": skip.cron_job,
        "namespace": skip.namespace,
        "scheduledTime": stamp(skip.scheduled_time),
        "reason": skip.reason,
        "message": skip.message,
    }


def _level(level: Level) -> Tree:
    return {
        "time": stamp(level.time),
        "jobs": level.jobs,
        "pods": level.pods,
        "cpuMilli": level.cpu_milli,
        "memoryBytes": level.memory_bytes,
    }


def _summary(forecast: Forecast) -> Tree:
    tallies = list(forecast.tallies.values())
    load = forecast.load
    return {
        **_sums(tallies),
        "peak": {
            "jobs": _peak(load.jobs),
            "pods": _peak(load.pods),
            "cpuMilli": _peak(load.cpu_milli),
            "memoryBytes": _peak(load.memory_bytes),
        },
        "owners": [_of_owner(owner, tally, forecast) for owner, tally in forecast.tallies.items()],
    }


def _sums(tallies: list[Tally]) -> Tree:
    outcomes = {name: sum(tally.outcomes.get(name, 0) for tally in tallies) for name in OUTCOMES}
    skipped: dict[str, int] = {}
    for tally in tallies:
        for reason, count in tally.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    return {
        "runs": sum(outcomes.values()),
        **{name[0].lower() + name[1:]: count for name, count in outcomes.items()},
        "skipped": sum(skipped.values()),
        "skippedBy": dict(sorted(skipped.items())),
        "late": sum(tally.late for tally in tallies),
        "doubled": sum(tally.doubled for tally in tallies),
        "pods": sum(tally.pods for tally in tallies),
        "failedPods": sum(tally.failed_pods for tally in tallies),
        "restarts": sum(tally.restarts for tally in tallies),
    }


def _peak(peak: Peak) -> Tree:
    return {"value": peak.value, "time": stamp(peak.time)}


def _of_owner(owner: Owner, tally: Tally, forecast: Forecast) -> Tree:
    schedule = forecast.schedules.get(owner) if owner.kind == "CronJob" else None
    return {
        "kind": owner.kind,
        "namespace": owner.namespace,
        "name": owner.name,
        "schedule": schedule.text if schedule else None,
        "timeZone": schedule.zone if schedule else None,
        **_sums([tally]),
        "longestSeconds": tally.longest_seconds,
        "meanSeconds": round(tally.total_seconds / tally.ended, 3) if tally.ended else 0.0,
        "kept": [job.metadata.name for job in forecast.history.get(owner, ()) if job.metadata],
    }
