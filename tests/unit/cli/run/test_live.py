"""The view of a run on a terminal: the lines above the table."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from simulator.cli.run.live import LiveView


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("from a tty\r", "from a tty"),
        ("10%\r20%\r", "20%"),
        ("a b " * 40, "a b " * 40),  # in one piece: the terminal breaks it
        ("x" * 200, "x" * 200),
        ("\x1b[2Jcleared\x07 [bold]no markup", "cleared [bold]no markup"),
    ],
)
def test_a_line_of_a_container(text: str, shown: str) -> None:
    out = StringIO()
    view = LiveView(Console(file=out, force_terminal=True, width=60, highlight=False))
    view.log("x-abcde", "main", text, is_only=True)
    assert re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()) == f"[x-abcde] {shown}\n"


def test_a_long_remark_is_not_broken() -> None:
    out = StringIO()
    LiveView(Console(file=out, force_terminal=True, width=20)).say("job.batch/x complete: 1 succeeded, 0 failed in 2s")
    assert out.getvalue() == "job.batch/x complete: 1 succeeded, 0 failed in 2s\n"
