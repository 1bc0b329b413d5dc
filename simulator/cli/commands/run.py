"""`kjsim run`: a Job or CronJob from a manifest, here and now, until its end."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from simulator.cli import manifests
from simulator.cli.flags import Flags, Options, duration, integer
from simulator.cli.interrupts import leaving_at_once, raising_again
from simulator.cli.session import Session, open_session, state_directory
from simulator.errors import ServiceUnavailable, UsageError
from simulator.model.kinds import CRON_JOB, JOB

if TYPE_CHECKING:
    from simulator.cli.run.runner import Goal, View
    from simulator.parser import Manifest

EXAMPLES = """
kjsim run manifests/simple-job.yml          # watch it to its end; exit code 0 if it is complete, 1 if it failed
kjsim run job.yml --timeout 5m              # suspend it after five minutes, exit code 124
kjsim run job.yml --detach                  # leave it to the background (kjsim up)
kjsim run cron.yml --runs 3                 # until three runs have finished
kjsim run cron.yml --now --runs 1           # fire once without waiting for the slot
kjsim run cron.yml --speed 60               # a rehearsal: an hour of its schedule in a minute, with real containers
kjsim run job.yml -o json | jq .status      # the Job as it ended
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `run`."""
    flags.usage = "kjsim run FILE... [flags]"
    flags.description = (
        "Run the Jobs and CronJobs of manifests as real containers, and show pods and logs until the end.\n"
        "A Job that has finished is replaced; one that runs is joined; a suspended one goes on.\n"
        "Ctrl-C suspends it: its pods end within their grace period, and `kjsim run` again resumes it."
    )
    flags.examples = EXAMPLES
    manifests.add_file_flags(flags)
    flags.add_argument("--detach", action="store_true", help="Start it in the background (kjsim up) and return.")
    flags.add_argument("--timeout", type=duration, metavar="DURATION", help="Suspend it after so long (90s, 5m).")
    flags.add_argument("--runs", type=integer, metavar="N", help="Of a CronJob: end after N finished runs.")
    flags.add_argument("--now", action="store_true", help="Of a CronJob: fire once at once.")
    flags.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="N",
        help="A rehearsal: the clock of objects and schedules goes N times as fast; nothing is kept afterwards.",
    )
    flags.add_argument("-o", "--output", metavar="FORMAT", help="json or yaml: print the final Job and nothing else.")


def _speed(value: str) -> float:
    speed = float(value)
    if not 1 <= speed <= 3600:
        raise ValueError("from 1 to 3600")
    return speed


def run(options: Options) -> int:
    """Run; exit code 0 if all Jobs are complete, 1 if one failed."""
    if options.output not in (None, "json", "yaml"):
        raise UsageError(f'unable to match a printer suitable for the output format "{options.output}": one of json, yaml')
    if options.runs is not None and options.runs < 1:
        raise UsageError("--runs takes a number from 1")
    if options.timeout is not None and options.timeout <= 0:
        raise UsageError("--timeout takes a duration above 0")
    if options.speed != 1:
        return _rehearse(options)
    with leaving_at_once():
        return _run_or_join(options)


def _run_or_join(options: Options) -> int:
    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    wanted: list[Manifest] = []
    if options.detach:
        from simulator.cli import background

        wanted = _read(options)
        background.start(state_directory(options.home))
    while True:
        with open_session(options.home, mode="act", engine="always") as session:
            # The engine is being connected meanwhile.
            wanted = wanted or _read(options)
            if session.hosted is not None:
                session.hosted.require_engine()
            try:
                return _run(session, wanted, options, deadline)
            except ServiceUnavailable:
                if session.hosted is not None:
                    raise
        print("the control plane that this run was a client of has ended: going on without it", file=sys.stderr)


def _rehearse(options: Options) -> int:
    """A run on a fast clock, in a state directory of its own that goes with it: its times would lie in the future."""
    from simulator.cli.run.starting import clear_away

    if options.detach:
        raise UsageError("--speed and --detach don't go together: a rehearsal is there to be watched")
    deadline = None if options.timeout is None else time.monotonic() + options.timeout
    with (
        tempfile.TemporaryDirectory(prefix="kjsim-") as home,
        open_session(home, mode="act", engine="always", speed=options.speed) as session,
    ):
        assert session.hosted is not None
        wanted = _read(options)
        session.hosted.require_engine()
        print(
            f"a rehearsal at {options.speed:g} times the speed; its objects and pods are removed at the end", file=sys.stderr
        )
        try:
            return _run(session, wanted, options, deadline)
        finally:
            clear_away(session.client)
            session.hosted.finish_sweeping()


def _read(options: Options) -> list[Manifest]:
    wanted = manifests.read(options, command="run")
    if not any(manifest.kind in (JOB, CRON_JOB) for manifest in wanted):
        raise UsageError("there is no Job and no CronJob in these manifests: nothing to run (kjsim apply creates the rest)")
    if not any(manifest.kind == CRON_JOB for manifest in wanted):
        for flag, is_given in (("--runs", options.runs is not None), ("--now", options.now)):
            if is_given:
                raise UsageError(f"{flag} goes with a CronJob, and there is none in these manifests")
    if len({manifest.object["metadata"].get("namespace") for manifest in wanted if manifest.kind.namespaced}) > 1:
        raise UsageError("run takes manifests of one namespace at a time")
    return wanted


def _run(session: Session, wanted: list[Manifest], options: Options, deadline: float | None) -> int:
    import simulator.cli.run.starting  # noqa: F401  # imported before there is anything to be interrupted
    from simulator.cli.run.runner import Goal, Runner

    hosted = session.hosted
    shown = _view(options)
    raising_again()
    with shown as view:
        namespaces = [manifest.object["metadata"]["namespace"] for manifest in wanted if manifest.kind in (JOB, CRON_JOB)]
        goal = Goal(namespaces[0], runs=options.runs, command=_command(options, namespaces[0]))

        def begin() -> None:
            _begin(goal, session, wanted, options, view)

        if options.detach:
            begin()
            view.say(f"it goes on in the background: {goal.command} get pods; {goal.command} logs; {goal.command} down")
            return 0
        check = hosted.host.check if hosted else lambda: None
        kill = hosted.kill if hosted else lambda pod_uids: None
        runner = Runner(session.client, goal, view, session.clock, deadline=deadline, check=check, kill=kill)
        try:
            # Others can wait for the socket; what it has to import would keep the threads waiting that start the pods.
            code = runner.run(begin, at_leisure=hosted.serve if hosted else None)
        finally:
            if hosted is not None:
                hosted.finish_sweeping()  # What was suspended, killed or deleted leaves containers and folders to remove.
    if options.output:
        from simulator.cli.printing import object_text

        for job in runner.results.values():
            print(object_text({"apiVersion": "batch/v1", "kind": "Job", **job}, options.output), end="")
    return code


def _command(options: Options, namespace: str) -> str:
    """How another command reaches the objects of this run: the flags that say where they are."""
    from shlex import join

    words = ["kjsim"]
    if options.home is not None:
        words += ["--home", str(options.home)]
    if namespace != "default":
        words += ["-n", namespace]
    return join(words)


def _view(options: Options) -> contextlib.AbstractContextManager[View]:
    if options.output:
        from simulator.cli.run.plain import PlainView

        return PlainView(sys.stderr, sys.stderr)
    if sys.stdout.isatty() and not options.detach and os.environ.get("TERM") not in ("dumb", "unknown"):
        from simulator.cli.run.live import LiveView

        return LiveView()
    from simulator.cli.run.plain import PlainView

    return PlainView()


def _begin(goal: Goal, session: Session, wanted: list[Manifest], options: Options, view: View) -> None:
    """Create the objects, and put what is run into the goal."""
    from simulator.cli.applying import apply
    from simulator.cli.output import qualified
    from simulator.cli.run.starting import fire, start_cron_job, start_job, unfinished_others

    client = session.client
    if session.hosted is not None:
        own = [
            (m.kind.kind, m.object["metadata"].get("namespace", ""), m.object["metadata"].get("name", "")) for m in wanted
        ]
        others = unfinished_others(client, own)
        if others:
            view.say(f"this run is the control plane meanwhile; these go on too: {', '.join(others)}")
    for manifest in sorted(wanted, key=lambda manifest: manifest.kind in (JOB, CRON_JOB)):
        kind, tree = manifest.kind, manifest.object
        if kind in (JOB, CRON_JOB):
            goal.files[kind, tree["metadata"].get("name", "")] = manifest.file
        if kind is JOB:
            started = start_job(client, tree, view.say, session.hosted.unfinished_jobs if session.hosted else ())
            goal.jobs[started["metadata"]["uid"]] = started
        elif kind is CRON_JOB:
            from simulator.cli.next_runs import firing_text  # schedules and zones take 4 ms to import

            started = start_cron_job(client, tree, view.say)
            goal.cron_jobs[started["metadata"]["uid"]] = started
            view.say(firing_text(started, session.clock.now()))
            if options.now:
                fired = fire(client, started, session.clock.now(), view.say)
                goal.jobs[fired["metadata"]["uid"]] = fired
                goal.fired.add(fired["metadata"]["uid"])
        else:
            applied = apply(client, kind, tree)
            view.say(f"{qualified(kind, tree['metadata']['name'])} {applied.verb}")
