"""Descriptions of the objects of a real cluster, against what its kubectl printed for them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.cli.describe import describe

TRANSCRIPTS = Path(__file__).parents[3] / "cli/transcripts"
NOW = datetime(2026, 11, 23, 10, 35, tzinfo=UTC)
NAMES = {"Job": "jobs", "CronJob": "cronjobs", "Pod": "pods"}


class Loader(yaml.SafeLoader):
    """Leaves times as they are written."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def objects() -> list[dict[str, Any]]:
    text = (TRANSCRIPTS / "objects.yaml.txt").read_text()
    shown = [yaml.load(part.split("[exit 0]")[0], Loader) for part in re.split(r"^\$ kubectl .*\n", text, flags=re.M)[1:]]
    found = [obj for answer in shown for obj in answer.get("items", [answer])]
    return [obj for obj in found if obj["kind"] in NAMES]


def pages(kind: str) -> list[str]:
    text = (TRANSCRIPTS / f"kubectl-describe-{NAMES[kind]}.txt").read_text()
    return [re.split(r"\nEvents:|\n\n|\n\[exit", part)[0] + "\n" for part in re.split(r"^(?=Name: )", text, flags=re.M)[1:]]


@pytest.mark.parametrize("obj", objects(), ids=lambda obj: f"{obj['kind']}/{obj['metadata']['name']}")
def test_page(obj: dict[str, Any]) -> None:
    name = obj["metadata"]["name"]
    page = next((page for page in pages(obj["kind"]) if re.match(rf"Name: +{re.escape(name)}\n", page)), None)
    if page is None:
        pytest.skip("not among the described objects")
    assert settled(describe(obj, None, NOW)) == settled(page)


def settled(page: str) -> str:
    """The page without what went on between the two recordings: a CronJob's last time."""
    return re.sub(r"(?m)^Last Schedule Time: .*", "", page)
