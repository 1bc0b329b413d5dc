"""human-duration.json: ages as kubectl shows them."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.durations import human_duration
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("human-duration"))
def test_human_duration(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "seconds", "expect"})
    assert human_duration(case["seconds"]) == case["expect"]
