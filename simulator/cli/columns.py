"""Text in aligned columns, the way Go's tabwriter does it, which kubectl's output is made with.

Cells end with a tab. A column is a run of successive lines that have a cell there; the text after the last tab of a line
belongs to no column. So a line without tabs ends all columns above it.
"""

from __future__ import annotations

from collections.abc import Sequence


def aligned(text: str, padding: int = 2, min_width: int = 0, widths: list[int] | None = None) -> str:
    """`text` with its tabs replaced by spaces.

    `widths`, if given, is a memory of column widths: a column is never narrower than in it, and it is updated.
    """
    lines = [line.split("\t") for line in text.replace("\v", "\t").replace("\f", "\n").split("\n")]
    writer = _Writer(lines, padding, min_width, widths)
    writer.format(0, len(lines), [])
    return "\n".join(writer.out)


class _Writer:
    def __init__(self, lines: list[list[str]], padding: int, min_width: int, memory: list[int] | None) -> None:
        self._lines = lines
        self._padding = padding
        self._min_width = min_width
        self._memory = memory
        self.out: list[str] = []

    def format(self, start: int, end: int, widths: Sequence[int]) -> None:
        """Write lines `start` to `end`, whose columns left of `len(widths)` have these widths."""
        column, line = len(widths), start
        while line < end:
            if column >= len(self._lines[line]) - 1:
                line += 1
                continue
            self._write(start, line, widths)
            start = line
            width = self._min_width
            while line < end and column < len(self._lines[line]) - 1:
                width = max(width, len(self._lines[line][column]) + self._padding)
                line += 1
            self.format(start, line, [*widths, self._remembered(column, width)])
            start = line
        self._write(start, end, widths)

    def _remembered(self, column: int, width: int) -> int:
        if self._memory is None:
            return width
        if column < len(self._memory):
            width = self._memory[column] = max(width, self._memory[column])
        else:
            self._memory.append(width)
        return width

    def _write(self, start: int, end: int, widths: Sequence[int]) -> None:
        for cells in self._lines[start:end]:
            padded = [cell.ljust(widths[i]) if i < len(widths) else cell for i, cell in enumerate(cells)]
            self.out.append("".join(padded))
