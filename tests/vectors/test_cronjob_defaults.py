from __future__ import annotations

from typing import Any

import pytest

from tests.vectors.cases import cases
from tests.vectors.test_job_defaults import check_stored


@pytest.mark.parametrize("case", cases("cronjob-defaults"))
def test_cronjob_defaults(case: dict[str, Any]) -> None:
    check_stored(case)
