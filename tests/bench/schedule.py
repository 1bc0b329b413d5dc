"""Next times against bare croniter's `get_next`, for ordinary schedules; every start time is another one."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from simulator.scheduler import parse

SCHEDULES = ("* * * * *", "*/15 * * * *", "0 * * * *", "30 2 * * *", "0 9 * * 1-5", "0 0 1 * *", "0 0 1 1 *")
ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe")
ROUNDS = 7
QUESTIONS = 1_000


def rows() -> Iterator[str]:
    """A row for each schedule and zone: microseconds for one next time, and our rate as a part of croniter's."""
    yield f"{'schedule':16} {'zone':22} {'ours':>8} {'croniter':>9} {'rate':>6}  target"
    chance = random.Random(1)
    for zone in ZONES:
        info = UTC if zone == "UTC" else ZoneInfo(zone)
        for text in SCHEDULES:
            schedule, bare = parse(text, zone), croniter(text, datetime(2024, 1, 1, tzinfo=info))
            ours, theirs = [], []
            for round_ in range(ROUNDS + 1):
                starts = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=second) for second in seconds(chance)]
                local = [start.astimezone(info) for start in starts]
                mine = timed(schedule.next, starts)
                other = timed(lambda start, bare=bare: bare.get_next(datetime, start_time=start), local)
                if round_:
                    ours.append(mine)
                    theirs.append(other)
            rate = statistics.median(other / mine for mine, other in zip(ours, theirs, strict=True))
            target = "at least 0.5" if zone == "UTC" else "at least 0.2"
            each, bare_each = statistics.median(ours) / QUESTIONS * 1e6, statistics.median(theirs) / QUESTIONS * 1e6
            yield f"{text:16} {zone:22} {each:6.1f}us {bare_each:7.1f}us {rate:6.2f}  {target}"


def seconds(chance: random.Random) -> list[int]:
    """Start times within six years, none twice."""
    return chance.sample(range(6 * 365 * 86400), QUESTIONS)


def timed(ask: Callable[[datetime], object], starts: list[datetime]) -> float:
    """Seconds for asking about every start."""
    begin = time.process_time()
    for start in starts:
        ask(start)
    return time.process_time() - begin
