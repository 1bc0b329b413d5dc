from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulator.cli.colour import Style
from simulator.cli.story import story

NOW = datetime(2026, 11, 23, 10, 35, tzinfo=UTC)


def decision(second: float, of: str, text: str, uid: str = "1") -> dict[str, Any]:
    kind, name = of.split("/")
    time = f"2026-11-23T10:33:{second:09.6f}+00:00"
    return {"time": time, "object": {"kind": kind, "namespace": "default", "name": name, "uid": uid}, "text": text}


def test_decisions_become_a_story_with_causes_below_what_they_caused() -> None:
    told = story(
        "job/flaky",
        [
            decision(18, "Job/flaky", "created pod/flaky-a: attempt 1 of 3"),
            decision(18, "Job/flaky", "1 active, 0 failed"),
            decision(18.5, "Pod/flaky-a", "container main starts", "p"),
            decision(20, "Job/flaky", "created pod/flaky-b: attempt 2 of 3: exit code 3; waited 10 s"),
        ],
        NOW,
        Style(),
    )
    assert told == (
        "job/flaky: first decision 102s ago, 2026-11-23 10:33:18 UTC\n"
        "\n"
        "+0.0s  job/flaky    created pod/flaky-a\n"
        "                      attempt 1 of 3\n"
        "                    1 active, 0 failed\n"
        "+0.5s  pod/flaky-a  container main starts\n"
        "+2.0s  job/flaky    created pod/flaky-b\n"
        "                      attempt 2 of 3: exit code 3; waited 10 s\n"
    )


def test_the_same_done_to_several_objects_at_one_moment_is_one_line() -> None:
    decisions = [
        decision(18 + i / 10, "Job/j", f"took the tracking finalizer off pod/j-{i}: it succeeded and is counted")
        for i in range(3)
    ]
    decisions += [decision(18.4, "Job/j", "3 succeeded"), decision(18.4, "Job/j", "3 succeeded")]
    told = story("job/j", decisions, NOW, Style())
    assert told.split("\n\n")[1] == (
        "+0.0s  job/j  took the tracking finalizer off pods j-0, j-1, j-2\n                it succeeded and is counted\n"
        "+0.4s  job/j  3 succeeded\n"
    )


def test_of_the_counts_of_one_moment_the_last_is_told() -> None:
    decisions = [
        decision(18, "Job/j", "1 active (0 ready), 0 of 1 succeeded, 0 failed"),
        decision(18.2, "Pod/j-a", "container main starts", "p"),
        decision(18.5, "Job/j", "1 active (1 ready), 0 of 1 succeeded, 0 failed"),
        decision(20, "Job/j", "SuccessCriteriaMet is set: CompletionsReached; none active, 1 of 1 succeeded, 0 failed"),
        decision(20.04, "Job/j", "the job is Complete: CompletionsReached; none active, 1 of 1 succeeded, 0 failed"),
    ]
    assert story("job/j", decisions, NOW, Style()).split("\n\n")[1] == (
        "+0.2s  pod/j-a  container main starts\n"
        "+0.5s  job/j    1 active (1 ready), 0 of 1 succeeded, 0 failed\n"
        "+2.0s  job/j    SuccessCriteriaMet is set\n"
        "                  CompletionsReached\n"
        "                the job is Complete\n"
        "                  CompletionsReached; none active, 1 of 1 succeeded, 0 failed\n"
    )


def test_the_parts_of_a_long_cause_stand_below_one_another() -> None:
    told = story("job/j", [decision(1, "Job/j", f"created pod/a: {'x' * 50}; {'y' * 50}")], NOW, Style())
    assert told.endswith(f"created pod/a\n                {'x' * 50}\n                {'y' * 50}\n")


def test_what_an_earlier_object_of_that_name_went_through_is_told_first() -> None:
    decisions = [decision(1, "Job/j", "a", "old"), decision(1, "Pod/j-x", "b", "p"), decision(9, "Job/j", "c", "new")]
    earlier, later = story("job/j", decisions, NOW, Style()).split("\n\njob/j: ")
    assert earlier.startswith("job/j (an earlier one): first decision 119s ago")
    assert earlier.endswith("pod/j-x  b")
    assert later.endswith("+0.0s  job/j  c\n")


def test_colour_is_put_on_only_where_it_is_wanted() -> None:
    told = story("job/j", [decision(1, "Job/j", "a: b")], NOW, Style(is_on=True))
    assert told.startswith("\x1b[1mjob/j: ")
    assert "\x1b[2mb\x1b[0m" in told
