"""successPolicy: when a few completed indexes are enough (semantics/job.md 13)."""

from __future__ import annotations

from simulator.model.indexes import Intervals, count_indexes, parse_indexes
from simulator.model.kubernetes import batch_v1


def match_success_policy(policy: batch_v1.SuccessPolicy | None, completions: int, completed: Intervals) -> str | None:
    """The message of the first rule that the completed indexes meet, or None."""
    if policy is None or not completed:
        return None
    for position, rule in enumerate(policy.rules or ()):
        if rule.succeededIndexes is not None:
            required = parse_indexes(rule.succeededIndexes, completions)
            met = _meets(required, completed, rule.succeededCount)
        else:
            met = rule.succeededCount is not None and count_indexes(completed) >= rule.succeededCount
        if met:
            return f"Matched rules at index {position}"
    return None


def _meets(required: Intervals, completed: Intervals, wanted_count: int | None) -> bool:
    """All required indexes are completed, or at least `wanted_count` of them."""
    if not required:
        return False
    done = 0
    has_all = True
    position = 0
    for first, last in required:
        while position < len(completed) and completed[position][1] < first:
            position += 1
        covered = 0
        following = position
        while following < len(completed) and completed[following][0] <= last:
            covered += min(last, completed[following][1]) - max(first, completed[following][0]) + 1
            following += 1
        done += covered
        has_all = has_all and covered == last - first + 1
    return has_all or (wanted_count is not None and done >= wanted_count)
