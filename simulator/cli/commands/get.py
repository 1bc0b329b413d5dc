"""`kjsim get`: objects as tables, or as they are."""

from __future__ import annotations

import sys

from simulator.cli.client import Client
from simulator.cli.flags import Flags, Options, integer
from simulator.cli.output_format import Json, OutputFormat, completed, included, read_format, table_printer
from simulator.cli.resources import Resources, check_selection, read_resources, told_as_selection
from simulator.cli.session import Session, open_session
from simulator.errors import ApiError, KjsimError, NotFound
from simulator.model.kinds import Kind

EXAMPLES = """
kjsim get pods                      # also po; jobs, cronjobs (cj), events (ev), configmaps (cm), secrets ...
kjsim get all
kjsim get jobs,pods -l app=pingpong
kjsim get job pingpong -o yaml
kjsim get pods -o wide --show-labels
kjsim get pods -w                   # go on, and show each change
kjsim get pods -o jsonpath='{.items[*].metadata.name}'
kjsim get events --sort-by=.lastTimestamp
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `get`."""
    flags.usage = "kjsim get (TYPE[,TYPE...] [NAME... | -l SELECTOR] | TYPE/NAME ...) [flags]"
    flags.description = "List objects: jobs, cronjobs, pods, events, configmaps, secrets, namespaces, or `all` that matters."
    flags.examples = EXAMPLES
    flags.add_argument(
        "-o",
        "--output",
        default="",
        metavar="FORMAT",
        help="wide, json, yaml, name, jsonpath=TEMPLATE, jsonpath-as-json=TEMPLATE, jsonpath-file=FILE, "
        "custom-columns=HEADER:PATH,..., custom-columns-file=FILE.",
    )
    flags.add_argument("-l", "--selector", default="", metavar="SELECTOR", help="Only with these labels (app=web,tier!=x).")
    flags.add_argument(
        "--field-selector", default="", metavar="SELECTOR", help="Only with these fields (status.phase=Failed)."
    )
    flags.add_argument("-A", "--all-namespaces", action="store_true", help="In every namespace.")
    flags.add_argument("-w", "--watch", action="store_true", help="Go on after the list, with each change.")
    flags.add_argument("--watch-only", action="store_true", help="Only the changes, without the list.")
    flags.add_argument("--output-watch-events", action="store_true", help="With -w: tell added, modified and deleted apart.")
    flags.add_argument("--show-labels", action="store_true", help="All labels as the last column.")
    flags.add_argument(
        "-L", "--label-columns", action="append", metavar="LABEL,...", help="A column for each of these labels."
    )
    flags.add_argument("--show-kind", action="store_true", help="The kind before each name.")
    flags.add_argument("--no-headers", action="store_true", help="Rows only.")
    flags.add_argument("--sort-by", default="", metavar="PATH", help="Order by this field (.metadata.creationTimestamp).")
    flags.add_argument("--ignore-not-found", action="store_true", help="What isn't there is no error.")
    flags.add_argument(
        "-a", "--show-all", action="store_true", help="Taken for old times' sake: ended pods are always shown."
    )
    flags.add_argument("--template", default="", hidden=True)
    flags.add_argument("--allow-missing-template-keys", action="store_true", default=True, hidden=True)
    flags.add_argument("--show-managed-fields", action="store_true", hidden=True)
    flags.add_argument("--chunk-size", type=integer, default=500, hidden=True)
    flags.add_argument("--server-print", action="store_true", default=True, hidden=True)


def run(options: Options) -> int:
    """Print what is asked for; what is not found is told and makes the exit code 1."""
    form = read_format(options)
    resources = read_resources(options.words)
    if not resources.all_kinds:
        print(f"You must specify the type of resource to get. Kinds: {_kinds()}.\n", file=sys.stderr)
        raise KjsimError("Required resource not specified.\nSee 'kjsim get -h' for help and examples")
    check_selection(resources, selector=options.selector, all_namespaces=options.all_namespaces)
    with open_session(options.home) as session:
        if options.watch or options.watch_only:
            from simulator.cli.notes import StandstillNote
            from simulator.cli.watching import watch

            StandstillNote(session).say()
            return watch(session, resources, form, options)
        if form.is_table:
            return _print_tables(session, resources, form, options)
        return _print_objects(session.client, resources, form, options)


def _kinds() -> str:
    from simulator.model.kinds import KINDS

    return ", ".join(kind.plural for kind in KINDS.values())


def _namespace(kind: Kind, options: Options) -> str | None:
    return None if options.all_namespaces or not kind.namespaced else options.namespace


def _fail(errors: list[KjsimError]) -> int:
    """Tell errors after what could be printed; returns the exit code."""
    if not errors:
        return 0
    from simulator.cli.main import message_of

    sys.stdout.flush()
    print("\n".join(message_of(error) for error in errors), file=sys.stderr)
    return 1


def _print_tables(session: Session, resources: Resources, form: OutputFormat, options: Options) -> int:
    client = session.client
    selectors = {"label_selector": options.selector, "field_selector": options.field_selector}
    errors: list[KjsimError] = []
    tables: list[tuple[Kind, Json]] = []
    for kind in resources.kinds:
        try:
            with told_as_selection(kind, **selectors):
                include = _include(kind, form, options)
                tables.append((kind, client.list_table(kind, _namespace(kind, options), include=include, **selectors)))
        except ApiError as error:
            errors.append(error)
    for kind, name in resources.objects:
        try:
            include = _include(kind, form, options)
            tables.append((kind, client.get_table(kind, name, _namespace(kind, options), include=include)))
        except NotFound as error:
            if not options.ignore_not_found:
                errors.append(error)
        except ApiError as error:
            errors.append(error)
    if options.sort_by:
        tables = _sorted(tables, options.sort_by)
    written = ""
    with_kind = options.show_kind or len({kind for kind, _ in tables}) > 1
    for kind, table in _merged(tables):
        if table["rows"]:
            if written and not options.no_headers:
                written += "\n"
            written += table_printer(kind, form, options, with_kind=with_kind).text(completed(kind, table, form, session))
    if written:
        print(written, end="")
    elif not errors and not options.ignore_not_found:
        is_namespaced = not options.all_namespaces and all(kind.namespaced for kind, _ in tables)
        print("No resources found" + (f" in {options.namespace} namespace." if is_namespaced else ""), file=sys.stderr)
    return _fail(errors)


def _include(kind: Kind, form: OutputFormat, options: Options) -> str:
    return "Object" if options.sort_by else included(kind, form)


def _merged(tables: list[tuple[Kind, Json]]) -> list[tuple[Kind, Json]]:
    """Tables of one kind in a row as one: they are printed under one header."""
    merged: list[tuple[Kind, Json]] = []
    for kind, table in tables:
        if merged and merged[-1][0] is kind:
            last = merged[-1][1]
            merged[-1] = (kind, {**last, "rows": [*(last["rows"] or ()), *(table["rows"] or ())]})
        else:
            merged.append((kind, {**table, "rows": list(table["rows"] or ())}))
    return merged


def _sorted(tables: list[tuple[Kind, Json]], path: str) -> list[tuple[Kind, Json]]:
    from simulator.cli.jsonpath import relaxed
    from simulator.cli.sorting import sorted_by

    merged = _merged(tables)
    if len(merged) > 1:
        raise KjsimError(f'couldn\'t find any field with path "{relaxed(path)}" in the list of objects')
    try:
        return [
            (kind, {**table, "rows": sorted_by(path, table["rows"], lambda row: row["object"])}) for kind, table in merged
        ]
    except KjsimError:
        return [(kind, {**table, "rows": []}) for kind, table in merged]  # kubectl shows an empty table


def _print_objects(client: Client, resources: Resources, form: OutputFormat, options: Options) -> int:
    selectors = {"label_selector": options.selector, "field_selector": options.field_selector}
    errors: list[KjsimError] = []
    objects: list[Json] = []
    for kind in resources.kinds:
        try:
            with told_as_selection(kind, **selectors):
                listed = client.list(kind, _namespace(kind, options), **selectors)
            objects += [_shown(kind, item) for item in listed["items"]]
        except ApiError as error:
            errors.append(error)
    for kind, name in resources.objects:
        try:
            objects.append(_shown(kind, client.get(kind, name, _namespace(kind, options))))
        except NotFound as error:
            if not options.ignore_not_found:
                errors.append(error)
        except ApiError as error:
            errors.append(error)
    is_single = len(resources.objects) == 1
    if (is_single and errors) or (not objects and (options.ignore_not_found or errors)):
        return _fail(errors)
    if options.sort_by:
        from simulator.cli.sorting import sorted_by

        objects = sorted_by(options.sort_by, objects, lambda obj: obj)
    from simulator.cli.printing import list_object

    print(form.print(objects[0] if is_single else list_object(objects)), end="")
    return _fail(errors)


def _shown(kind: Kind, obj: Json) -> Json:
    """An object with its kind, which the items of a list lack."""
    return {"apiVersion": kind.api_version, "kind": kind.kind, **obj}
