"""podFailurePolicy: which rule matches a failed pod, and what it makes of the failure (semantics/job.md 12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from simulator.model.kubernetes import batch_v1, core_v1

ACTIONS = frozenset({"Ignore", "FailIndex", "Count", "FailJob"})


class PolicyMatch(NamedTuple):
    """The matching rule's `action` (None: none matched), whether the failure counts, and the message of a FailJob rule."""

    action: str | None
    counts: bool
    message: str | None


NO_MATCH = PolicyMatch(None, True, None)


def match_failure_policy(policy: batch_v1.PodFailurePolicy | None, pod: core_v1.Pod) -> PolicyMatch:
    """Try the rules in order on a failed pod; the first that matches and has a known action decides."""
    for position, rule in enumerate(policy.rules if policy is not None else ()):
        if rule.action not in ACTIONS:
            continue
        what = None
        if rule.onExitCodes is not None:
            what = _matching_container(pod, rule.onExitCodes)
        elif rule.onPodConditions is not None:
            what = _matching_condition(pod, rule.onPodConditions)
        if what is None:
            continue
        message = f"{what} matching FailJob rule at index {position}" if rule.action == "FailJob" else None
        return PolicyMatch(rule.action, rule.action != "Ignore", message)
    return NO_MATCH


def _pod_name(pod: core_v1.Pod) -> str:
    metadata = pod.metadata
    return f"{metadata.namespace}/{metadata.name}" if metadata is not None else ""


def _matching_container(pod: core_v1.Pod, rule: batch_v1.PodFailurePolicyOnExitCodesRequirement) -> str | None:
    if rule.operator not in ("In", "NotIn") or pod.status is None:
        return None
    for statuses in (pod.status.containerStatuses, pod.status.initContainerStatuses):
        for status in statuses or ():
            terminated = status.state.terminated if status.state is not None else None
            if terminated is None or terminated.exitCode == 0:
                continue
            if rule.containerName is not None and rule.containerName != status.name:
                continue
            if (terminated.exitCode in (rule.values or ())) == (rule.operator == "In"):
                return f"Container {status.name} for pod {_pod_name(pod)} failed with exit code {terminated.exitCode}"
    return None


def _matching_condition(pod: core_v1.Pod, patterns: Sequence[batch_v1.PodFailurePolicyOnPodConditionsPattern]) -> str | None:
    for condition in (pod.status.conditions if pod.status is not None else None) or ():
        for pattern in patterns:
            if condition.type == pattern.type and condition.status == (pattern.status or "True"):
                return f"Pod {_pod_name(pod)} has condition {condition.type}"
    return None
