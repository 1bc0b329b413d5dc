from __future__ import annotations

from simulator.forecast.calendars import csv_text, ical_text
from simulator.forecast.simulation import simulate
from tests.unit.forecast.worlds import cron_job, request

FORECAST = simulate(request(cron_job("a", "*/10 * * * *", concurrencyPolicy="Forbid"), span="25m", duration=["15m"]))


def test_csv_has_a_line_for_each_run_and_skipped_slot() -> None:
    assert csv_text(FORECAST) == (
        "namespace,cronJob,job,scheduledTime,startTime,completionTime,outcome,reason,pods,failedPods,lateSeconds,doubled\n"
        "default,a,a-29453770,2026-01-01T00:10:00Z,2026-01-01T00:10:00Z,,Running,,1,0,0,false\n"
        "default,a,,2026-01-01T00:20:00Z,,,Skipped,Forbid,0,0,0,false\n"
    )


def test_ical_has_an_event_for_each_run_and_a_cancelled_one_for_each_skipped_slot() -> None:
    text = ical_text(FORECAST)
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert "DTSTART:20260101T001000Z" in lines
    assert "DTEND:20260101T002500Z" in lines
    assert "SUMMARY:a: skipped (Forbid)" in lines
    assert lines.count("STATUS:CANCELLED") == 1
    assert all(len(line.encode()) <= 75 for line in lines)


def test_an_event_that_takes_no_time_has_no_end() -> None:
    text = ical_text(simulate(request(cron_job("a", "*/10 * * * *"), span="15m", duration=["0s"])))
    assert "DTSTART:20260101T001000Z\r\n" in text
    assert "DTEND" not in text
