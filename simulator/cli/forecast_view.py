"""A forecast on a terminal: the same words as plain text, in a table that fits the width, and in colour."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulator.forecast import timeline as marks
from simulator.forecast.assumptions import in_words
from simulator.forecast.findings import findings_to_read
from simulator.forecast.inputs import seconds_text
from simulator.forecast.simulation import Forecast
from simulator.forecast.text import HEADER, heading, rows, sums

_OUTCOMES = {
    "Complete": "green",
    "Failed": "red",
    "Replaced": "magenta",
    "Deleted": "magenta",
    "Skipped": "yellow",
    "Running": "cyan",
    "Suspended": "cyan",
}
_MARKS = {
    marks.FREE: "dim",
    marks.RUNNING: "green",
    marks.HAS_FAILED: "bold red",
    marks.WAS_REPLACED: "magenta",
    marks.SKIPPED: "bold yellow",
    marks.LATE: "cyan",
    marks.DOUBLED: "bold cyan",
}
_GRAVE = ("NeverFires", "Fails", "Waiting")
_LEAST_WIDTH = 24
_NEEDS_WIDTH = {"JOB": 150, "LOCAL": 125, "TOOK": 80}
"""Columns that a terminal narrower than this does without."""


def show_in_colour(forecast: Forecast) -> None:
    """Print a forecast with rich on stdout."""
    console = Console(highlight=False)
    console.print(Text(heading(forecast), style="bold"))
    console.print("Assumptions:", style="bold")
    for assumption in forecast.assumptions:
        console.print(Text(f"  {in_words(assumption, forecast.label(assumption.owner))}"))
    console.print()
    shown, left = rows(forecast)
    if shown:
        hidden = {name for name, width in _NEEDS_WIDTH.items() if console.width < width}
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in HEADER:
            if name not in hidden:
                table.add_column(name, no_wrap=name != "NOTE")
        for row in shown:
            style = _OUTCOMES.get(row.kind, "")
            named = zip(HEADER, row.cells, strict=True)
            table.add_row(*(Text(cell, style if name == "OUTCOME" else "") for name, cell in named if name not in hidden))
        console.print(table)
        if left:
            console.print(Text(f"... and {left} more (-o csv lists all)"))
        _show_timeline(console, forecast)
    console.print("Findings:", style="bold")
    for finding in findings_to_read(forecast):
        console.print(Text(f"  {finding.message}", style="red" if finding.type in _GRAVE else ""))
    console.print()
    console.print(Text(sums(forecast)), soft_wrap=True)


def _show_timeline(console: Console, forecast: Forecast) -> None:
    names = max(len(forecast.label(owner)) for owner in forecast.tallies)
    drawn = marks.timeline(forecast, max(_LEAST_WIDTH, console.width - names - 3))
    console.print()
    console.print(f"Timeline (local time; a column is {seconds_text(drawn.step.total_seconds())}):", style="bold")
    console.print(Text(f"{'':{names}}  {drawn.axis}"), soft_wrap=True)
    for name, cells in drawn.lines:
        line = Text(f"{name:{names}}  ")
        for cell in cells:
            line.append(cell, style=_MARKS[cell])
        console.print(line, soft_wrap=True)
    console.print(Text(f"{'':{names}}  {marks.LEGEND}", style="dim"), soft_wrap=True)
    console.print()
