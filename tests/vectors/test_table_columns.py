"""table-columns.json: the columns of the API server's tables."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.api.tables import columns
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("table-columns", name=lambda case: case["kind"]))
def test_columns(case: dict[str, Any]) -> None:
    check_keys(case, {"kind", "columns"})
    shown = [{key: value for key, value in column.items() if key != "description"} for column in columns(case["kind"])]
    assert shown == case["columns"]
