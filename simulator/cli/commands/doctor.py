"""`kjsim doctor`: does this machine have what kjsim needs, and if not, what is to be done?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from simulator.cli.flags import Flags, Options
from simulator.cli.session import state_directory
from simulator.clock import RealClock
from simulator.errors import EngineUnavailable, KjsimError, StateError, UsageError
from simulator.store.database import Database

if TYPE_CHECKING:
    from simulator.executor.docker.engine import Engine

DEMO_IMAGE = "busybox:1.35"
_LEAST_FREE_BYTES = 100 << 20
_MOST_CLOCK_DIFFERENCE_SECONDS = 2.0


class Finding(NamedTuple):
    """What one check found. `advice` is empty when nothing needs to be done; `code` is the exit code it asks for."""

    text: str
    advice: str = ""
    code: int = 0


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `doctor`."""
    flags.usage = "kjsim doctor [flags]"
    flags.takes_words = False
    flags.description = (
        "Check the Docker Engine, its images, the state directory and the clock, and say what to do.\n"
        "Exit code 0: all is well; 3: no engine; 4: the state directory can't be used."
    )
    flags.examples = "kjsim doctor\nkjsim doctor --only engine && echo ready"
    flags.add_argument("--only", metavar="CHECK", help=f"One check: {', '.join(CHECKS)}.")


def run(options: Options) -> int:
    """Run the checks; the exit code is that of the first that failed."""
    if options.only and options.only not in CHECKS:
        raise UsageError(f"--only {options.only}: one of {', '.join(CHECKS)}")
    code = 0
    for name, check in CHECKS.items():
        if options.only in (None, name):
            finding = check(options)
            mark = "ok  " if not finding.advice else "BAD " if finding.code else "note"
            print(f"{mark}  {name:<7} {finding.text}")
            if finding.advice:
                print("".join(f"              {line}\n" for line in finding.advice.splitlines()), end="")
            code = code or finding.code
    return code


def _connect(options: Options) -> Engine:
    from simulator.executor.docker.endpoint import find_endpoints
    from simulator.executor.docker.engine import Facts, connect

    return connect(find_endpoints(os.environ, Path.home()), Facts(state_directory(options.home).home))


def _engine(options: Options) -> Finding:

    try:
        engine = _connect(options)
        engine.learn()
    except EngineUnavailable as error:
        first, _, rest = str(error).partition("\n")
        return Finding(
            first, rest or "name another one: DOCKER_HOST, DOCKER_CONTEXT, `docker context use`", EngineUnavailable.exit_code
        )
    node = engine.node
    version = ".".join(str(part) for part in engine.version)
    text = (
        f"Docker {node.engine_version} (API {version}) at {engine.endpoint.host}: "
        f"{node.cpu_milli // 1000} CPUs, {node.memory_bytes / 2**30:.1f} GiB, {node.architecture}"
    )
    engine.close()
    return Finding(text)


def _images(options: Options) -> Finding:
    try:
        engine = _connect(options)
    except EngineUnavailable:
        return Finding("not looked at: no engine", "see above", EngineUnavailable.exit_code)
    is_present = engine.has_image(DEMO_IMAGE)
    engine.close()
    if not is_present:
        return Finding(f"the examples' image {DEMO_IMAGE} is not present", f"docker pull {DEMO_IMAGE}; or: make setup")
    return Finding(f"{DEMO_IMAGE} is present; local images are used as they are")


def _state(options: Options) -> Finding:
    directory = state_directory(options.home)
    try:
        directory.create()
        if directory.database.exists():
            Database(directory.database, read_only=True).close()
        free = shutil.disk_usage(directory.home).free
    except StateError as error:
        return Finding("can't be used", str(error), StateError.exit_code)
    if free < _LEAST_FREE_BYTES:
        return Finding(f"{directory.home}: only {free >> 20} MiB free", "free some space", StateError.exit_code)
    process_id = directory.process_id()
    alive = f"control plane: process {process_id}" if process_id else "no control plane alive"
    return Finding(f"{directory.home} is writable, {free / 2**30:.1f} GiB free; {alive}")


def _clock(options: Options) -> Finding:
    """The engine's clock stamps what containers do; where it differs from ours, durations look odd."""
    from datetime import datetime

    now = RealClock().now()
    zone = now.astimezone().tzname() or "UTC"
    here = f"{now:%Y-%m-%d %H:%M:%S} UTC; schedules without timeZone are read in UTC (this machine's zone: {zone})"
    try:
        engine = _connect(options)
        before = RealClock().now()
        told = datetime.fromisoformat(str(engine.api.info()["SystemTime"]))
        difference = (told - before).total_seconds()
        engine.close()
    except (KjsimError, KeyError, ValueError):
        return Finding(here)
    if abs(difference) > _MOST_CLOCK_DIFFERENCE_SECONDS:
        return Finding(f"{here}; the engine's differs by {difference:+.1f} s", "set both clocks by NTP")
    return Finding(here)


CHECKS: dict[str, Callable[[Options], Finding]] = {"engine": _engine, "images": _images, "state": _state, "clock": _clock}
