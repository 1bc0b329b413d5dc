"""The transcripts of a real cluster as test cases, and what is masked when outputs are compared."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "transcripts"

_MASKS = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r"(?<=in pod )([a-z0-9-]+)-[bcdfghjklmnpqrstvwxz2456789]{5}_", r"\1-XXXXX_"),
    (r"-[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w-])", "-XXXXX"),
    (r"\w{3} \w{3} +\d+ [\d:]+ UTC \d{4}", "DATE"),
    (r"\w{3}, \d\d \w{3} \d{4} [\d:]+ \+0000", "DATE"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "DATE"),
    (r"\b(?:containerd|docker|virtual)://\w[\w-]*", "ID"),
    (r"sha256:[0-9a-f]+", "DIGEST"),
    (r"\b10\.\d+\.\d+\.\d+\b", "IP"),
    (r"\b192\.168\.\d+\.\d+\b", "IP"),
    (r"\b\d+(?:\.\d+)?(?:m?s|y|d|h|m)(?:\d+[dhms])*(?: ago)?\b", "AGE"),
    (r"gihyodocker/alpine:bash", "busybox:1.35"),
    (r"\bkubectl\b", "kjsim"),
    (r"(?<![\w/])bin/sh", "/bin/sh"),
    (r"\bnode1/[\d.]+", "node1/IP"),
    (r"(?m)^( *Image ID: +).*$", r"\1DIGEST"),
    (r"_default\(UID\)", ""),
    (r" {2,}", "  "),
    (r"-{3,}", "---"),
)
_NOT_OURS = re.compile(r"Scheduled|MissingClusterDNS|RegisteredNode|NodeHasS|NodeReady|Starting kubelet")


@dataclass(frozen=True)
class Block:
    """One command of a transcript: its words without the program, what it printed, its exit code."""

    file: str
    command: str
    output: str
    code: int

    @property
    def arguments(self) -> list[str]:
        return shlex.split(self.command)


def blocks(file: str) -> list[Block]:
    """The commands of a transcript."""
    found = []
    for text in re.split(r"(?m)^\$ kubectl ", (FOLDER / file).read_text())[1:]:
        command, _, rest = text.partition("\n")
        match = re.fullmatch(r"(?s)(.*?)\[exit (\d+)\]\s*", rest)
        if match:
            found.append(Block(file, command.strip(), match[1], int(match[2])))
    return found


def masked(text: str, *, sort: bool = False) -> list[str]:
    """The lines of an output, without what differs from run to run and from cluster to machine."""
    for pattern, replacement in _MASKS:
        text = re.sub(pattern, replacement, text)
    lines = [line.strip() for line in text.split("\n") if not _NOT_OURS.search(line)]
    return sorted(lines) if sort else lines
