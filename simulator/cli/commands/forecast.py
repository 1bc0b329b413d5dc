"""`kjsim forecast`: what the CronJobs and Jobs of manifests will do, before anything is applied."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.cli import manifests
from simulator.cli.flags import Flags, Options, integer
from simulator.errors import KjsimError, ManifestError, Problem, UsageError

if TYPE_CHECKING:
    from simulator.forecast.simulation import Forecast, Request
    from simulator.parser import Manifest

EXAMPLES = """
kjsim forecast -f cron.yml                                # the next seven days
kjsim forecast -f jobs/ --from 2027-03-26 --for 30d       # a month that has a clock change in it
kjsim forecast -f cron.yml --duration backup=30m..2h --fail backup=10% --seed 7
kjsim forecast -f cron.yml --down 02:00..05:00            # the control plane is down every night
kjsim forecast -f cron.yml --html forecast.html           # one page to look at and to send
kjsim forecast --diff old.yml new.yml --exit-code         # what an edit changes; exit code 1 if it does
kjsim forecast -f cron.yml -o ical > runs.ics
"""

_FORMATS = ("json", "yaml", "csv", "ical")


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `forecast`."""
    flags.usage = "kjsim forecast -f FILE... [flags]"
    flags.description = (
        "Run the control plane on a virtual clock with virtual containers, and tell which runs start when, which are\n"
        "skipped, replaced, missed, lost or doubled by a clock change, what runs at once and what it requests. Nothing is\n"
        "applied, no Docker is needed.\n\n"
        "How long runs take and how they end: the flags below; else annotations of the CronJob or Job (kjsim.dev/duration,\n"
        "kjsim.dev/jitter, kjsim.dev/failure-rate, kjsim.dev/exit-code); else what was measured in real runs of this state\n"
        "directory; else 60 s, marked as a guess. The report names the source of each. The same input and seed give the\n"
        "same output, to the byte."
    )
    flags.examples = EXAMPLES
    manifests.add_file_flags(flags)
    flags.add_argument("--from", dest="start", metavar="T", help="From this instant on: 2027-03-28, 2027-03-28T01:00:00Z.")
    flags.add_argument("--for", dest="span", default="7d", metavar="DURATION", help="For so long: 36h, 7d, 4w (default 7d).")
    flags.add_argument("--now", metavar="T", help="Apply at this instant (default: that of --from).")
    flags.add_argument("--duration", action="append", metavar="[NAME=]90s", help="How long runs take; 30s..2m is drawn.")
    flags.add_argument("--fail", action="append", metavar="[NAME=]10%", help="The share of pods' runs that fail.")
    flags.add_argument("--fail-with", action="append", metavar="[NAME=]42", help="The exit code of runs that fail (1).")
    flags.add_argument("--seed", type=integer, default=0, metavar="N", help="What chance is drawn from (default 0).")
    flags.add_argument(
        "--down", action="append", metavar="02:00..05:00", help="The control plane is down then, every day; or once, T..T."
    )
    flags.add_argument("--diff", action="store_true", help="OLD NEW: what changes if NEW is applied over OLD.")
    flags.add_argument("--exit-code", action="store_true", help="With --diff: exit code 1 if anything changes.")
    flags.add_argument("--summary", action="store_true", help="Only sums and findings, no single runs.")
    flags.add_argument("-o", "--output", metavar="FORMAT", help="json, yaml, csv or ical.")
    flags.add_argument("--html", type=Path, metavar="FILE", help="Write a page with timeline, charts and findings.")


def run(options: Options) -> int:
    """Foresee and show; with --diff --exit-code, 1 if anything changes."""
    if options.output not in (None, "", *_FORMATS):
        raise UsageError(
            f'unable to match a printer suitable for the output format "{options.output}", '
            f"allowed formats are: {','.join(_FORMATS)}"
        )
    if options.diff:
        return _run_diff(options)
    if options.exit_code:
        raise UsageError("--exit-code goes with --diff")
    request = _request(options, _trees(options))
    from simulator.forecast.simulation import simulate

    forecast = simulate(request)
    if options.html is not None:
        _write_page(options.html, forecast)
    if options.output or options.html is None:
        _show(forecast, options)
    return 0


def _trees(options: Options) -> list[dict[str, Any]]:
    wanted = manifests.read(options, command="forecast")
    if not any(manifest.kind.kind in ("Job", "CronJob") for manifest in wanted):
        raise UsageError("there is no Job and no CronJob in these manifests: nothing to foresee")
    return _readable(wanted)


def _readable(wanted: list[Manifest]) -> list[dict[str, Any]]:
    """The objects of manifests; raises `ManifestError` for annotations that can't be read."""
    from simulator.forecast.assumptions import unreadable_annotations

    problems = []
    for manifest in wanted:
        if manifest.kind.kind in ("Job", "CronJob"):
            for name, text in unreadable_annotations(manifest.object["metadata"].get("annotations") or {}):
                line, column = manifest.position(("metadata", "annotations", name))
                path = f"metadata.annotations[{name}]"
                problems.append(Problem(f"{path}: {text}", path, manifest.file, line, column))
    if problems:
        raise ManifestError(problems)
    return [manifest.object for manifest in wanted]


def _request(options: Options, trees: list[dict[str, Any]]) -> Request:
    from simulator.cli.session import state_directory
    from simulator.clock import RealClock
    from simulator.forecast.assumptions import Wishes
    from simulator.forecast.inputs import instant_of, seconds_of, window_of
    from simulator.forecast.measured import measured_runs
    from simulator.forecast.simulation import Request

    present = RealClock().now()

    def instant(text: str) -> datetime:
        return instant_of(text, present)

    start = _read("--from", options.start or "now", instant)
    span = _read("--for", options.span, seconds_of)
    if span < 1:
        raise UsageError("--for takes a duration of at least a second")
    try:
        end = start + timedelta(seconds=int(span))
    except OverflowError:
        raise UsageError("--from and --for lead beyond the year 9999") from None
    applied = start if options.now is None else _read("--now", options.now, instant)
    if applied >= end:
        raise UsageError("--now lies after the end of the forecast")
    return Request(
        trees=trees,
        start=start,
        end=end,
        applied=applied,
        seed=options.seed,
        wishes=Wishes(options.duration, options.fail, options.fail_with),
        windows=[_read("--down", text, lambda text: window_of(text, present)) for text in options.down],
        measured=measured_runs(state_directory(options.home).database).get,
        keep=not options.summary,
    )


def _read(flag: str, text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise UsageError(f'invalid argument "{text}" for "{flag}" flag: {error}') from None


def _show(forecast: Forecast, options: Options) -> None:
    if options.output in ("json", "yaml"):
        from simulator.cli.printing import object_text
        from simulator.forecast.report import report

        sys.stdout.write(object_text(report(forecast), options.output))
    elif options.output == "csv":
        from simulator.forecast.calendars import csv_text

        sys.stdout.write(csv_text(forecast))
    elif options.output == "ical":
        from simulator.forecast.calendars import ical_text

        sys.stdout.write(ical_text(forecast))
    else:
        from simulator.cli.colour import style_of
        from simulator.forecast.text import forecast_text

        style = style_of()
        if style.is_on:
            from simulator.cli.forecast_view import show_in_colour

            show_in_colour(forecast)
        else:
            sys.stdout.write(forecast_text(forecast))


def _write_page(path: Path, forecast: Forecast) -> None:
    from simulator.forecast.page import page

    try:
        path.write_text(page(forecast), encoding="utf-8")
    except OSError as error:
        raise KjsimError(f"{path} can't be written: {error.strerror}") from error
    print(f"{path} written", file=sys.stderr)


def _run_diff(options: Options) -> int:
    if len(options.words) != 2 or options.filename:
        raise UsageError("--diff takes two files or folders: kjsim forecast --diff OLD NEW")
    if options.html is not None or options.output in ("csv", "ical"):
        raise UsageError("--diff is shown as text, -o json or -o yaml")
    old_path, new_path = options.words
    old = _side(options, old_path)
    new = _side(options, new_path)
    from simulator.forecast.difference import difference, difference_text, difference_tree

    found = difference(_request(options, new), old)
    if options.output:
        from simulator.cli.printing import object_text

        sys.stdout.write(object_text(difference_tree(found), options.output))
    else:
        sys.stdout.write(difference_text(found))
    return 1 if options.exit_code and found.is_any else 0


def _side(options: Options, path: str) -> list[dict[str, Any]]:
    one = Options(**{**vars(options), "filename": [path], "words": []})
    return _readable(manifests.read(one, command="forecast"))
