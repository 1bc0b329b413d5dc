from __future__ import annotations

import json

import pytest

from simulator.errors import UsageError
from simulator.forecast.findings import findings, findings_to_read
from simulator.forecast.report import report
from simulator.forecast.simulation import simulate
from simulator.forecast.text import forecast_text
from tests.unit.forecast.worlds import at, cron_job, job, job_spec, request


def lines(*arguments: object, **more: object) -> tuple[list[tuple[str, str, str, str]], list[tuple[str, str]]]:
    """Runs (job's scheduled time, start, end, outcome; as times of day) and skips (slot, reason)."""
    made = report(simulate(request(*arguments, **more)))  # type: ignore[arg-type]

    def clock(text: str | None) -> str:
        return "" if text is None else text[11:19]

    runs = [
        (clock(run["scheduledTime"]), clock(run["startTime"]), clock(run["completionTime"]), run["outcome"])
        for run in made["runs"]
    ]
    return runs, [(clock(skip["scheduledTime"]), skip["reason"]) for skip in made["skipped"]]


def messages(*arguments: object, **more: object) -> list[str]:
    return [finding.message for finding in findings(simulate(request(*arguments, **more)))]  # type: ignore[arg-type]


def test_runs_start_at_their_slots_and_take_what_is_assumed() -> None:
    runs, skips = lines(cron_job("a", "0 */8 * * *"), duration=["90s"])
    assert runs == [("08:00:00", "08:00:00", "08:01:30", "Complete"), ("16:00:00", "16:00:00", "16:01:30", "Complete")]
    assert skips == []


def test_a_job_runs_at_once_and_a_run_may_outlast_the_forecast() -> None:
    runs, _ = lines(job("a"), cron_job("b", "59 23 * * *"), duration=["2m"])
    assert runs == [("", "00:00:00", "00:02:00", "Complete"), ("23:59:00", "23:59:00", "", "Running")]


def test_forbid_skips_and_starts_the_newest_slot_late() -> None:
    runs, skips = lines(cron_job("a", "*/10 * * * *", concurrencyPolicy="Forbid"), span="1h", duration=["25m"])
    assert runs == [
        ("00:10:00", "00:10:00", "00:35:00", "Complete"),
        ("00:30:00", "00:35:00", "", "Running"),
    ]
    assert skips == [("00:20:00", "Forbid"), ("00:40:00", "Forbid"), ("00:50:00", "Forbid")]
    found = messages(cron_job("a", "*/10 * * * *", concurrencyPolicy="Forbid"), span="1h", duration=["25m"])
    assert "`a`: 3 of 5 slots skipped by Forbid: the run before still goes on (first 2026-01-01 00:20:00 UTC)" in found
    assert "`a`: 1 of 2 runs start late, by up to 5m" in found


def test_replace_ends_the_run_before() -> None:
    runs, _ = lines(cron_job("a", "*/10 * * * *", concurrencyPolicy="Replace"), span="35m", duration=["15m"])
    assert [run[3] for run in runs] == ["Replaced", "Replaced", "Running"]
    assert runs[0] == ("00:10:00", "00:10:00", "00:20:00", "Replaced")


def test_allow_lets_runs_overlap() -> None:
    forecast = simulate(request(cron_job("a", "*/10 * * * *"), span="1h", duration=["25m"]))
    assert forecast.load.jobs.value == 3
    assert [run.outcome for run in forecast.runs] == ["Complete"] * 3 + ["Running"] * 2
    assert any("starts 4 times while an earlier run of its own" in finding.message for finding in findings(forecast))


def test_the_second_slot_of_a_minute_finds_its_name_taken() -> None:
    runs, skips = lines(cron_job("a", "@every 30s"), span="2m10s", duration=["40s"])
    assert [run[0] for run in runs] == ["00:00:30", "00:01:00", "00:02:00"]
    assert skips == [("00:01:30", "SameMinute")]


def test_a_deadline_passes_while_the_control_plane_is_down() -> None:
    cron = cron_job("a", "0 * * * *", startingDeadlineSeconds=600)
    runs, skips = lines(cron, span="5h", down=["2026-01-01T01:30:00Z..2026-01-01T03:30:00Z"])
    assert [run[0] for run in runs] == ["01:00:00", "04:00:00"]
    assert skips == [("02:00:00", "Down"), ("03:00:00", "Deadline")]
    found = messages(cron, span="5h", down=["2026-01-01T01:30:00Z..2026-01-01T03:30:00Z"])
    assert "`a`: 1 of 4 slots missed by the deadline of startingDeadlineSeconds (first 2026-01-01 03:00:00 UTC)" in found


@pytest.mark.parametrize(("schedule", "deadline"), [("0 * * * *", 0), ("@every 1h", 600), ("0 * * * *", 9223372037)])
def test_a_deadline_that_lets_nothing_start(schedule: str, deadline: int) -> None:
    runs, skips = lines(cron_job("a", schedule, startingDeadlineSeconds=deadline), span="2h30m")
    assert runs == []
    assert skips == [("01:00:00", "Deadline"), ("02:00:00", "Deadline")]


def test_a_deadline_that_passes_while_forbid_waits_is_forbids_doing() -> None:
    cron = cron_job("a", "0 * * * *", startingDeadlineSeconds=600, concurrencyPolicy="Forbid")
    runs, skips = lines(cron, span="4h", duration=["75m"])
    assert [run[0] for run in runs] == ["01:00:00", "03:00:00"]
    assert skips == [("02:00:00", "Forbid")]


def test_after_a_downtime_the_newest_slot_starts_late_and_containers_have_gone_on() -> None:
    window = "2026-01-01T01:00:30Z..2026-01-01T03:30:00Z"
    runs, skips = lines(cron_job("a", "0 * * * *"), span="5h", down=[window], duration=["10m"])
    assert runs == [
        ("01:00:00", "01:00:00", "03:30:00", "Complete"),
        ("03:00:00", "03:30:00", "03:40:00", "Complete"),
        ("04:00:00", "04:00:00", "04:10:00", "Complete"),
    ]
    assert skips == [("02:00:00", "Down")]


def test_a_clock_change_takes_a_run_and_gives_one_twice() -> None:
    cron = cron_job("a", "30 2 * * *", timeZone="Europe/Berlin")
    spring = report(simulate(request(cron, start="2027-03-26T12:00", span="3d")))
    assert [run["scheduledTime"] for run in spring["runs"]] == ["2027-03-27T01:30:00Z", "2027-03-29T00:30:00Z"]
    text = (
        "`a`: `30 2 * * *` in Europe/Berlin does not run on 28 March 2027 and runs twice on 31 October 2027 "
        "(after this forecast)"
    )
    assert text in [finding["message"] for finding in spring["findings"]]
    autumn = report(simulate(request(cron, start="2027-10-30T12:00", span="1d")))
    assert [(run["scheduledTime"], run["doubled"]) for run in autumn["runs"]] == [
        ("2027-10-31T00:30:00Z", False),
        ("2027-10-31T01:30:00Z", True),
    ]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("0 */2 * * *", "does not run at 02:00 on 28 March 2027 and runs twice at 02:00 on 31 October 2027"),
        ("*/30 2 * * *", "does not run at 2 times on 28 March 2027 and runs twice at 2 times on 31 October 2027"),
        ("0 2 * * 0", "does not run on 28 March 2027 and runs twice on 31 October 2027"),
    ],
)
def test_a_clock_change_is_told_with_the_time_where_there_are_several(schedule: str, words: str) -> None:
    found = messages(cron_job("a", schedule, timeZone="Europe/Berlin"), start="2027-03-01T00:00", span="250d")
    assert f"`a`: `{schedule}` in Europe/Berlin {words}" in found


def test_a_schedule_that_stands_still_at_a_clock_change() -> None:
    """With a deadline the search begins anew behind it."""
    cron = cron_job("a", "45 3 * * *", timeZone="Pacific/Chatham")
    runs, skips = lines(cron, start="2026-04-03T00:00", span="4d")
    assert (len(runs), skips) == (1, [("14:00:00", "Invalid")])
    found = messages(cron, start="2026-04-03T00:00", span="4d")
    assert any("`45 3 * * *` in Pacific/Chatham does not run at 2 times on 5 April 2026" in message for message in found)
    runs, skips = lines(
        cron_job("a", "45 3 * * *", timeZone="Pacific/Chatham", startingDeadlineSeconds=60),
        start="2026-04-03T00:00",
        span="6d",
        down=["2026-04-04T13:59:00Z..2026-04-04T14:59:00Z"],
    )
    assert ([run[0] for run in runs], skips) == (["14:00:00", *["15:00:00"] * 5], [("14:00:00", "Down")])


def test_failures_are_retried_with_back_off_until_the_job_fails() -> None:
    forecast = simulate(request(cron_job("a", "0 * * * *", job=job_spec(backoffLimit=2)), span="2h", fail_with=["42"]))
    (run,) = forecast.runs
    assert (run.outcome, run.reason, run.pod_count, run.failed_pods) == ("Failed", "BackoffLimitExceeded", 3, 3)
    assert run.end_time == at("2026-01-01T01:03:30")  # three runs of 60 s, waits of 10 and 20 s
    found = [finding.message for finding in findings(forecast)]
    assert "`a`: 1 of 1 runs fail (BackoffLimitExceeded 1)" in found
    assert "`a`: 3 failed tries; with back-off and retries a run takes up to 3m30s" in found


def test_restarts_in_place_are_tries_too() -> None:
    forecast = simulate(request(job("a", restart="OnFailure"), span="2h", fail=["40%"], seed=3))
    (run,) = forecast.runs
    assert run.pod_count == 1
    assert run.restarts >= 1


def test_overlaps_and_requests() -> None:
    requests = {"cpu": "250m", "memory": "64Mi"}
    backup = cron_job("backup", "0 2 * * *", job=job_spec(requests=requests))
    weekly = cron_job("report", "30 2 * * 1,2", job=job_spec(requests=requests))
    forecast = simulate(request(backup, weekly, span="7d", duration=["backup=1h", "10m"]))
    found = [finding.message for finding in findings(forecast)]
    assert "`report` overlaps `backup` on 2 of 2 nights" in found
    assert "requests reach 500m CPU and 128Mi memory at once" in found
    assert forecast.load.cpu_milli.time == at("2026-01-05T02:30").replace(microsecond=100_000)


def test_what_was_before_the_forecast_does_not_count() -> None:
    """Three runs at once in the night before, one that goes on into the forecast."""
    cron = cron_job("a", "*/20 2 * * *", timeZone="Europe/Berlin")
    begun = {"start": "2027-03-29T01:00", "span": "12h", "applied": at("2027-03-28T00:00"), "duration": ["1h"]}
    forecast = simulate(request(cron, **begun))  # type: ignore[arg-type]
    assert (len(forecast.runs), forecast.load.jobs.value) == (3, 3)
    later = simulate(request(cron, **{**begun, "start": "2027-03-29T01:30"}))  # type: ignore[arg-type]
    assert (len(later.runs), later.load.jobs.value) == (1, 1)
    assert later.load.jobs.time == later.load.levels[0].time == later.start
    assert not [finding for finding in findings(later) if "28 March 2027" in finding.message]


def test_a_run_that_begins_when_another_ends_does_not_overlap_it() -> None:
    crons = [cron_job("a", "0 * * * *"), cron_job("b", "1 * * * *"), cron_job("c", "* 5 * * *"), cron_job("d", "30 7 * * *")]
    found = messages(*crons, duration=["60s", "c=30s", "d=31m"])
    assert not [message for message in found if "while an earlier run" in message]
    overlaps = [message for message in found if "overlaps" in message]
    assert "`a` overlaps `d` on 1 of 1 day" in overlaps
    assert not [message for message in overlaps if "`b` overlaps `a`" in message or "`b` overlaps `d`" in message]


def test_what_never_fires_or_is_suspended_is_said() -> None:
    found = messages(cron_job("a", "0 0 30 2 *"), cron_job("b", "0 * * * *", suspend=True), span="3h")
    assert "`a` never fires: `0 0 30 2 *` names no date that exists" in found
    assert "`b` is suspended: it starts nothing" in found
    assert "`b`: 2 of 2 slots passed over while it is suspended (first 2026-01-01 01:00:00 UTC)" in found


def test_history_is_trimmed_as_the_limits_say() -> None:
    made = report(simulate(request(cron_job("a", "0 * * * *", successfulJobsHistoryLimit=2))))
    assert [name.rsplit("-", 1)[1] for name in made["summary"]["owners"][0]["kept"]] == ["29455080", "29455140"]


def test_what_can_not_start_is_said() -> None:
    tree = job("a")
    tree["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "missing"}}]
    found = messages(tree, span="1h")
    assert any("can't start (CreateContainerConfigError)" in message and '"missing"' in message for message in found)


def test_an_apply_later_than_the_start() -> None:
    runs, _ = lines(cron_job("a", "0 * * * *"), span="5h", applied=at("2026-01-01T02:30"))
    assert [run[0] for run in runs] == ["03:00:00", "04:00:00"]


def test_an_apply_before_the_start_brings_what_runs_already() -> None:
    runs, _ = lines(
        cron_job("a", "0 * * * *"), start="2026-01-01T01:30", span="1h", duration=["40m"], applied=at("2026-01-01T00:30")
    )
    assert runs == [("01:00:00", "01:00:00", "01:40:00", "Complete"), ("02:00:00", "02:00:00", "", "Running")]


def test_same_input_and_seed_same_bytes_and_sums_do_not_depend_on_what_is_kept() -> None:
    def made(seed: int, keep: bool = True) -> str:
        trees = [cron_job("a", "*/7 * * * *", concurrencyPolicy="Forbid"), cron_job("b", "*/5 * * * *")]
        return json.dumps(
            report(simulate(request(*trees, span="6h", duration=["1m..9m"], fail=["20%"], seed=seed, keep=keep)))
        )

    assert made(1) == made(1)
    assert made(1) != made(2)
    kept, summed = json.loads(made(1)), json.loads(made(1, keep=False))
    assert kept["summary"] == summed["summary"]
    assert kept["findings"] == summed["findings"]
    assert summed["runs"] == summed["skipped"] == summed["load"] == []


def test_a_flag_for_what_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="there are: a"):
        simulate(request(cron_job("a", "0 * * * *"), duration=["b=1s"]))


def test_a_name_of_two_namespaces_is_told_with_its_namespace() -> None:
    here, there = cron_job("a", "0 1 * * *", concurrencyPolicy="Forbid"), cron_job("a", "0 * * * *")
    there["metadata"]["namespace"] = "other"
    found = messages(here, there, cron_job("b", "30 5 * * *"), span="3h", duration=["10m"])
    assert {"`default/a` overlaps `other/a` on 1 of 1 night", "`other/a` overlaps `default/a` on 1 of 1 night"} & set(found)
    assert any(text.startswith("`b`: at the end") for text in found)
    text = forecast_text(simulate(request(here, there, span="3h")))
    assert "cronjob/default/a takes 1m (a guess)" in text
    assert "cronjob/other/a    2 " in text


def test_of_many_overlaps_a_person_is_told_the_most_frequent() -> None:
    crowd = [cron_job(f"c{number}", "0 * * * *" if number < 2 else "0 0-11 * * *") for number in range(9)]
    forecast = simulate(request(*crowd))
    told = [finding.message for finding in findings_to_read(forecast)]
    pairs = [finding for finding in findings(forecast) if finding.type == "Overlap"]
    assert (len(pairs), sum(" overlaps " in text for text in told)) == (36, 30)
    assert "`c1` overlaps `c0` on 1 of 1 day" in told
    assert "... and 6 more pairs overlap (-o json lists all)" in told
    assert "... and 6 more pairs overlap (-o json lists all)" in forecast_text(forecast)
