"""`kjsim why`: the story of the decisions about an object."""

from __future__ import annotations

from simulator.cli.flags import Flags, Options
from simulator.cli.resources import read_resources
from simulator.cli.session import open_session
from simulator.errors import KjsimError, UsageError

EXAMPLES = """
kjsim why job/pingpong              # what became of it, step by step, and why
kjsim why pod/pingpong-x7k2p
kjsim why cronjob/pingpong          # when it fired, when not, and why
kjsim why job/pingpong -o json
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `why`."""
    flags.usage = "kjsim why (TYPE/NAME | TYPE NAME) [flags]"
    flags.description = (
        "Tell the story of a Job, CronJob or Pod: each decision about it and about what it made, when it was taken, and its "
        "cause. Times count from the first decision."
    )
    flags.examples = EXAMPLES
    flags.add_argument("-o", "--output", metavar="FORMAT", help="json: the decisions as a list.")


def run(options: Options) -> int:
    """Print the story."""
    resources = read_resources(options.words)
    if len(resources.objects) != 1:
        raise UsageError("which object? For example: kjsim why job/pingpong")
    if options.output not in (None, "", "json"):
        raise KjsimError(
            f'unable to match a printer suitable for the output format "{options.output}", allowed formats are: json'
        )
    kind, name = resources.objects[0]
    with open_session(options.home) as session:
        decisions = session.client.decisions(kind, name, options.namespace)
    if options.output == "json":
        from simulator.cli.printing import object_text

        items = {"apiVersion": "kjsim.dev/v1", "kind": "DecisionList", "items": decisions}
        print(object_text(items, "json"), end="")
        return 0
    if not decisions:
        print(f"Nothing has been decided about {kind.singular}/{name} yet.")
        return 0
    from simulator.cli.colour import style_of
    from simulator.cli.story import story
    from simulator.clock import RealClock

    print(story(f"{kind.singular}/{name}", decisions, RealClock().now(), style_of()), end="")
    return 0
