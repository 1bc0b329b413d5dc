"""`kjsim version`."""

from __future__ import annotations

from simulator import __version__
from simulator.cli.flags import Flags, Options

KUBERNETES_VERSION = "v1.36.2"
"""The Kubernetes whose decisions kjsim takes (semantics/)."""


def add_arguments(flags: Flags) -> None:
    """Only the usage."""
    flags.usage = "kjsim version"
    flags.takes_words = False
    flags.description = "Print the version of kjsim, and of the Kubernetes whose decisions it takes."


def run(options: Options) -> int:
    """Print it."""
    print(f"kjsim {__version__} (Kubernetes {KUBERNETES_VERSION})")
    return 0
