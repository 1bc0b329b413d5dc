"""success-policy.json: whether completed indexes meet a success policy."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.controllers.job.success_policy import match_success_policy
from simulator.model.indexes import parse_indexes
from simulator.model.kubernetes import batch_v1, from_builtins
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("success-policy"))
def test_success_policy(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "note", "policy", "completions", "succeeded", "expect"})
    check_keys(case["expect"], {"met", "message"}, "expect")
    policy = case["policy"] and from_builtins(case["policy"], batch_v1.SuccessPolicy)
    completed = parse_indexes(case["succeeded"], case["completions"])
    message = match_success_policy(policy, case["completions"], completed)
    assert {"met": message is not None, "message": message} == case["expect"]
