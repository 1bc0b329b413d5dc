"""cronjob-sync-random.json: passes of the CronJob controller on random input."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vectors.cases import cases
from tests.vectors.test_cronjob_sync import check_case


@pytest.mark.parametrize("case", cases("cronjob-sync-random"))
def test_cronjob_sync_random(case: dict[str, Any]) -> None:
    check_case(case)
