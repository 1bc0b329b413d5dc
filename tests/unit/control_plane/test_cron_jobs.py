"""CronJobs as time really comes: slots that are passed over and why, downtime, sleep, and clocks that are set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.control_plane.cluster import NOON, Cluster, cron_job, job

NOBODY = (
    "nobody looked at it in time: the control plane was down, the machine slept, or the CronJob was suspended or changed"
)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.end()


@pytest.fixture
def long_runs(tmp_path: Path) -> Iterator[Cluster]:
    """Each Job runs two and a half minutes."""
    cluster = Cluster(tmp_path, seconds=150)
    yield cluster
    cluster.end()


def at(text: str) -> datetime:
    hour, minute, second = map(int, text.split(":"))
    return NOON.replace(hour=hour, minute=minute, second=second)


def slots(cluster: Cluster, name: str = "tick") -> list[str]:
    """For which times Jobs were started, in their order, by their names."""
    minutes = [int(job.removeprefix(f"{name}-")) for job in cluster.names() if job.startswith(f"{name}-")]
    return [f"{datetime.fromtimestamp(minute * 60, NOON.tzinfo):%H:%M}" for minute in sorted(minutes)]


def told(cluster: Cluster, since: str = "12:00:00") -> list[str]:
    """What was decided about the CronJob, without the next slots."""
    start = at(since)
    return [
        f"{time:%H:%M:%S} {text}"
        for time, text in cluster.decisions("CronJob", "tick")
        if time >= start and not text.startswith("next slot ")
    ]


# --- why a slot has no Job of its own, or a late one ---


def test_forbid_skips_slots_and_the_last_one_starts_late(long_runs: Cluster) -> None:
    long_runs.create(cron_job(concurrencyPolicy="Forbid"))
    long_runs.run_to(at("12:03:40"))
    assert told(long_runs) == [
        "12:01:00 created job/tick-29539441: slot 2026-03-01T12:01:00Z is due",
        "12:02:00 slot 2026-03-01T12:02:00Z is skipped: tick-29539441 still runs (concurrencyPolicy Forbid)",
        "12:03:00 slot 2026-03-01T12:03:00Z is skipped: tick-29539441 still runs (concurrencyPolicy Forbid)",
        "12:03:30 created job/tick-29539443: slot 2026-03-01T12:03:00Z was due 30 s ago; until now tick-29539441 ran "
        "(concurrencyPolicy Forbid); about 1 before it is lost",
        "12:03:30 job/tick-29539441 has ended (Complete)",
    ]


def test_forbid_and_a_deadline_lose_the_slot(long_runs: Cluster) -> None:
    long_runs.create(cron_job(concurrencyPolicy="Forbid", startingDeadlineSeconds=20))
    long_runs.run_to(at("12:04:05"))
    assert told(long_runs, "12:03:01") == [
        "12:03:30 job/tick-29539441 has ended (Complete)",
        "12:03:30 slot 2026-03-01T12:03:00Z is missed: startingDeadlineSeconds (20) have passed; "
        "until now tick-29539441 ran (concurrencyPolicy Forbid)",
        "12:04:00 created job/tick-29539444: slot 2026-03-01T12:04:00Z is due",
    ]


def test_a_minute_has_one_job_while_it_runs(long_runs: Cluster) -> None:
    """Jobs are named by the minute."""
    long_runs.create(cron_job(schedule="@every 20s"))
    long_runs.run_to(at("12:00:45"))
    assert told(long_runs) == [
        "12:00:20 created job/tick-29539440: slot 2026-03-01T12:00:20Z is due",
        "12:00:40 slot 2026-03-01T12:00:40Z is skipped: tick-29539440, the Job of this minute, still runs",
    ]


def test_replace_deletes_the_run_before(long_runs: Cluster) -> None:
    long_runs.create(cron_job(concurrencyPolicy="Replace"))
    long_runs.run_to(at("12:02:05"))
    assert told(long_runs, "12:02:00") == [
        "12:02:00 deleted job/tick-29539441: slot 2026-03-01T12:02:00Z is due (concurrencyPolicy Replace)",
        "12:02:00 created job/tick-29539442: slot 2026-03-01T12:02:00Z is due",
    ]


def test_a_slot_while_the_control_plane_is_down_starts_once_it_is_up(cluster: Cluster) -> None:
    cluster.create(cron_job())
    cluster.run_to(at("12:01:30"))
    cluster.end()
    cluster.set_clock(at("12:10:30"))
    cluster.begin()
    cluster.step()
    assert slots(cluster) == ["12:01", "12:10"]
    assert told(cluster, "12:10:00")[0] == (
        f"12:10:30 created job/tick-29539450: slot 2026-03-01T12:10:00Z was due 30 s ago; {NOBODY}; "
        "about 8 before it are lost"
    )
    cluster.end()
    cluster.begin()
    cluster.run_to(at("12:10:50"))
    assert slots(cluster) == ["12:01", "12:10"]


def test_a_slot_of_the_downtime_is_missed_if_its_deadline_has_passed(cluster: Cluster) -> None:
    cluster.create(cron_job(startingDeadlineSeconds=20))
    cluster.run_to(at("12:01:30"))
    cluster.end()
    cluster.set_clock(at("12:10:30"))
    cluster.begin()
    cluster.run_to(at("12:10:50"))
    assert slots(cluster) == ["12:01"]
    assert told(cluster, "12:10:00")[0] == (
        f"12:10:30 slot 2026-03-01T12:10:00Z is missed: startingDeadlineSeconds (20) have passed; {NOBODY}"
    )


def test_what_was_suspended_starts_its_last_slot_when_it_goes_on(cluster: Cluster) -> None:
    made = cluster.create(cron_job(suspend="true"))
    cluster.run_to(at("12:05:30"))
    assert slots(cluster) == []
    cluster.change(made, suspend=False)
    cluster.run_to(at("12:05:40"))
    assert slots(cluster) == ["12:05"]
    assert told(cluster)[0] == "12:00:00 suspended: no Job is started"
    assert told(cluster)[1].endswith(f"was due 30 s ago; {NOBODY}; about 4 before it are lost")


# --- clocks that are set, machines that sleep ---


def test_a_machine_that_slept_starts_the_last_slot_once(cluster: Cluster) -> None:
    cluster.create(cron_job())
    cluster.run_to(at("12:00:30"))
    cluster.set_clock(at("14:10:20"))
    cluster.step()
    assert slots(cluster) == ["14:10"]
    assert cluster.events()[0].startswith("TooManyMissedTimes: too many missed start times.")
    cluster.run_to(at("14:11:01"))
    assert slots(cluster) == ["14:10", "14:11"]


def test_a_clock_that_goes_back_starts_nothing_twice(cluster: Cluster) -> None:
    """As in a cluster, the next slot is the one after `lastScheduleTime`, however long the clock takes to get there."""
    cluster.create(cron_job())
    cluster.run_to(at("12:02:30"))
    assert slots(cluster) == ["12:01", "12:02"]
    for back in ("12:02:10", "12:00:45"):
        cluster.set_clock(at(back))
        cluster.run_to(at("12:02:50"))
        assert slots(cluster) == ["12:01", "12:02"]
    cluster.run_to(at("12:03:05"))
    assert slots(cluster) == ["12:01", "12:02", "12:03"]


def test_a_clock_that_goes_back_before_a_slot_starts_it_at_its_time(cluster: Cluster) -> None:
    """Timers are instants, not waits: what is due at 13:00 is due at 13:00 of the new clock."""
    cluster.create(cron_job(schedule="0 * * * *"))
    cluster.run_to(at("12:59:59"))
    cluster.set_clock(at("12:30:00"))
    cluster.run_to(at("12:59:58"))
    assert slots(cluster) == []
    cluster.run_to(at("13:00:01"))
    assert slots(cluster) == ["13:00"]


def test_a_restart_after_the_clock_went_back_starts_nothing_twice(cluster: Cluster) -> None:
    cluster.create(cron_job())
    cluster.run_to(at("12:02:30"))
    cluster.end()
    cluster.set_clock(at("12:01:30"))
    cluster.begin()
    cluster.run_to(at("12:02:50"))
    assert slots(cluster) == ["12:01", "12:02"]


def test_an_edit_counts_at_once_after_the_clock_went_back(cluster: Cluster) -> None:
    """An earlier instant moves a timer: nothing waits for what the old clock would have shown."""
    made = cluster.create(cron_job(schedule="0 18 * * *"))
    cluster.run_to(at("17:00:00"))
    cluster.set_clock(at("12:30:10"))
    cluster.change(made, schedule="* * * * *")
    cluster.run_to(at("12:31:05"))
    assert slots(cluster) == ["12:31"]


def test_jobs_end_although_the_clock_jumps(cluster: Cluster) -> None:
    """Containers end by what the engine reports, not by the clock; a deadline is an instant of the clock."""
    cluster.create(job("short"))
    cluster.create(job("limited", activeDeadlineSeconds=3600))
    cluster.run_to(at("12:00:02"))
    cluster.set_clock(at("12:40:00"))
    cluster.step()
    for name in ("short", "limited"):
        conditions = [condition.type for condition in cluster.get("Job", name).status.conditions]
        assert conditions == ["SuccessCriteriaMet", "Complete"]


def test_a_failed_pod_is_tried_again_by_the_clock_that_is_shown(tmp_path: Path) -> None:
    """The end of a back-off is told as an instant, and that instant counts, as in a cluster, which stores whole instants."""
    from simulator.executor.virtual import Run

    cluster = Cluster(tmp_path, script=lambda command: Run(1, exit_code=1))
    cluster.create(job("flaky", backoffLimit=1))
    cluster.run_to(at("12:00:05"))
    cluster.set_clock(at("11:59:00"))
    cluster.run_to(at("12:00:10"))
    assert len(cluster.pods()) == 1
    cluster.run_to(at("12:00:14"))
    assert len(cluster.pods()) == 2
    cluster.end()


@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
def test_a_clock_that_was_wrong_for_a_while_leaves_nothing_behind(cluster: Cluster, hours: int) -> None:
    """Nothing is looked at while it is wrong, so nothing is decided by it."""
    cluster.create(cron_job())
    cluster.run_to(at("12:01:30"))
    right = cluster.now
    cluster.set_clock(right + timedelta(hours=hours))
    cluster.set_clock(right)
    cluster.run_to(at("12:03:05"))
    assert slots(cluster) == ["12:01", "12:02", "12:03"]
