"""`kjsim apply`: create or change the objects of manifests."""

from __future__ import annotations

import sys
from typing import Any

from simulator.cli import manifests
from simulator.cli.applying import apply
from simulator.cli.flags import Flags, Options
from simulator.cli.output import show_written
from simulator.cli.session import Session, open_session
from simulator.errors import Invalid, KjsimError
from simulator.model.kinds import CRON_JOB, JOB

EXAMPLES = """
kjsim apply -f cron.yml       # create it, or change it to what the file says
kjsim apply -f manifests/     # a whole folder
kjsim up                      # from now on CronJobs fire in the background
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `apply`."""
    flags.usage = "kjsim apply -f FILE... [flags]"
    flags.description = (
        "Create the objects of manifests, or bring existing ones in line with them, as `kubectl apply` does.\n"
        "Nothing runs unless a control plane is alive (`kjsim up`)."
    )
    flags.examples = EXAMPLES
    manifests.add_file_flags(flags)
    flags.add_argument("-o", "--output", metavar="FORMAT", help="name, json or yaml: show the objects so.")
    flags.add_argument("--dry-run", metavar="server", help="server: do everything but keep the result; client: check only.")


def run(options: Options) -> int:
    """Apply all manifests; all are checked before the first is sent."""
    wanted = manifests.read(options, command="apply")
    with open_session(options.home, mode="sweep", engine="never") as session:
        for manifest in wanted:
            try:
                applied = apply(
                    session.client, manifest.kind, manifest.object, dry_run=options.dry_run in ("server", "client")
                )
            except Invalid as refusal:
                raise KjsimError(manifests.refusal_text(manifest, refusal)) from refusal
            show_written(manifest.kind, applied.object, applied.verb, options)
            if manifest.kind is CRON_JOB:
                _tell_zone(applied.object, session)
        if session.hosted and not options.dry_run and any(m.kind in (JOB, CRON_JOB) for m in wanted):
            print("No control plane is alive: nothing runs before `kjsim up` (or `kjsim run FILE`).", file=sys.stderr)
    return 0


def _tell_zone(cron_job: dict[str, Any], session: Session) -> None:
    """Say so where the schedule's clock is not this machine's although nothing in the manifest tells."""
    from simulator.cli.next_runs import firing_text, zone_note

    if zone_note(cron_job, session.clock.now()):
        print(f"note: {firing_text(cron_job, session.clock.now())}", file=sys.stderr)
