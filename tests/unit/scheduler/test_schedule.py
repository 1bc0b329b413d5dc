"""Times as ISO strings in UTC: the walk past clock changes, its bounds, and that croniter is loaded late."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from simulator.scheduler import ScheduleError, UnknownZone, parse, zone_named
from simulator.scheduler.language import Fields, read
from simulator.scheduler.walk import Walk
from simulator.scheduler.zones import Zone


def times(text: str, zone: str | None, after: str, count: int) -> list[str]:
    """The next times, each after the one before, without the seconds."""
    schedule = parse(text, zone)
    now = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = []
    for _ in range(count):
        following = schedule.next(now)
        if following is None:
            return [*found, "never"]
        found.append(following.isoformat(timespec="minutes").removesuffix("+00:00"))
        now = following
    return found


def test_a_slot_is_strictly_later() -> None:
    assert times("0 * * * *", None, "2024-03-05T14:00:00", 1) == ["2024-03-05T15:00"]
    assert times("0 * * * *", None, "2024-03-05T13:59:59.999", 1) == ["2024-03-05T14:00"]


def test_day_of_month_or_day_of_week() -> None:
    assert times("0 0 13 * 5", None, "2024-09-01T00:00:00", 3) == [
        "2024-09-06T00:00",
        "2024-09-13T00:00",
        "2024-09-20T00:00",
    ]
    assert times("0 0 */1 * 1", None, "2024-09-01T00:00:00", 2) == ["2024-09-02T00:00", "2024-09-09T00:00"]
    assert times("0 0 1-31 * 1", None, "2024-09-01T00:00:00", 2) == ["2024-09-02T00:00", "2024-09-03T00:00"]


def test_one_of_two_days_that_never_occurs_does_not_hide_the_other() -> None:
    assert times("0 0 31 2 1", None, "2024-01-01T00:00:00", 2) == ["2024-02-05T00:00", "2024-02-12T00:00"]
    assert times("0 0 , 2 1", None, "2024-01-01T00:00:00", 1) == ["2024-02-05T00:00"]


def test_five_years_are_looked_at() -> None:
    assert times("0 0 29 2 *", None, "2096-01-01T00:00:00", 2) == ["2096-02-29T00:00", "never"]
    assert times("0 0 30 2 *", "Europe/Berlin", "2024-01-01T00:00:00", 1) == ["never"]
    assert times("0 , * * *", "Europe/Berlin", "2024-01-01T00:00:00", 1) == ["never"]


def test_every_goes_by_elapsed_time() -> None:
    assert times("@every 90m", "Europe/Berlin", "2024-03-31T00:00:00.9", 2) == ["2024-03-31T01:30", "2024-03-31T03:00"]


def test_a_skipped_time_does_not_fire() -> None:
    assert times("30 2 * * *", "Europe/Berlin", "2027-03-26T12:00:00", 2) == ["2027-03-27T01:30", "2027-03-29T00:30"]


def test_a_repeated_time_fires_twice() -> None:
    assert times("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00", 3) == [
        "2027-10-31T00:30",
        "2027-10-31T01:30",
        "2027-11-01T01:30",
    ]


def test_a_prefix_wins_over_the_zone() -> None:
    assert times("TZ=Asia/Tokyo 0 0 * * *", "America/New_York", "2024-03-05T00:00:00", 1) == ["2024-03-05T15:00"]


def test_bounds_of_the_calendar() -> None:
    assert times("0 0 * * *", "Asia/Tokyo", "9999-12-31T23:59:59", 1) == ["never"]
    assert times("0 0 * * *", "America/New_York", "0001-01-01T00:00:00", 1) == ["never"]
    assert times("@every 2562047h", None, "9990-01-01T00:00:00", 1) == ["never"]


def test_chatham_can_stand_still() -> None:
    """The autumn change at 03:45: the search gives the same instant again (cronjob.md 4.3)."""
    assert times("45 3 * * *", "Pacific/Chatham", "2024-04-06T00:00:00", 2) == ["2024-04-06T14:00", "2024-04-06T14:00"]


def test_apia_ends() -> None:
    """A search by date across the day that Apia skipped goes round in a circle in the reference."""
    assert times("0 12 * * 1", "Pacific/Apia", "2011-12-27T00:00:00", 1) == ["never"]
    assert times("0 0 * * *", "Pacific/Apia", "2011-12-29T00:00:00", 3) == [
        "2011-12-29T10:00",
        "2011-12-30T10:00",
        "2011-12-31T10:00",
    ]


def test_the_seconds_move_when_a_local_mean_time_ends() -> None:
    """Riyadh was 3:06:52 ahead until 24:00:00, which was then 23:53:08; the reference looks second by second."""
    assert times("59 23 * * 4", "Asia/Riyadh", "1947-03-13T20:52:38", 1) == ["1947-03-13T20:59"]


START = datetime(2026, 1, 5, tzinfo=UTC)


def following(after: datetime) -> datetime:
    slot = parse("*/7 3-20 * * 1-5", "Europe/Berlin").next(after)
    assert slot is not None
    return slot


def test_several_threads_may_ask_one_schedule() -> None:
    """A command that is its own control plane asks the same object from two threads."""
    slots = [START]
    while slots[-1].day < 20:
        slots.append(following(slots[-1]))
    parse.cache_clear()
    wrong: list[datetime] = []

    def ask(chance: random.Random) -> None:
        for _ in range(40):
            index = chance.randrange(len(slots) - 30)
            pairs = zip(slots[index : index + 29], slots[index + 1 :], strict=False)
            wrong.extend(slot for slot, after in pairs if following(slot) != after)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, map(random.Random, range(4))))
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


class StepByStep(Walk):
    """The walk without its short cut."""

    def _quick(self, instant: int) -> int | None:
        return None


def random_field(chance: random.Random, low: int, high: int) -> str:
    first, last = sorted((chance.randint(low, high), chance.randint(low, high)))
    choices = ["*", "*", f"*/{last or 1}", f"{first}", f"{first}-{last}", f"{first},{last}", f"{first}/{last or 1}"]
    return chance.choice(choices)


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Sao_Paulo", "Asia/Tehran"]
)
def test_the_short_cut_gives_what_the_walk_gives(name: str) -> None:
    chance = random.Random(name)
    zone: Zone = zone_named(name)
    for _ in range(60):
        limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
        text = " ".join(random_field(chance, low, high) for low, high in limits)
        fields = read(text)
        assert isinstance(fields, Fields)
        instant = chance.randint(1_000_000_000, 2_000_000_000)
        assert Walk(fields, zone).next(instant) == StepByStep(fields, zone).next(instant), (text, instant)


def test_unknown_zones() -> None:
    for name in ("Mars/Base", "europe/berlin", "Europe", "Europe/Berlin/", "\0"):
        with pytest.raises(UnknownZone, match="unknown time zone"):
            zone_named(name)
    with pytest.raises(UnknownZone, match="invalid location name"):
        zone_named("../UTC")
    with pytest.raises(UnknownZone):
        parse("0 0 * * *", "Mars/Base")
    with pytest.raises(ScheduleError, match=r"^provided bad location Mars/Base: unknown time zone Mars/Base$"):
        parse("TZ=Mars/Base 0 0 * * *")
    assert zone_named("Local").is_utc


def test_wall_clock_to_instant() -> None:
    """cronjob.md 4.2, with 02:30 skipped and repeated west and east of Greenwich."""
    west, east = zone_named("America/New_York"), zone_named("Europe/Berlin")

    def utc(zone: Zone, wall: str) -> str:
        seconds = int(datetime.fromisoformat(wall).replace(tzinfo=UTC).timestamp())
        return datetime.fromtimestamp(zone.instant(seconds), UTC).strftime("%H:%M")

    assert utc(west, "2024-03-10T02:30") == "06:30"
    assert utc(east, "2024-03-31T02:30") == "01:30"
    assert utc(west, "2024-11-03T01:30") == "05:30"
    assert utc(east, "2024-10-27T02:30") == "01:30"


def test_croniter_is_loaded_with_the_first_question() -> None:
    program = (
        "import sys; from datetime import datetime, UTC; from simulator.scheduler import parse;"
        "schedule = parse('0 0 * * *', 'Europe/Berlin'); assert 'croniter' not in sys.modules;"
        "schedule.next(datetime(2024, 1, 1, tzinfo=UTC)); assert 'croniter' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
