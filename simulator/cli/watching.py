"""`kjsim get -w`: what is there, then each change as it comes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from simulator.cli.flags import Options
from simulator.cli.output_format import Json, OutputFormat, completed, included, table_printer
from simulator.cli.resources import Resources, told_as_selection
from simulator.cli.session import Session
from simulator.errors import KjsimError, ServiceUnavailable
from simulator.model.kinds import Kind


def watch(session: Session, resources: Resources, form: OutputFormat, options: Options) -> int:
    """Print until the server ends the watch, or the user does (Ctrl-C)."""
    client = session.client
    kinds = resources.all_kinds
    if len(kinds) > 1 or len(resources.objects) > 1:
        raise KjsimError(
            f"watch is only supported on individual resources and resource collections - {len(kinds)} resources were found"
            if len(kinds) > 1
            else "watch is only supported on individual resources and resource collections - more than 1 resource was found"
        )
    kind = kinds[0]
    name = resources.objects[0].name if resources.objects else ""
    namespace = None if options.all_namespaces or not kind.namespaced else options.namespace
    if name:
        client.get(kind, name, namespace)  # kubectl's NotFound, rather than a wait for it
    fields = ",".join(part for part in (options.field_selector, f"metadata.name={name}" if name else "") if part)
    show = _table_shower(session, kind, form, options) if form.is_table else _object_shower(kind, form, options)
    include = included(kind, form)
    lists = partial(client.list_table, include=include) if form.is_table else client.list
    with told_as_selection(kind, options.selector, fields):
        listed = lists(kind, namespace, label_selector=options.selector, field_selector=fields)
    if not options.watch_only:
        show("ADDED", listed)
    try:
        changes = client.watch(
            kind,
            namespace,
            resource_version=listed["metadata"]["resourceVersion"],
            label_selector=options.selector,
            field_selector=fields,
            table=form.is_table,
        )
        with changes:
            for type_, obj in changes:
                if type_ != "BOOKMARK":
                    show(type_, obj)
    except ServiceUnavailable:
        raise KjsimError("the control plane has ended; without -w, what it left is shown") from None
    return 0


def _table_shower(session: Session, kind: Kind, form: OutputFormat, options: Options) -> Callable[[str, Json], None]:
    printer = table_printer(kind, form, options, with_kind=options.show_kind)

    def show(type_: str, table: Json) -> None:
        if table["rows"]:
            shown = completed(kind, table, form, session)
            _write(printer.text(_with_event(shown, type_) if options.output_watch_events else shown))

    return show


def _object_shower(kind: Kind, form: OutputFormat, options: Options) -> Callable[[str, Json], None]:
    count = 0

    def show(type_: str, obj: Json) -> None:
        nonlocal count
        for one in obj["items"] if obj.get("kind", "").endswith("List") else [obj]:
            shown = {"apiVersion": kind.api_version, "kind": kind.kind, **one}
            if options.output_watch_events:
                shown = {"type": type_, "object": shown}
            if form.name == "yaml" and count:
                _write("---\n")
            count += 1
            _write(form.print(shown))

    return show


def _with_event(table: Json, type_: str) -> Json:
    """A table with the kind of change as its first column."""
    columns = [{"name": "Event", "type": "string", "format": "", "priority": 0}, *(table.get("columnDefinitions") or ())]
    rows = [{**row, "cells": [type_, *row["cells"]]} for row in table["rows"]]
    return {**table, "columnDefinitions": columns if len(columns) > 1 else None, "rows": rows}


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
