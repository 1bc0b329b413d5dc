"""Validation of a Job's podFailurePolicy, successPolicy and podReplacementPolicy (semantics/job.md 3)."""

from __future__ import annotations

from simulator.model.indexes import check_indexes
from simulator.model.labels import label_key_errors
from simulator.parser.structure import Tree
from simulator.parser.validation.field_errors import NO_VALUE, Errors

_MOST_RULES = 20
_MOST_CODES = 255
_ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"]


def validate_pod_failure_policy(spec: Tree, errors: Errors, path: str) -> None:
    """The rules of `spec.podFailurePolicy`."""
    rules = spec["podFailurePolicy"].get("rules") or []
    if len(rules) > _MOST_RULES:
        errors.too_many(f"{path}.rules", len(rules), _MOST_RULES)
    pod = (spec.get("template") or {}).get("spec") or {}
    names = {item.get("name", "") for field in ("containers", "initContainers") for item in pod.get(field) or ()}
    for index, rule in enumerate(rules):
        where = f"{path}.rules[{index}]"
        action = rule.get("action", "")
        if not action:
            errors.required(f"{where}.action", 'valid values: ["Count" "FailIndex" "FailJob" "Ignore"]')
        elif action == "FailIndex":
            if spec.get("backoffLimitPerIndex") is None:
                errors.invalid(f"{where}.action", action, "requires the backoffLimitPerIndex to be set")
        elif action not in _ACTIONS:
            errors.not_supported(f"{where}.action", action, _ACTIONS)
        codes, conditions = rule.get("onExitCodes"), rule.get("onPodConditions") or []
        if codes is not None:
            _exit_codes(codes, names, errors, f"{where}.onExitCodes")
        if conditions:
            _conditions(conditions, errors, f"{where}.onPodConditions")
        if codes is None and not conditions:
            errors.invalid(where, NO_VALUE, "specifying one of OnExitCodes and OnPodConditions is required")
        if codes is not None and conditions:
            errors.invalid(where, NO_VALUE, "specifying both OnExitCodes and OnPodConditions is not supported")


def _exit_codes(requirement: Tree, names: set[str], errors: Errors, path: str) -> None:
    operator, container, values = (
        requirement.get("operator", ""),
        requirement.get("containerName"),
        requirement.get("values"),
    )
    if not operator:
        errors.required(f"{path}.operator", 'valid values: ["In" "NotIn"]')
    elif operator not in ("In", "NotIn"):
        errors.not_supported(f"{path}.operator", operator, ["In", "NotIn"])
    if container is not None and container not in names:
        detail = "must be one of the container or initContainer names in the pod template"
        errors.invalid(f"{path}.containerName", container, detail)
    if not values:
        errors.invalid(f"{path}.values", values, "at least one value is required")
        return
    if len(values) > _MOST_CODES:
        errors.too_many(f"{path}.values", len(values), _MOST_CODES)
    seen: set[int] = set()
    for index, code in enumerate(values):
        where = f"{path}.values[{index}]"
        if operator == "In" and code == 0:
            errors.invalid(where, code, "must not be 0 for the In operator")
        if code in seen:
            errors.duplicate(where, code)
        seen.add(code)
    if values != sorted(values):
        errors.invalid(f"{path}.values", values, "must be ordered")


def _conditions(patterns: list[Tree], errors: Errors, path: str) -> None:
    if len(patterns) > _MOST_RULES:
        errors.too_many(path, len(patterns), _MOST_RULES)
    for index, pattern in enumerate(patterns):
        where = f"{path}[{index}]"
        kind, status = pattern.get("type", ""), pattern.get("status", "")
        errors.each_invalid(f"{where}.type", kind, label_key_errors(kind))
        if not status:
            errors.required(f"{where}.status", 'valid values: ["False" "True" "Unknown"]')
        elif status not in ("False", "True", "Unknown"):
            errors.not_supported(f"{where}.status", status, ["False", "True", "Unknown"])


def validate_success_policy(spec: Tree, errors: Errors, path: str) -> None:
    """The rules of `spec.successPolicy` of an Indexed Job.

    Without `completions`, which is reported on its own, the rules can't be judged (the server crashes on them).
    """
    rules = spec["successPolicy"].get("rules") or []
    if not rules:
        errors.required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > _MOST_RULES:
        errors.too_many(f"{path}.rules", len(rules), _MOST_RULES)
    completions = spec.get("completions")
    for index, rule in enumerate(rules):
        where = f"{path}.rules[{index}]"
        if rule.get("succeededCount") is None and rule.get("succeededIndexes") is None:
            errors.required(where, "at least one of succeededCount or succeededIndexes must be specified")
        elif completions is not None:
            _success_rule(rule, completions, errors, where)


def _success_rule(rule: Tree, completions: int, errors: Errors, path: str) -> None:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    total = 0
    if indexes is not None:
        try:
            total = check_indexes(indexes, completions)
        except ValueError as error:
            errors.invalid(f"{path}.succeededIndexes", indexes, f"error parsing succeededIndexes: {error}")
    if count is None:
        return
    errors.not_negative(f"{path}.succeededCount", count)
    detail = "must be less than or equal to {} (the number of {})"
    if count > completions:
        errors.invalid(f"{path}.succeededCount", count, detail.format(completions, "specified completions"))
    if indexes is not None and count > total:
        named = "indexes in the specified succeededIndexes field"
        errors.invalid(f"{path}.succeededCount", count, detail.format(total, named))


def validate_pod_replacement_policy(spec: Tree, errors: Errors, path: str) -> None:
    """`Failed` alone beside a podFailurePolicy."""
    policy = spec.get("podReplacementPolicy")
    supported = ["Failed"] if spec.get("podFailurePolicy") is not None else ["Failed", "TerminatingOrFailed"]
    if policy is not None and policy not in supported:
        errors.not_supported(path, policy, supported)
