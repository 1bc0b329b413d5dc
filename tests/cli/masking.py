"""Outputs made comparable: what differs from run to run and from cluster to machine is masked, all else is kept.

A table keeps its columns, its order and its words. That its cells are padded as kubectl pads them (the widest cell and
the gap) is checked here, since the padding itself changes with the width of what is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]{5}"
_DURATION = re.compile(r"(?:\d+[ydhms]){1,2}|<invalid>")
_MASKS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
        (rf"(?<=[a-z0-9])-{_SUFFIX}(?![\w-])", "-SUFFIX"),
        (rf"(?<=[a-z0-9])-{_SUFFIX}(?=_default\()", "-SUFFIX"),
        (r"\bpingpong-\d{8}\b", "pingpong-MINUTES"),
        (r"\w{3} \w{3} +\d+ [\d:]+ UTC \d{4}", "DATE"),
        (r"\w{3}, \d\d \w{3} \d{4} [\d:]+ \+0000", "DATE"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "DATE"),
        (r"\b(?:containerd|docker)://[0-9a-f]+", "CONTAINER"),
        (r"(?<=imageID: )\S+", "IMAGE"),
        (r"(?<=Image ID:)( +)\S+", r"\1IMAGE"),
        (r"\b(?:10|127|172|192)\.\d+\.\d+\.\d+\b", "IP"),
        (r"\b(?:node1|kjsim-node)\b", "NODE"),
        (r"gihyodocker/alpine:bash", "busybox:1.35"),
        (r"(?<![\w/])bin/sh\b", "/bin/sh"),
        (r"\bkubectl\b", "kjsim"),
        (r"(?<=resourceVersion: )\"\d+\"", "VERSION"),
        (r"(?<=\()(?:\d+[ydhms]){1,2} ago\)", "AGE ago)"),
        (r"(?<=^Duration:)( +)(?:\d+[ydhms]){1,2}$", r"\1AGE"),
    )
)
_HEADER = re.compile(r"[A-Z]\S*(?: \S+)*(?: {3,}[A-Z]\S*(?: \S+)*)+ *")
_FOREIGN = (
    "Scheduled",
    "MissingClusterDNS",
    "RegisteredNode",
    "NodeHasSufficient",
    "NodeReady",
    "Starting",
    "NodeAllocatable",
)


_PINGPONG_POD = re.compile(r"(default\|)?(pod/)?pingpong-(MINUTES-)?SUFFIX\b")


def masked(text: str) -> str:
    """A line or a cell without what differs from run to run."""
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def comparable(output: str) -> list[str]:
    """The lines of an output, masked; the cells of a table's row are joined by `|`, with their padding checked."""
    lines = output.split("\n")
    made: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        if _HEADER.fullmatch(line) and line.upper() == line:
            end = _end_of_table(lines, position)
            made += _rows(lines[position:end], gap=3)
            position = end
        elif line == "Events:":
            end = next((at for at in range(position, len(lines)) if not lines[at].startswith((" ", "Events:"))), len(lines))
            assert re.fullmatch(r"[ -]+", lines[position + 2]), lines[position + 2]
            table = [at[2:] for at in lines[position + 1 : end]]
            made += [line, *(row for row in _rows(table, gap=2) if not _is_foreign(row))]
            position = end
        else:
            made.append(re.sub(r"^Events: +<none>$", "Events: <none>", masked(line)))
            position += 1
    return made


def with_chance_in_order(lines: list[str]) -> list[str]:
    """Rows sorted by names in which chance decides whether `pingpong-xyz12` stands before `pingpong-29923834-xyz12`."""
    at = [position for position, line in enumerate(lines) if _PINGPONG_POD.match(line)]
    if not at or at != list(range(at[0], at[-1] + 1)):
        return lines
    return [*lines[: at[0]], *sorted(lines[at[0] : at[-1] + 1]), *lines[at[-1] + 1 :]]


def words(output: str) -> list[str]:
    """The lines of an output that has columns and no header: masked, one blank between words."""
    return [re.sub(r"(?<= )(?:\d+[ydhms]){1,2}$", "AGE", re.sub(" +", " ", masked(line))) for line in output.split("\n")]


def without_foreign_events(lines: list[str]) -> list[str]:
    """The rows of an event table without what kjsim has nobody to say (the scheduler, the node)."""
    return [line for line in lines if not _is_foreign(line)]


def _is_foreign(row: str) -> bool:
    return any(f"|{reason}|" in row for reason in _FOREIGN)


def _end_of_table(lines: list[str], header: int) -> int:
    starts = _starts(lines[header])
    at = header + 1
    while at < len(lines) and lines[at] and not re.match(r"(?i)error|No resources", lines[at]):
        if any(start < len(lines[at]) and lines[at][start - 1] != " " for start in starts[1:]):
            break
        at += 1
    return at


def _starts(header: str) -> list[int]:
    return [match.start() for match in re.finditer(r"(?:(?<=^)|(?<=  ))\S", header)]


def _rows(lines: list[str], gap: int) -> Iterator[str]:
    starts = _starts(lines[0])
    table = [
        [line[start:end].rstrip() for start, end in zip(starts, [*starts[1:], None], strict=True)]
        for line in lines
        if line.strip()
    ]
    names = table[0]
    for column, (start, end) in enumerate(pairwise(starts)):
        widest = max(len(row[column]) for row in table)
        assert end - start == widest + gap, f"column {names[column]} is {end - start} wide, its widest cell is {widest}"
    for row in table:
        yield "|".join(_cell(name, cell) for name, cell in zip(names, row, strict=True))


def _cell(name: str, cell: str) -> str:
    if name.upper() in ("AGE", "LAST SEEN", "DURATION", "LAST SCHEDULE", "FIRST SEEN"):
        cell = re.sub(r"^((?:\d+[ydhms]){1,2})( \(x\d+ over )(?:\d+[ydhms]){1,2}\)$", r"AGE\2AGE)", cell)
        return "AGE" if _DURATION.fullmatch(cell) else cell
    return masked(cell)
