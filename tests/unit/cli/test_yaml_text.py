from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.cli.yaml_text import yaml_text

TRANSCRIPT = Path(__file__).parents[2] / "cli/transcripts/objects.yaml.txt"
PARTS = [part.split("[exit 0]")[0] for part in re.split(r"^\$ kubectl .*\n", TRANSCRIPT.read_text(), flags=re.M)[1:]]


class Loader(yaml.SafeLoader):
    """Leaves times as they are written."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.mark.parametrize("text", PARTS, ids=range(len(PARTS)))
def test_what_a_real_cluster_shows_comes_out_again(text: str) -> None:
    assert yaml_text(yaml.load(text, Loader)) == text


# Answers of kubectl 1.32 (`kubectl label --local -o yaml`).
STRINGS = [
    ("", '""'),
    ("plain", "plain"),
    ("two words", "two words"),
    ("true", '"true"'),
    ("y", '"y"'),
    ("No", '"No"'),
    ("~", '"~"'),
    ("1", '"1"'),
    ("08", '"08"'),
    ("0x1f", '"0x1f"'),
    ("0o17", '"0o17"'),
    ("1_000", '"1_000"'),
    ("1.", '"1."'),
    ("1.2.3", "1.2.3"),
    ("1e3", '"1e3"'),
    ("e1", "e1"),
    (".inf", '".inf"'),
    ("+", "+"),
    ("12:30:45", '"12:30:45"'),
    ("1:60", "1:60"),
    ("2024-06-01", '"2024-06-01"'),
    ("2024-06-01T12:00:00Z", '"2024-06-01T12:00:00Z"'),
    ("2024-13-01", "2024-13-01"),
    ("2024-06-01T12:00:00", "2024-06-01T12:00:00"),
    ("18446744073709551616", '"18446744073709551616"'),
    ("- a", "'- a'"),
    ("-a", "-a"),
    ("-", "'-'"),
    ("a: b", "'a: b'"),
    ("a:b", "a:b"),
    ("a:", "'a:'"),
    ("a #b", "'a #b'"),
    ("a#b", "a#b"),
    ("---", "'---'"),
    ("'", "''''"),
    ('"', "'\"'"),
    ("*/5 * * * *", "'*/5 * * * *'"),
    ("@hourly", "'@hourly'"),
    ("30 2 * * *", "30 2 * * *"),
    ("a\tb", '"a\\tb"'),
    ("\U0001f600", '"\\U0001F600"'),
    ("é", "é"),
    (" a", "' a'"),
    ("a\nb", "|-\n  a\n  b"),
    ("a\nb\n", "|\n  a\n  b"),
    ("a\n\n", "|+\n  a\n"),
    ("a\n\nb", "|-\n  a\n\n  b"),
    (" a\nb", "|2-\n   a\n  b"),
    ("a \nb", '"a \\nb"'),
]


@pytest.mark.parametrize(("text", "written"), STRINGS)
def test_strings(text: str, written: str) -> None:
    assert yaml_text({"k": text}) == f"k: {written}\n"
    assert yaml.load(yaml_text({"k": text}), Loader) == {"k": text}


@pytest.mark.parametrize("text", ["word " * 40 + "end", "it's: " * 30 + "end", "tab\t " * 30 + "end"])
def test_long_lines_are_broken_at_spaces(text: str) -> None:
    written = yaml_text({"k": text})
    assert len(written.splitlines()) > 1
    assert yaml.load(written, Loader) == {"k": text}


def test_lines_are_not_broken_between_two_spaces() -> None:
    text = "  ".join(["x" * 30] * 9)
    assert yaml_text({"k": text}) == f"k: {text}\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}\n"),
        ({"a": {}, "b": [], "c": None, "d": True, "e": 3, "f": 0.5}, "a: {}\nb: []\nc: null\nd: true\ne: 3\nf: 0.5\n"),
        ({"a": [{"c": 1, "b": [1]}, [2, [3]]]}, "a:\n- b:\n  - 1\n  c: 1\n- - 2\n  - - 3\n"),
        ({"on": 1, "a.b/c": 2}, 'a.b/c: 2\n"on": 1\n'),
        ({"a10": 1, "a9": 2, "a-": 3, "ab": 4}, "a-: 3\na9: 2\na10: 1\nab: 4\n"),
        ({"k" * 129: {"a": 1}}, f"? {'k' * 129}\n: a: 1\n"),
    ],
)
def test_collections(value: dict[str, Any], text: str) -> None:
    assert yaml_text(value) == text
    assert yaml.load(text, Loader) == value
