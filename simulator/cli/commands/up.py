"""`kjsim up`: a control plane in the background."""

from __future__ import annotations

from simulator.cli import background
from simulator.cli.flags import Flags, Options
from simulator.cli.session import state_directory

EXAMPLES = """
kjsim up && kjsim apply -f cron.yml    # the CronJob fires from now on, with no terminal open
kjsim status; kjsim get jobs -w
kjsim down
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `up`."""
    flags.usage = "kjsim up [flags]"
    flags.takes_words = False
    flags.description = (
        "Start a control plane in the background: it runs what is applied until `kjsim down`.\n"
        "If one is alive already, that is fine. Its messages go to kjsim.log in the state directory."
    )
    flags.examples = EXAMPLES


def run(options: Options) -> int:
    """Start it and wait until it answers."""
    directory = state_directory(options.home)
    if background.start(directory):
        print(f"control plane started (process {directory.process_id()}, state in {directory.home})")
    else:
        print(f"a control plane is alive already (process {directory.process_id()}, state in {directory.home})")
    return 0
