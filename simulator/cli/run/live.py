"""The view of a run on a terminal: a progress bar for each Job, a row for each pod, and log lines above them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from simulator.api.tables import cells
from simulator.cli.run.plain import trouble
from simulator.cli.run.progress import Progress, finished, has_ended

Tree = dict[str, Any]

_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "bright_cyan", "bright_magenta", "bright_yellow", "bright_blue")
_STATUS_COLOURS = {"Running": "green", "Completed": "dim green", "Error": "red", "Complete": "green", "Failed": "red"}
_MOST_ROWS = 12
_REFRESHES_PER_SECOND = 8


class LiveView:
    """Draws a run with rich. The rows follow the terminal's size; pods that ended make way for those that run."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._live = Live(console=self._console, refresh_per_second=_REFRESHES_PER_SECOND, transient=True)
        self._colours: dict[str, str] = {}
        self._troubles: dict[str, str] = {}

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        """A line about the run itself."""
        self._print(Text(text))

    def log(self, pod: str, container: str, text: str, *, is_only: bool) -> None:
        """A line that a container has printed, prefixed and in its pod's colour.

        One that draws over itself is shown as it was last; with a tty of its own, a container ends each line by going back.
        """
        prefix = f"[{pod}] " if is_only else f"[{pod}/{container}] "
        self._print(Text.assemble((prefix, self._colour(pod)), Text.from_ansi(text.rstrip("\r"))))

    def update(self, progress: Progress, now: datetime) -> None:
        """Draw the Jobs and pods as they are now."""
        for uid, pod in progress.pods.items():
            why = trouble(pod)
            reason = why.split(":", 1)[0]
            if why and self._troubles.get(uid) != reason:
                self._troubles[uid] = reason
                self.say(f"pod/{pod['metadata']['name']} {why}")
        self._live.update(Group(*self._jobs(progress, now), self._pods(progress, now)))

    def _print(self, text: Text) -> None:
        """Print a line as it is: the terminal breaks it where it must, so that it can be copied in one piece."""
        self._live.console.print(text, soft_wrap=True)

    def _jobs(self, progress: Progress, now: datetime) -> list[Table]:
        grids = []
        for job in list(progress.jobs.values())[-3:]:
            name, status, completions, duration, _ = (str(cell) for cell in cells(job, now)[:5])
            done, total = _share(job)
            grid = Table.grid(padding=(0, 2))
            grid.add_row(
                Text(f"job/{name}", style="bold"),
                ProgressBar(total=total, completed=done, width=30, pulse=False),
                Text(completions),
                Text(status, style=_STATUS_COLOURS.get(status, "")),
                Text(duration),
            )
            grids.append(grid)
        return grids

    def _pods(self, progress: Progress, now: datetime) -> Table:
        table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim", show_edge=False)
        for title in ("NAME", "READY", "STATUS", "RESTARTS", "AGE"):
            table.add_column(title)
        pods = [pod for uid in progress.jobs for pod in progress.pods_of(uid)]
        room = max(3, min(_MOST_ROWS, self._console.size.height - 6))
        running = [pod for pod in pods if not has_ended(pod)]
        shown = running[:room] if len(running) >= room else pods[-room:] if len(pods) > room else pods
        for pod in shown:
            row = [str(cell) for cell in cells(pod, now)[:5]]
            style = _STATUS_COLOURS.get(row[2], "")
            table.add_row(Text(row[0], style=self._colour(row[0])), row[1], Text(row[2], style=style), row[3], row[4])
        if len(shown) < len(pods):
            table.add_row(Text(f"... and {len(pods) - len(shown)} more", style="dim"))
        return table

    def _colour(self, pod: str) -> str:
        return self._colours.setdefault(pod, _COLOURS[len(self._colours) % len(_COLOURS)])


def _share(job: Tree) -> tuple[int, int]:
    """How far a Job is: succeeded pods of those wanted."""
    spec, status = job["spec"], job.get("status", {})
    total = spec.get("completions")
    if total is None:
        total = max(1, spec.get("parallelism") or 1)
    done = int(status.get("succeeded") or 0)
    end = finished(job)
    if end is not None and end["type"] == "Complete":
        return max(1, total), max(1, total)
    return done, max(1, total)
