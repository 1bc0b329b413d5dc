"""Whole outputs of the reading commands, compared with what kubectl showed of a real cluster (transcripts/README.md)."""

from __future__ import annotations

import re

import pytest

from tests.cli.transcripts import Block, blocks, masked
from tests.cli.world import World

SHOWS_WHAT_IS_NOT_HERE = {
    "get pods --show-all": "kubectl no longer knows the flag; kjsim takes it in silence",
    "get all": "there is no Service `kubernetes` here",
    "get pods -A": "there are other namespaces in that cluster",
    "get events --sort-by=.lastTimestamp": "the order within one second differs, and there is no kubelet of a real node",
    "logs job/crash --previous": "that kubelet had removed the container already; here it is still there",
    "describe pod -l app=badcmd": "the engine's text is Docker's",
    "describe pod -l app=sidecar": "one probe hit a container that was ending, by chance",
    "describe pod -l app=crash": "seen in its back-off here, just before it there",
}
NOT_YET: dict[str, str] = {}
"""Expected to fail, strictly: what passes must leave the list."""

OTHER_EXIT_CODES = {"get nosuch": 2}
IN_ANY_ORDER = (
    "logs -l",
    "get pods --sort-by",
    "describe job leader",
    "describe pod -l app=multi",
    "describe pod -l app=perindex",
)
"""Where a map's order, an unstable sort, a random name or two events of one second decide."""


def cases(*files: str) -> list[object]:
    return [
        pytest.param(
            block,
            id=f"{block.file}: {block.command}",
            marks=[pytest.mark.xfail(reason=NOT_YET[block.command])] if block.command in NOT_YET else [],
        )
        for file in files
        for block in blocks(file)
        if block.command not in SHOWS_WHAT_IS_NOT_HERE
    ]


def compare(world: World, block: Block) -> None:
    arguments = block.arguments
    if block.command == "logs job/waiting":
        arguments.append("--pod-running-timeout=0.1s")  # nothing comes of the other 20 seconds
    outcome = world.kjsim(*arguments)
    sort = block.command.startswith(IN_ANY_ORDER)
    shown = re.sub(r"(?m)^Next Runs:\n(?: .*\n)+", "", outcome.both)  # kjsim's own
    if block.command == "get cj -o wide":
        shown = re.sub(r"(?m) +(?:NEXT|in \d\w+|<none>)$", "", shown)  # and this column
    assert _settled(masked(shown, sort=sort)) == _settled(masked(block.output, sort=sort))
    assert outcome.code == OTHER_EXIT_CODES.get(block.command, block.code)


def _settled(lines: list[str]) -> list[str]:
    """A container that crashes again and again is seen in its back-off or just before."""
    return [re.sub(r"(crash-XXXXX  0/1  )(Error|CrashLoopBackOff)", r"\1Error", line) for line in lines]


@pytest.mark.parametrize("block", cases("kubectl-get.txt"))
def test_get(cluster: World, block: Block) -> None:
    compare(cluster, block)


@pytest.mark.parametrize("block", cases("kubectl-logs.txt"))
def test_logs(later: World, block: Block) -> None:
    compare(later, block)


@pytest.mark.parametrize("block", cases("kubectl-describe-jobs.txt", "kubectl-describe-cronjobs.txt"))
def test_describe_jobs(cluster: World, block: Block) -> None:
    compare(cluster, block)


@pytest.mark.parametrize("block", cases("kubectl-describe-pods.txt"))
def test_describe_pods(cluster: World, block: Block) -> None:
    compare(cluster, block)
