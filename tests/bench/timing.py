"""Timing whole commands, interleaved, so that a machine that slows down slows both sides of a ratio."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence

Action = Callable[[], None]


def command(arguments: Sequence[str], env: dict[str, str] | None = None) -> Action:
    """An action that runs a command and fails if that does."""

    def run() -> None:
        subprocess.run(arguments, check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return run


def interleaved(actions: dict[str, Action], runs: int) -> dict[str, list[float]]:
    """Seconds of each action in each of `runs` rounds, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for round_ in range(runs + 1):
        for name, action in actions.items():
            begin = time.perf_counter()
            action()
            if round_:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def table(seconds: dict[str, list[float]], baseline: str, targets: dict[str, str]) -> Iterator[str]:
    """A row for each action: median, least, most, and the median ratio to `baseline`, with what is aimed at."""
    yield f"{'':34} {'median':>9} {'min':>9} {'max':>9} {'ratio':>7}  target"
    for name, values in seconds.items():
        ratio = statistics.median(mine / other for mine, other in zip(values, seconds[baseline], strict=True))
        yield (
            f"{name:34} {statistics.median(values):8.3f}s {min(values):8.3f}s {max(values):8.3f}s {ratio:7.2f}"
            f"  {targets.get(name, '')}"
        )
