from __future__ import annotations

from typing import Any

import pytest

from tests.vectors.cases import cases
from tests.vectors.test_job_validation import check_validation


@pytest.mark.parametrize("case", cases("cronjob-validation"))
def test_cronjob_validation(case: dict[str, Any]) -> None:
    check_validation(case)
