"""index-intervals.json: compressed index lists, free indexes, pod name prefixes."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.controllers.job.scale import free_indexes
from simulator.model.indexes import (
    add_indexes,
    check_indexes,
    count_indexes,
    format_indexes,
    has_index,
    intervals_of,
    parse_indexes,
    pod_name_prefix,
)
from tests.vectors.cases import cases, check_keys


def answer(case: dict[str, Any]) -> Any:
    match case["op"]:
        case "format":
            check_keys(case, {"name", "op", "expect", "intervals"})
            return format_indexes(tuple((first, last) for first, last in case["intervals"]))
        case "formatIndexes":
            check_keys(case, {"name", "op", "expect", "indexes"})
            return format_indexes(intervals_of(case["indexes"]))
        case "parse":
            check_keys(case, {"name", "op", "expect", "text", "completions"})
            return [list(interval) for interval in parse_indexes(case["text"], case["completions"])]
        case "add":
            check_keys(case, {"name", "op", "expect", "text", "completions", "indexes"})
            return format_indexes(add_indexes(parse_indexes(case["text"], case["completions"]), case["indexes"]))
        case "contains":
            check_keys(case, {"name", "op", "expect", "text", "completions", "index"})
            return has_index(parse_indexes(case["text"], case["completions"]), case["index"])
        case "count":
            check_keys(case, {"name", "op", "expect", "text", "completions"})
            return count_indexes(parse_indexes(case["text"], case["completions"]))
        case "validate":
            check_keys(case, {"name", "op", "expect", "text", "completions"})
            check_keys(case["expect"], {"count", "error"}, "expect")
            try:
                return {"count": check_indexes(case["text"], case["completions"])}
            except ValueError as error:
                return {"error": str(error)}
        case "pending":
            known = {"count", "completions", "active", "completed", "failed", "terminating", "podReplacementPolicy"}
            check_keys(case, {"name", "op", "expect", *known})
            completions = case["completions"]
            taken = [*case["active"]]
            if case.get("podReplacementPolicy") == "Failed":
                taken += case.get("terminating", [])
            completed, failed = (parse_indexes(case[key], completions) for key in ("completed", "failed"))
            return free_indexes(case["count"], completions, completed, failed, taken)
        case "generateName":
            check_keys(case, {"name", "op", "expect", "job", "index"})
            return pod_name_prefix(case["job"], case["index"])
        case op:
            raise AssertionError(f"the adapter does not know op {op}")


@pytest.mark.parametrize("case", cases("index-intervals"))
def test_index_intervals(case: dict[str, Any]) -> None:
    assert answer(case) == case["expect"]
