"""cron-next.json: what Kubernetes' cron parser says to a schedule, and its next times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from simulator.scheduler import ScheduleError, parse
from tests.vectors.cases import cases, check_keys


def case_name(case: dict[str, Any]) -> str:
    return f"{case['spec']} @ {case.get('zone', '')} @ {case.get('from', '')}"


@pytest.mark.parametrize("case", cases("cron-next", case_name))
def test_cron_next(case: dict[str, Any]) -> None:
    check_keys(case, {"spec", "zone", "from", "next", "error"})
    if "error" in case:
        with pytest.raises(ScheduleError) as raised:
            parse(case["spec"])
        assert str(raised.value) == case["error"]
        return
    schedule = parse(case["spec"], case["zone"])
    time = datetime.fromisoformat(case["from"])
    for expected in case["next"]:
        found = schedule.next(time)
        if expected == "never":
            assert found is None
            return
        assert found == datetime.fromisoformat(expected)
        assert found is not None
        time = found
