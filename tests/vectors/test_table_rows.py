"""table-rows.json: the rows of the API server's tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from simulator.api.tables import cells, row_conditions
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("table-rows"))
def test_row(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "kind", "object", "now", "cells", "rowConditions", "note"})
    assert cells(case["object"], datetime.fromisoformat(case["now"])) == case["cells"]
    assert row_conditions(case["object"]) == case.get("rowConditions", [])
