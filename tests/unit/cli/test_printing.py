from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from simulator.api.tables import columns
from simulator.cli.printing import TablePrinter, cell_text, labels_text, list_object, object_text

TRANSCRIPTS = Path(__file__).parents[2] / "cli/transcripts"


def output_of(file: str, command: str) -> list[str]:
    """The lines that a command printed."""
    text = (TRANSCRIPTS / file).read_text()
    return text.split(f"$ {command}\n", 1)[1].split("[exit", 1)[0].splitlines()


def cells_of(lines: list[str]) -> list[list[str]]:
    """The cells of printed lines, by the columns of the first one; spaces at the end are no part of a cell."""
    starts = [match.start() for match in re.finditer(r"(?:^|(?<= {3}))\S", lines[0])]
    ends = [*starts[1:], None]
    return [[line[start:end].rstrip() for start, end in zip(starts, ends, strict=True)] for line in lines]


def table_of(lines: list[str], kind: str, *, wide: bool) -> dict[str, Any]:
    """The server's table behind printed lines of the given kind."""
    definitions = [column for column in columns(kind) if wide or not column["priority"]]
    return {"columnDefinitions": definitions, "rows": [{"cells": row} for row in cells_of(lines)[1:]]}


@pytest.mark.parametrize(
    ("command", "kind", "wide"),
    [
        ("kubectl get jobs", "Job", False),
        ("kubectl get jobs -o wide", "Job", True),
        ("kubectl get cronjobs", "CronJob", False),
        ("kubectl get cj -o wide", "CronJob", True),
        ("kubectl get pods -o wide", "Pod", True),
        ("kubectl get events --sort-by=.lastTimestamp", "Event", False),
    ],
)
def test_tables_of_a_real_cluster(command: str, kind: str, wide: bool) -> None:
    lines = output_of("kubectl-get.txt", command)
    table = table_of(lines, kind, wide=wide)
    assert TablePrinter(wide=wide).text(table).splitlines() == lines


def test_label_columns_and_labels() -> None:
    lines = output_of("kubectl-get.txt", "kubectl get pods -L app,batch.kubernetes.io/job-completion-index")
    rows = []
    for row in cells_of(lines)[1:]:
        values = {"app": row[5], "batch.kubernetes.io/job-completion-index": row[6]}
        labels = {key: value for key, value in values.items() if value}
        rows.append({"cells": [*row[:5], "", "", "", ""], "object": {"metadata": {"labels": labels}}})
    table = {"columnDefinitions": columns("Pod"), "rows": rows}
    printer = TablePrinter(label_columns=["app", "batch.kubernetes.io/job-completion-index"])
    assert printer.text(table).splitlines() == lines
    shown = TablePrinter(headers=False, show_labels=True).text(table).splitlines()
    assert shown[0].endswith("   app=badcmd")


def test_namespace_and_kind() -> None:
    row = {"cells": ["a", "1/1", "Running", "0", "5s", "", "", "", ""], "object": {"metadata": {"namespace": "n"}}}
    table = {"columnDefinitions": columns("Pod"), "rows": [row]}
    assert TablePrinter(namespace=True, kind="pod").text(table) == (
        "NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE\nn           pod/a   1/1     Running   0          5s\n"
    )
    assert TablePrinter(headers=False).text(table) == "a     1/1   Running   0     5s\n"


@pytest.mark.parametrize(("file", "kind"), [("pods", "Pod"), ("jobs", "Job")])
def test_a_watch_goes_on_in_columns_that_only_grow(file: str, kind: str) -> None:
    lines = [line for line in (TRANSCRIPTS / f"kubectl-get-{file}-watch.txt").read_text().splitlines() if line]
    lines = [line for line in lines if not line.startswith(("$", "[exit"))]
    definitions = [column for column in columns(kind) if not column["priority"]]
    printer = TablePrinter()
    printed = []
    for i, line in enumerate(lines[1:]):
        row = split_row(line, kind)
        table = {"columnDefinitions": definitions if i == 0 else None, "rows": [{"cells": row}]}
        printed += printer.text(table).splitlines()
    assert printed == lines


def split_row(line: str, kind: str) -> list[str]:
    """The cells of one line of a watch, whose columns are not those of the header."""
    row = re.split(r" {3,}", line)
    if kind == "Job" and len(row) == 4:
        row.insert(3, "")  # no duration yet
    return row


def test_cells() -> None:
    assert cell_text("one\ntwo") == "one..."
    assert cell_text("red \x1b[31m") == "red ^[[31m"
    assert (cell_text(None), cell_text(3), cell_text(False)) == ("", "3", "false")
    assert (labels_text(None), labels_text({"b": "1", "a": ""})) == ("<none>", "a=,b=1")


def test_json_is_sorted_and_escaped() -> None:
    text = object_text({"kind": "X", "a": {"c": "<&>", "b": []}}, "json")
    assert text == '{\n    "a": {\n        "b": [],\n        "c": "\\u003c\\u0026\\u003e"\n    },\n    "kind": "X"\n}\n'
    assert json.loads(text)["a"]["c"] == "<&>"


def test_managed_fields_are_left_out() -> None:
    obj = {"kind": "X", "metadata": {"name": "x", "managedFields": [{}]}}
    assert object_text(obj, "yaml") == "kind: X\nmetadata:\n  name: x\n"
    assert "managedFields" in object_text(obj, "yaml", show_managed_fields=True)
    assert "managedFields" not in object_text(list_object([obj]), "json")
