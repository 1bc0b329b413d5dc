"""`kjsim events`: what happened, oldest first."""

from __future__ import annotations

import sys

from simulator.cli.flags import Flags, Options
from simulator.cli.output_format import Json
from simulator.cli.resources import read_resources, told_as_selection
from simulator.cli.session import open_session
from simulator.errors import KjsimError
from simulator.model.kinds import EVENT

EXAMPLES = """
kjsim events                        # of the namespace
kjsim events --for job/pingpong
kjsim events --types=Warning -w     # go on, with each new one
"""

_TYPES = ("Normal", "Warning")
_HEADER = ("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE")


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `events`."""
    flags.usage = "kjsim events [--for TYPE/NAME] [--types=Normal,Warning] [flags]"
    flags.takes_words = False
    flags.examples = EXAMPLES
    flags.add_argument("--for", dest="of", default="", metavar="TYPE/NAME", help="Only those about this object.")
    flags.add_argument("--types", action="append", metavar="TYPE,...", help="Only of these types: Normal, Warning.")
    flags.add_argument("-A", "--all-namespaces", action="store_true", help="In every namespace.")
    flags.add_argument("-w", "--watch", action="store_true", help="Go on, with each new one.")
    flags.add_argument("--no-headers", action="store_true", help="Rows only.")
    flags.add_argument("-o", "--output", default="", metavar="FORMAT", help="json or yaml.")


def run(options: Options) -> int:
    """Print them."""
    types = _types(options)
    fields = _fields_of(options.of) if options.of else ""
    if options.output not in ("", "json", "yaml"):
        raise KjsimError(
            f'unable to match a printer suitable for the output format "{options.output}", allowed formats are: json,yaml'
        )
    namespace = None if options.all_namespaces else options.namespace
    with open_session(options.home) as session:
        with told_as_selection(EVENT, "", fields):
            listed = session.client.list(EVENT, namespace, field_selector=fields)
        events = sorted((event for event in listed["items"] if event.get("type") in types), key=_last_time)
        if options.output:
            from simulator.cli.printing import list_object, object_text

            typed = [{"apiVersion": "v1", "kind": "Event", **event} for event in events]
            print(object_text(list_object(typed), options.output), end="")
            return 0
        rows = _Rows(options)
        if events:
            sys.stdout.write(rows.text(events))
        elif not options.watch:
            where = "." if options.all_namespaces else f" in {options.namespace} namespace."
            print(f"No events found{where}", file=sys.stderr)
        if options.watch:
            from simulator.cli.notes import StandstillNote

            StandstillNote(session).say()
            version = listed["metadata"]["resourceVersion"]
            with session.client.watch(EVENT, namespace, field_selector=fields, resource_version=version) as changes:
                for type_, event in changes:
                    if type_ in ("ADDED", "MODIFIED") and event.get("type") in types:
                        sys.stdout.write(rows.text([event]))
                        sys.stdout.flush()
    return 0


def _types(options: Options) -> tuple[str, ...]:
    asked = [word for words in options.types for word in words.split(",")]
    known = {name.lower(): name for name in _TYPES}
    if any(word.lower() not in known for word in asked):
        raise KjsimError("valid --types are Normal or Warning")
    return tuple(known[word.lower()] for word in asked) or _TYPES


def _fields_of(text: str) -> str:
    """The field selector of the events about one object."""
    if "/" not in text:
        raise KjsimError("--for must be in resource/name form")
    kind, name = read_resources([text]).objects[0]
    return f"involvedObject.kind={kind.kind},involvedObject.name={name}"


def _last_time(event: Json) -> str:
    series = event.get("series") or {}
    last = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return last or event["metadata"].get("creationTimestamp") or ""


class _Rows:
    """Prints events as rows under one header, in columns that never become narrower."""

    def __init__(self, options: Options) -> None:
        self._has_namespace = options.all_namespaces
        self._header_due = not options.no_headers
        self._widths: list[int] = []

    def text(self, events: list[Json]) -> str:
        """The lines of some events."""
        from simulator.cli.columns import aligned
        from simulator.cli.describe.events import interval
        from simulator.cli.printing import cell_text
        from simulator.clock import RealClock

        rows = []
        if self._header_due:
            self._header_due = False
            rows.append([*(["NAMESPACE"] if self._has_namespace else []), *_HEADER])
        now = RealClock().now()
        for event in events:
            of = event.get("involvedObject") or {}
            row = [event["metadata"].get("namespace", "")] if self._has_namespace else []
            row += [interval(event, now), event.get("type", ""), event.get("reason", "")]
            row += [f"{of.get('kind', '')}/{of.get('name', '')}", event.get("message", "").strip()]
            rows.append([cell_text(cell) for cell in row])
        return aligned("".join("\t".join(row) + "\n" for row in rows), 3, 6, self._widths)
