from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.cli.next_runs import firing_text, next_runs_page, with_next_column, zone_note

NOW = datetime(2026, 3, 27, 22, 55, 47, 700000, tzinfo=UTC)


@pytest.fixture(autouse=True)
def machine_in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from in_zone("UTC", monkeypatch)


def in_zone(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", name)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def machine_in_kolkata(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from in_zone("Asia/Kolkata", monkeypatch)


def cron_job(schedule: str = "0 * * * *", created: str = "2026-03-27T22:30:00Z", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "report", "namespace": "default", "creationTimestamp": created},
        "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}, **spec},
        "status": {},
    }


def cell(obj: dict[str, Any]) -> str:
    table = {"columnDefinitions": [{"name": "Name"}], "rows": [{"cells": ["report"], "object": obj}]}
    made = with_next_column(table, NOW)
    assert [column["name"] for column in made["columnDefinitions"]] == ["Name", "Next"]
    return str(made["rows"][0]["cells"][-1])


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (cron_job(), "in 4m13s"),
        (cron_job(suspend=True), "<none>"),
        (cron_job("0 0 30 2 *"), "<none>"),
        (cron_job("nonsense"), "<none>"),
        (cron_job(timeZone="Mars/Base"), "<none>"),
        (cron_job("@every 40m"), "in 14m"),  # counted from its beginning, not from now
        (cron_job("0 0 1 1 *"), "in 279d"),
    ],
)
def test_the_column_tells_how_long_until_the_next_run(obj: dict[str, Any], expected: str) -> None:
    assert cell(obj) == expected


def test_one_that_is_being_deleted_has_no_next_run() -> None:
    obj = cron_job()
    obj["metadata"]["deletionTimestamp"] = "2026-03-27T22:40:00Z"
    assert cell(obj) == "<none>"


def test_rows_of_a_watch_come_without_definitions() -> None:
    table = with_next_column({"columnDefinitions": None, "rows": [{"cells": [], "object": cron_job()}]}, NOW)
    assert table == {"columnDefinitions": None, "rows": [{"cells": ["in 4m13s"], "object": cron_job()}]}


@pytest.mark.usefixtures("machine_in_kolkata")
def test_a_description_ends_with_five_runs_in_the_schedules_zone_and_here() -> None:
    """The clocks of Berlin skip 02:30 on 29 March."""
    assert next_runs_page(cron_job("30 2 * * *", timeZone="Europe/Berlin"), NOW) == (
        "Next Runs:\n"
        "  Europe/Berlin                 Local Time                   In\n"
        "  -------------                 ----------                   --\n"
        "  Sat 2026-03-28 02:30:00 CET   Sat 2026-03-28 07:00:00 IST  154m\n"
        "  Mon 2026-03-30 02:30:00 CEST  Mon 2026-03-30 06:00:00 IST  2d1h\n"
        "  Tue 2026-03-31 02:30:00 CEST  Tue 2026-03-31 06:00:00 IST  3d1h\n"
        "  Wed 2026-04-01 02:30:00 CEST  Wed 2026-04-01 06:00:00 IST  4d1h\n"
        "  Thu 2026-04-02 02:30:00 CEST  Thu 2026-04-02 06:00:00 IST  5d1h\n"
    )


@pytest.mark.parametrize(
    ("obj", "reason"),
    [
        (cron_job(suspend=True), "suspended"),
        (cron_job("0 0 30 2 *"), "never: its schedule names no date that exists"),
        (cron_job("61 * * * *"), "never: end of range (61) above maximum (59): 61"),
        (cron_job(timeZone="Mars/Base"), "never: unknown time zone Mars/Base"),
    ],
)
def test_a_description_says_why_there_is_no_next_run(obj: dict[str, Any], reason: str) -> None:
    assert next_runs_page(obj, NOW) == f"Next Runs:  <none> ({reason})\n"


def test_a_repeated_hour_is_told_by_its_offset() -> None:
    page = next_runs_page(cron_job("30 2 * * *", timeZone="Europe/Berlin"), datetime(2026, 10, 24, 22, tzinfo=UTC))
    assert "Sun 2026-10-25 02:30:00 CEST  Sun 2026-10-25 00:30:00 UTC" in page
    assert "Sun 2026-10-25 02:30:00 CET   Sun 2026-10-25 01:30:00 UTC" in page


def test_an_absent_zone_is_utc_whatever_the_machines_zone(machine_in_kolkata: None) -> None:
    obj = cron_job()
    note = "04:30:00 IST on this machine; a schedule without timeZone is read in UTC, as in a cluster"
    assert zone_note(obj, NOW) == note
    assert firing_text(obj, NOW) == f"cronjob/report fires next at 2026-03-27 23:00:00 UTC, in 4m13s ({note})"
    assert "  UTC (no timeZone)" in next_runs_page(obj, NOW)
    assert firing_text(cron_job(suspend=True), NOW) == (
        "cronjob/report does not fire: suspended "
        "(this machine is in IST; a schedule without timeZone is read in UTC, as in a cluster)"
    )


@pytest.mark.usefixtures("machine_in_kolkata")
@pytest.mark.parametrize(
    "obj",
    [cron_job(timeZone="UTC"), cron_job("CRON_TZ=UTC 0 * * * *"), cron_job("@every 10s"), cron_job("nonsense")],
)
def test_a_zone_that_is_told_or_does_not_matter_needs_no_note(obj: dict[str, Any]) -> None:
    assert zone_note(obj, NOW) == ""


def test_a_machine_in_utc_needs_no_note() -> None:
    assert zone_note(cron_job(), NOW) == ""
    assert firing_text(cron_job(), NOW) == "cronjob/report fires next at 2026-03-27 23:00:00 UTC, in 4m13s"
    assert firing_text(cron_job("0 0 30 2 *"), NOW) == (
        "cronjob/report does not fire: never: its schedule names no date that exists"
    )


def test_the_next_run_is_told_on_the_clock_of_its_zone() -> None:
    assert firing_text(cron_job("0 9 * * *", timeZone="Asia/Tokyo"), NOW) == (
        "cronjob/report fires next at 2026-03-28 09:00:00 Asia/Tokyo, in 64m"
    )
