"""What changes if NEW is applied over OLD: two forecasts side by side, one with the edit and one without.

Both worlds begin with OLD, each CronJob of it created just before its last slot (or six hours before, where that is
earlier), so that it has a last schedule time and runs that go on, as in a cluster where it has been for a while. In one of
them NEW is applied at T, as `kubectl apply` does: what NEW no longer names stays, and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from simulator.forecast.assumptions import Owner
from simulator.forecast.findings import findings
from simulator.forecast.host import Tree
from simulator.forecast.ledger import Skip
from simulator.forecast.report import report, run_tree, skip_tree, stamp
from simulator.forecast.runs import Run
from simulator.forecast.simulation import Forecast, Request, owner_of_tree, schedule_of_tree, simulate
from simulator.forecast.text import MOST_ROWS, columns, full_name, in_zone, sums
from simulator.scheduler import Schedule

_WARM_UP = timedelta(hours=6)
_BACKWARDS = (timedelta(hours=1), timedelta(days=1), timedelta(days=8), timedelta(days=32), timedelta(days=366))
_AT_ONCE = timedelta(seconds=1)
# From one probe to the next there are at most so many slots of a schedule of the next coarser kind.
_MOST_STEPS = 2000


@dataclass(frozen=True)
class Difference:
    """`before` and `after`: the forecasts without and with the edit. The lists are in order of time."""

    before: Forecast
    after: Forecast
    added: list[Run]
    removed: list[Run]
    changed: list[tuple[Run, Run]]
    """The same slot, another course: before and after."""
    newly_skipped: list[Skip]
    no_longer_skipped: list[Skip]
    at_once: list[Run]
    """Started by the edit itself, at T."""
    left_behind: list[Owner]
    """In OLD, not in NEW: applying NEW leaves them as they are."""
    new_findings: list[str]
    gone_findings: list[str]

    @property
    def is_any(self) -> bool:
        """Whether anything changes."""
        runs = self.added or self.removed or self.changed
        return bool(runs or self.newly_skipped or self.no_longer_skipped or self.new_findings or self.gone_findings)


def difference(request: Request, old: Sequence[Tree]) -> Difference:
    """Compare; `request` is that of the forecast of NEW, `applied` its T. Raises `ApiError` if the API refuses the edit."""
    applied = request.applied
    previous = sorted(((_created(tree, applied), tree) for tree in old), key=lambda pair: pair[0])
    start = max(request.start, applied)
    names = {_identity(tree) for tree in request.trees}
    owners = {owner_of_tree(tree) for tree in request.trees if tree["kind"] in ("CronJob", "Job")}
    after = simulate(replace(request, start=start, previous=previous, keep=True))
    before = simulate(replace(request, start=start, previous=previous, keep=True, trees=(), other_owners=frozenset(owners)))
    old_runs, new_runs = _by_slot(before.runs), _by_slot(after.runs)
    old_skips = {(skip.namespace, skip.cron_job, skip.scheduled_time): skip for skip in before.skips}
    new_skips = {(skip.namespace, skip.cron_job, skip.scheduled_time): skip for skip in after.skips}
    old_words = [finding.message for finding in findings(before)]
    new_words = [finding.message for finding in findings(after)]
    added = [run for slot, run in new_runs.items() if slot not in old_runs]
    return Difference(
        before=before,
        after=after,
        added=added,
        removed=[run for slot, run in old_runs.items() if slot not in new_runs],
        changed=[
            (old_runs[slot], run)
            for slot, run in new_runs.items()
            if slot in old_runs and _course(run) != _course(old_runs[slot])
        ],
        newly_skipped=[skip for slot, skip in new_skips.items() if slot not in old_skips],
        no_longer_skipped=[skip for slot, skip in old_skips.items() if slot not in new_skips],
        at_once=[run for run in added if run.created_time <= applied + _AT_ONCE and run.cron_job],
        left_behind=[owner_of_tree(tree) for tree in old if _identity(tree) not in names],
        new_findings=[text for text in new_words if text not in old_words],
        gone_findings=[text for text in old_words if text not in new_words],
    )


def _identity(tree: Tree) -> tuple[str, str, str]:
    return (tree["kind"], tree["metadata"].get("namespace", ""), tree["metadata"].get("name", ""))


def _by_slot(runs: Sequence[Run]) -> dict[tuple[Any, ...], Run]:
    return {(run.owner, run.scheduled_time, None if run.scheduled_time else run.job): run for run in runs}


def _course(run: Run) -> tuple[Any, ...]:
    return (run.start_time, run.end_time, run.outcome, run.reason, run.pod_count, run.failed_pods, run.restarts)


def _created(tree: Tree, applied: datetime) -> datetime:
    """When an object of OLD is created in the worlds."""
    schedule = schedule_of_tree(tree) if tree["kind"] == "CronJob" else None
    warm = applied - _WARM_UP
    slot = _last_slot(schedule, applied) if schedule is not None else None
    return warm if slot is None else min(warm, slot - timedelta(minutes=1))


def _last_slot(schedule: Schedule, before: datetime) -> datetime | None:
    """The last slot before an instant, as far as a year back."""
    for span in _BACKWARDS:
        slot = schedule.next(before - span)
        if slot is None or slot >= before:
            continue
        for _ in range(_MOST_STEPS):
            following = schedule.next(slot)
            if following is None or not slot < following < before:
                break
            slot = following
        return slot
    return None


def difference_tree(found: Difference) -> dict[str, Any]:
    """As plain data."""
    return {
        "apiVersion": "kjsim.dev/v1",
        "kind": "ForecastDifference",
        "from": stamp(found.after.start),
        "to": stamp(found.after.end),
        "applied": stamp(found.after.applied),
        "seed": found.after.seed,
        "changes": found.is_any,
        "firesAtOnce": [run_tree(run) for run in found.at_once],
        "added": [run_tree(run) for run in found.added],
        "removed": [run_tree(run) for run in found.removed],
        "changed": [{"before": run_tree(old), "after": run_tree(new)} for old, new in found.changed],
        "newlySkipped": [skip_tree(skip) for skip in found.newly_skipped],
        "noLongerSkipped": [skip_tree(skip) for skip in found.no_longer_skipped],
        "leftBehind": [
            {"kind": owner.kind, "namespace": owner.namespace, "name": owner.name} for owner in found.left_behind
        ],
        "newFindings": found.new_findings,
        "goneFindings": found.gone_findings,
        "assumptions": [assumption.tree() for assumption in found.after.assumptions],
        "summary": {"before": report(found.before)["summary"], "after": report(found.after)["summary"]},
    }


def difference_text(found: Difference) -> str:
    """As text: lines with `+` come, lines with `-` go, lines with `~` take another course."""
    after, before = found.after, found.before
    parts = [f"Applying NEW over OLD at {stamp(after.applied)}; what changes until {stamp(after.end)}:\n"]
    for owner in found.left_behind:
        parts.append(f"{full_name(owner, after)} is not in NEW: applying NEW does not delete it, it goes on as it is\n")
    if not found.is_any:
        return "".join([*parts, "nothing changes\n"])
    if found.at_once:
        parts.append("\nFires at once, because of the edit:\n")
        parts += [f"  {run.job}, for the slot {in_zone(run.scheduled_time, run.owner, after)}\n" for run in found.at_once]
    lines: list[tuple[datetime, tuple[str, ...]]] = []
    for run in found.added:
        lines.append((run.created_time, ("+", full_name(run.owner, after), _slot(run, after), _words(run))))
    for run in found.removed:
        lines.append((run.created_time, ("-", full_name(run.owner, before), _slot(run, before), _words(run))))
    for old, new in found.changed:
        lines.append(
            (new.created_time, ("~", full_name(new.owner, after), _slot(new, after), f"{_words(old)} -> {_words(new)}"))
        )
    for skip in found.newly_skipped:
        lines.append((skip.scheduled_time, _skip_line("+", skip, after)))
    for skip in found.no_longer_skipped:
        lines.append((skip.scheduled_time, _skip_line("-", skip, before)))
    if lines:
        lines.sort(key=lambda line: line[0])
        parts.append("\n" + columns([cells for _, cells in lines[:MOST_ROWS]]))
        if len(lines) > MOST_ROWS:
            parts.append(f"... and {len(lines) - MOST_ROWS} more (-o json lists all)\n")
    findings_text = "".join(f"+ {text}\n" for text in found.new_findings) + "".join(
        f"- {text}\n" for text in found.gone_findings
    )
    if findings_text:
        parts.append("\nFindings:\n" + findings_text)
    parts.append("\nBefore:\n" + sums(before) + "After:\n" + sums(after))
    return "".join(parts)


def _slot(run: Run, forecast: Forecast) -> str:
    return in_zone(run.scheduled_time or run.created_time, run.owner, forecast)


def _words(run: Run) -> str:
    if run.end_time is None:
        return run.outcome
    return f"{run.outcome} {(run.end_time - (run.start_time or run.created_time))}"


def _skip_line(sign: str, skip: Skip, forecast: Forecast) -> tuple[str, ...]:
    owner = Owner("CronJob", skip.namespace, skip.cron_job)
    return (sign, full_name(owner, forecast), in_zone(skip.scheduled_time, owner, forecast), f"skipped ({skip.reason})")
