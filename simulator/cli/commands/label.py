"""`kjsim label`: set and take away labels."""

from __future__ import annotations

import sys

from simulator.cli.flags import Flags, Options
from simulator.cli.metadata_edits import add_edit_flags, edit, read_edits, selected
from simulator.cli.output import show_written
from simulator.cli.session import open_session
from simulator.errors import KjsimError

EXAMPLES = """
kjsim label job pingpong team=a
kjsim label pods -l app=pingpong team=b --overwrite
kjsim label job pingpong team-                 # take it away
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `label`."""
    add_edit_flags(flags, "label")
    flags.examples = EXAMPLES


def run(options: Options) -> int:
    """Change labels; a label with another value is an error (exit code 1) without `--overwrite`."""
    words, edits = read_edits(options.words, "label")
    with open_session(options.home, mode="sweep", engine="never") as session:
        for kind, obj in selected(session.client, words, options):
            labels = obj["metadata"].get("labels") or {}
            for key in edits.removed:
                if key not in labels:
                    print(f'label "{key}" not found.', file=sys.stderr)
            changed, is_changed = edit(session.client, kind, obj, edits, "labels", options, _refuse)
            verb = "not labeled" if not is_changed else "labeled" if edits.values else "unlabeled"
            show_written(kind, changed, verb, options)
    return 0


def _refuse(differing: list[str]) -> KjsimError:
    return KjsimError(f"{differing[0]}, and --overwrite is false")
