"""`kjsim annotate`: set and take away annotations."""

from __future__ import annotations

from simulator.cli.flags import Flags, Options
from simulator.cli.metadata_edits import add_edit_flags, edit, read_edits, selected
from simulator.cli.output import show_written
from simulator.cli.session import open_session
from simulator.errors import KjsimError

EXAMPLES = """
kjsim annotate job pingpong note='looked at'
kjsim annotate cronjob report kjsim.dev/duration=90s --overwrite
kjsim annotate job pingpong note-              # take it away
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `annotate`."""
    add_edit_flags(flags, "annotation")
    flags.examples = EXAMPLES


def run(options: Options) -> int:
    """Change annotations; one with another value is an error (exit code 1) without `--overwrite`."""
    words, edits = read_edits(options.words, "annotation")
    with open_session(options.home, mode="sweep", engine="never") as session:
        for kind, obj in selected(session.client, words, options):
            changed, _ = edit(session.client, kind, obj, edits, "annotations", options, _refuse)
            show_written(kind, changed, "annotated", options)
    return 0


def _refuse(differing: list[str]) -> KjsimError:
    return KjsimError(f"--overwrite is false but found the following declared annotation(s): {'; '.join(differing)}")
