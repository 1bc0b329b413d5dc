"""`kjsim serve`: a control plane in the foreground."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from simulator.cli.flags import Flags, Options
from simulator.cli.session import open_session
from simulator.errors import KjsimError

EXAMPLES = """
kjsim serve              # until Ctrl-C or `kjsim down`
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `serve`."""
    flags.usage = "kjsim serve [flags]"
    flags.takes_words = False
    flags.description = "Be the control plane of the state directory, in the foreground, until Ctrl-C or `kjsim down`."
    flags.examples = EXAMPLES


def run(options: Options) -> int:
    """Serve until told to stop; SIGTERM and Ctrl-C end it well (exit code 0)."""
    ended = threading.Event()

    def end(signal_number: int, frame: FrameType | None) -> None:
        ended.set()

    with open_session(options.home, mode="act", engine="always") as session:
        if session.hosted is None:
            raise KjsimError(f"a control plane is alive already (process {session.home.process_id()})")
        session.hosted.require_engine()
        session.hosted.serve()
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        session.hosted.on_shutdown(ended.set)
        print(f"serving {session.home.home} on {session.home.socket}", flush=True)
        session.hosted.wait(ended)
        print("stopped", flush=True)
    return 0
