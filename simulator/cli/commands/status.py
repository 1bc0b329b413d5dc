"""`kjsim status`: is a control plane alive, and how is it?"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from simulator.cli.flags import Flags, Options
from simulator.cli.living import living_client
from simulator.cli.session import state_directory
from simulator.errors import UsageError


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `status`."""
    flags.usage = "kjsim status [flags]"
    flags.takes_words = False
    flags.description = (
        "Show whether a control plane is alive, its engine, and what is under way.\nExit code 0: one is alive; 1: none is."
    )
    flags.examples = "kjsim status\nkjsim status -o json"
    flags.add_argument("-o", "--output", metavar="FORMAT", help="json: for programs.")


def run(options: Options) -> int:
    """Ask it; exit code 1 if none is alive."""
    if options.output not in (None, "json"):
        raise UsageError(f'unable to match a printer suitable for the output format "{options.output}": one of json')
    directory = state_directory(options.home)
    client = living_client(directory)
    if client is None:
        if options.output == "json":
            print(json.dumps({"alive": False, "home": str(directory.home)}, indent=4))
        else:
            print(f"no control plane is alive (state in {directory.home}); start one with: kjsim up")
        return 1
    status = client.status()
    if options.output == "json":
        print(json.dumps({"alive": True, **status}, indent=4))
        return 0
    engine = status["engine"]
    print(f"control plane:   alive, process {status['processID']}, kjsim {status['version']}")
    print(f"state:           {status['home']}")
    print(f"socket:          {directory.socket}")
    if engine["reachable"]:
        print(f"engine:          Docker {engine['version']}")
    else:
        print(f"engine:          not reachable: {engine['error']}")
    print(f"unfinished:      {_counted(status['unfinishedJobs'], 'job')}, {_counted(status['unfinishedPods'], 'pod')}")
    print(f"next wake-up:    {_time(status['nextTime'])}")
    return 0


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _time(text: str | None) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if text else "none"
