from __future__ import annotations

import pytest

from simulator.model.quantities import (
    NUMERIC_ERROR,
    QuantityError,
    canonical_quantity,
    compare_quantities,
    parse_json_quantity,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"),
        (0.5, "500m"),
        (1.0, "1"),
        (1000, "1k"),
        (1e22, "10e21"),
        (1e16, "10P"),
        (1e-5, "10u"),
        (None, "0"),
        ("-0", "0"),
        ("1e2000000000", "100e1999999998"),
        ("0.1e-1000000000", "1e-9"),
    ],
)
def test_canonical(value: str | float | None, text: str) -> None:
    assert canonical_quantity(value) == text


@pytest.mark.parametrize("value", [True, [], {}, float("nan"), "\t1"])
def test_refused(value: object) -> None:
    with pytest.raises(QuantityError):
        parse_quantity(value)  # type: ignore[arg-type]


def test_no_digits() -> None:
    with pytest.raises(QuantityError, match=NUMERIC_ERROR):
        parse_quantity("Ei")


def test_order() -> None:
    assert parse_quantity("1Gi") > parse_quantity("1G")
    assert parse_quantity("0.1") == parse_quantity("100m")
    assert len({parse_quantity("1k"), parse_quantity("1000")}) == 1
    assert compare_quantities("1e2000000000", "1e1999999999") == 1
    assert compare_quantities("-1", "1n") == -1
    assert parse_json_quantity("null").value() == 0
