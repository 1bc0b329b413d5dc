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


ExitCodes = tuple[tuple[str, int], ...]
Conditions = tuple[tuple[str, str], ...]
Finding = tuple[str, str]
"""What matched, as the message says it: the words before and after the pod's name."""


class FailurePolicy:
    """The policy of one job, asked about many pods. Pods that ended alike are judged once."""

    def __init__(self, policy: batch_v1.PodFailurePolicy | None) -> None:
        self._rules = tuple(policy.rules or ()) if policy is not None else ()
        self._judged: dict[tuple[ExitCodes, Conditions], tuple[int, Finding] | None] = {}

    def match(self, pod: core_v1.Pod) -> PolicyMatch:
        """Try the rules in order on a failed pod; the first that matches and has a known action decides."""
        if not self._rules or pod.status is None:
            return NO_MATCH
        ended = _exit_codes(pod.status), tuple([(c.type, c.status) for c in pod.status.conditions or ()])
        if ended not in self._judged:
            self._judged[ended] = self._judge(*ended)
        judged = self._judged[ended]
        if judged is None:
            return NO_MATCH
        position, finding = judged
        action = self._rules[position].action
        message = None
        if action == "FailJob":
            assert pod.metadata is not None
            before, after = finding
            name = f"{pod.metadata.namespace}/{pod.metadata.name}"
            message = f"{before} {name} {after} matching FailJob rule at index {position}"
        return PolicyMatch(action, action != "Ignore", message)

    def _judge(self, exit_codes: ExitCodes, conditions: Conditions) -> tuple[int, Finding] | None:
        """The position of the deciding rule, and what it found."""
        for position, rule in enumerate(self._rules):
            finding = None
            if rule.onExitCodes is not None:
                finding = _matching_container(exit_codes, rule.onExitCodes)
            elif rule.onPodConditions is not None:
                finding = _matching_condition(conditions, rule.onPodConditions)
            if finding is not None and rule.action in ACTIONS:
                return position, finding
        return None


NO_POLICY = FailurePolicy(None)
"""For the many jobs without a policy."""


def _exit_codes(status: core_v1.PodStatus) -> ExitCodes:
    """Name and exit code of every container that did not end with 0, app containers first."""
    codes = []
    for statuses in (status.containerStatuses, status.initContainerStatuses):
        for container in statuses or ():
            terminated = container.state.terminated if container.state is not None else None
            if terminated is not None and terminated.exitCode != 0:
                codes.append((container.name, terminated.exitCode))
    return tuple(codes)


def _matching_container(exit_codes: ExitCodes, rule: batch_v1.PodFailurePolicyOnExitCodesRequirement) -> Finding | None:
    if rule.operator not in ("In", "NotIn"):
        return None
    for name, code in exit_codes:
        if (code in (rule.values or ())) == (rule.operator == "In") and rule.containerName in (None, name):
            return f"Container {name} for pod", f"failed with exit code {code}"
    return None


def _matching_condition(
    conditions: Conditions, patterns: Sequence[batch_v1.PodFailurePolicyOnPodConditionsPattern]
) -> Finding | None:
    for type_, status in conditions:
        for pattern in patterns:
            if type_ == pattern.type and status == (pattern.status or "True"):
                return "Pod", f"has condition {type_}"
    return None
