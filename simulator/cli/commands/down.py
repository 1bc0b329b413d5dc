"""`kjsim down`: stop the control plane."""

from __future__ import annotations

from simulator.cli import background
from simulator.cli.flags import Flags, Options
from simulator.cli.session import state_directory


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `down`."""
    flags.usage = "kjsim down [flags]"
    flags.takes_words = False
    flags.description = (
        "Stop the control plane of the state directory. Objects stay; containers that run go on, and are taken over by\n"
        "the next control plane. Nothing new starts meanwhile."
    )
    flags.examples = "kjsim down"


def run(options: Options) -> int:
    """Stop it and wait until it has ended."""
    process_id = background.stop(state_directory(options.home))
    print("no control plane is alive" if process_id is None else f"control plane stopped (process {process_id})")
    return 0
