"""pod-failure-policy.json: the rule that matches a failed pod."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.controllers.job.failure_policy import FailurePolicy
from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys
from tests.vectors.job_pods import pod_from


@pytest.mark.parametrize("case", cases("pod-failure-policy"))
def test_pod_failure_policy(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "note", "policy", "pod", "expect"})
    check_keys(case["expect"], {"action", "countFailed", "message"}, "expect")
    policy = case["policy"] and from_builtins(case["policy"], batch_v1.PodFailurePolicy)
    match = FailurePolicy(policy).match(pod_from(case["pod"]))
    assert {"action": match.action, "countFailed": match.counts, "message": match.message} == case["expect"]
