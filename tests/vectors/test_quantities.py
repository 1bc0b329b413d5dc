"""quantities.json: resource quantities as the API server reads, shows and compares them."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.model.quantities import QuantityError, compare_quantities, parse_json_quantity, parse_quantity
from tests.vectors.cases import cases, check_keys


@pytest.mark.parametrize("case", cases("quantities"))
def test_quantity(case: dict[str, Any]) -> None:
    check_keys(case, {"name", "text", "json", "canonical", "value", "milli", "error", "other", "compare"})
    if "other" in case:
        assert compare_quantities(case["text"], case["other"]) == case["compare"]
        assert compare_quantities(case["other"], case["text"]) == -case["compare"]
        return
    read, source = (parse_json_quantity, case["json"]) if "json" in case else (parse_quantity, case["text"])
    if "error" in case:
        with pytest.raises(QuantityError) as caught:
            read(source)
        assert str(caught.value) == case["error"]
        return
    quantity = read(source)
    assert quantity.text == case["canonical"]
    if "value" in case:
        assert quantity.value() == case["value"]
    if "milli" in case:
        assert quantity.milli() == case["milli"]
