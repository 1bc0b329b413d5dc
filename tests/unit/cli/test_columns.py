from __future__ import annotations

from simulator.cli.columns import aligned


def test_a_column_is_as_wide_as_its_widest_cell() -> None:
    assert aligned("a\tb\nlong\tc\n") == "a     b\nlong  c\n"


def test_a_line_without_tabs_ends_the_columns() -> None:
    assert aligned("a\tb\nText\nlong\tc") == "a  b\nText\nlong  c"


def test_inner_columns_end_where_a_line_lacks_them() -> None:
    assert aligned("aaaa\tb\tc\nd\te\nf\tg\thhh\n") == "aaaa  b  c\nd     e\nf     g  hhh\n"


def test_widths_are_remembered() -> None:
    widths: list[int] = []
    assert aligned("name\tx\n", 3, 6, widths) == "name   x\n"
    assert aligned("longer name\tx\n", 3, 6, widths) == "longer name   x\n"
    assert aligned("a\tx\n", 3, 6, widths) == "a             x\n"
    assert widths == [14]
