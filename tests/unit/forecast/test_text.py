from __future__ import annotations

from simulator.forecast.simulation import simulate
from simulator.forecast.text import forecast_text
from simulator.forecast.timeline import timeline
from tests.unit.forecast.worlds import cron_job, job, request


def test_the_whole_text() -> None:
    cron = cron_job("a", "*/10 * * * *", concurrencyPolicy="Forbid", timeZone="Asia/Tokyo")
    text = forecast_text(simulate(request(cron, span="1h", duration=["25m"])))
    assert "cronjob/a takes 25m (--duration)" in text
    assert "a        a-29453770  Thu 2026-01-01 09:10:00 Asia/Tokyo" in text
    assert "Skipped (Forbid)  a-29453770 still runs" in text
    assert "late by 5m" in text
    assert "cronjob/a  2     1         0       0         3        1     25m" in text
    assert "\x1b" not in text


def test_the_table_is_bounded_and_says_so() -> None:
    text = forecast_text(simulate(request(cron_job("a", "*/1 * * * *"), span="3h")))
    assert text.count("Complete\n") == 100
    assert "... and 79 more (-o csv lists all)\n" in text


def test_the_timeline_marks_what_is_special() -> None:
    forbid = cron_job("f", "*/10 * * * *", concurrencyPolicy="Forbid")
    replace = cron_job("r", "*/10 * * * *", concurrencyPolicy="Replace")
    forecast = simulate(request(forbid, replace, job("z"), span="1h", duration=["z=1m", "25m"], fail_with=["z=1"]))
    lines = dict(timeline(forecast, 60).lines)
    assert lines["f"] == "·" * 10 + "█" * 10 + "x" + "█" * 14 + "L" + "█" * 4 + "x" + "█" * 9 + "x" + "█" * 9
    assert lines["r"] == "·" * 10 + ("█" * 9 + "R") * 4 + "█" * 10
    assert set(lines["z"]) <= set("·█F")


def test_a_time_that_comes_twice_is_marked() -> None:
    cron = cron_job("a", "30 2 * * *", timeZone="Europe/Berlin")
    forecast = simulate(request(cron, start="2027-10-31T00:00", span="4h"))
    assert dict(timeline(forecast, 8).lines) == {"a": "·█·2····"}
