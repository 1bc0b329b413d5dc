"""describe.json: the pages of `kubectl describe`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from simulator.cli.describe import describe
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("describe"))
def test_describe(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "object", "events", "hideEvents", "now", "text"})
    events = None if case.get("hideEvents") else case["events"]
    assert describe(case["object"], events, datetime.fromisoformat(case["now"])) == case["text"]
