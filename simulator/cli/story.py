"""`kjsim why`: the decisions about an object as a story.

Decisions of one moment that say the same of several objects become one line; of several counts of one moment the last is
told; a cause stands indented below what it caused.
Input are the items of a DecisionList (api/instance.py), output is text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from simulator.cli.colour import Style
from simulator.model.durations import human_duration
from simulator.model.kinds import KINDS

Decision = dict[str, Any]

_ON_OBJECT = re.compile(r"([a-z ]+) (\w+)/(\S+)")
_COUNTS = re.compile(r"(?:; )?(?:none|\d+) active\b.*\bfailed$")
"""What the Job controller says of a status that it writes, by itself or after something else."""
_A_MOMENT = timedelta(seconds=1)
_LONG_CAUSE = 80
"""Characters from which the parts of a cause stand on lines of their own."""


class Line(NamedTuple):
    """One line of the story: when, about which object, what was decided, and why.

    `verb` and `kind`, if it was done to objects: what, and of which kind; `names`: of which ones.
    """

    time: datetime
    object: str
    text: str
    cause: str
    verb: str = ""
    kind: str = ""
    names: tuple[str, ...] = ()

    @property
    def has_counts(self) -> bool:
        """Whether it tells how many pods there are."""
        return bool(_COUNTS.search(self.cause or self.text))

    def without_counts(self) -> Line | None:
        """The line without them; None if it says nothing else."""
        if self.cause:
            return self._replace(cause=_COUNTS.sub("", self.cause))
        text = _COUNTS.sub("", self.text)
        return self._replace(text=text) if text else None

    @property
    def what(self) -> str:
        """What was decided; the same done to several objects in one list."""
        if len(self.names) > 1:
            return f"{self.verb} {self.kind}s {', '.join(self.names)}"
        return self.text

    def takes_in(self, other: Line) -> bool:
        """Whether `other` says the same at the same moment, so that one line will do."""
        if (self.object, self.cause) != (other.object, other.cause) or other.time - self.time >= _A_MOMENT:
            return False
        if other.verb:
            return (self.verb, self.kind) == (other.verb, other.kind)
        return self.text == other.text


def lines_of(decisions: Sequence[Decision]) -> list[Line]:
    """The decisions as lines, oldest first."""
    lines: list[Line] = []
    for decision in decisions:
        text, _, cause = decision["text"].partition(": ")
        line = Line(datetime.fromisoformat(decision["time"]), _name(decision), text, cause)
        if match := _ON_OBJECT.fullmatch(text):
            line = line._replace(verb=match[1], kind=match[2], names=(match[3],))
        if lines and lines[-1].takes_in(line):
            lines[-1] = lines[-1]._replace(names=lines[-1].names + line.names)
        else:
            lines.append(line)
    return _with_last_counts(lines)


def _with_last_counts(lines: list[Line]) -> list[Line]:
    """Of the counts that are told of an object within one moment, only the last: the story is of what happens."""
    kept: list[Line] = []
    told: dict[str, datetime] = {}
    for line in reversed(lines):
        shown: Line | None = line
        if line.has_counts:
            if line.object in told and told[line.object] - line.time < _A_MOMENT:
                shown = line.without_counts()
            told[line.object] = line.time
        if shown is not None:
            kept.append(shown)
    return kept[::-1]


def _name(decision: Decision) -> str:
    of = decision["object"]
    kind = KINDS[of["kind"]].singular if of["kind"] in KINDS else of["kind"].lower()
    return f"{kind}/{of['name']}"


def story(name: str, decisions: Sequence[Decision], now: datetime, style: Style) -> str:
    """The whole story of `name` (`job/pingpong`).

    Times count from the first decision. What an earlier object of the same name went through is told before, under its own
    heading.
    """
    lives: dict[str, list[Decision]] = {}
    owner = ""
    for decision in decisions:  # what is about the object itself begins a life, what is about its dependents belongs to it
        if _name(decision) == name:
            owner = decision["object"]["uid"]
        lives.setdefault(owner, []).append(decision)
    pages = [_life(name, life, now, style, is_last=i == len(lives) - 1) for i, life in enumerate(lives.values())]
    return "\n".join(pages)


def _life(name: str, decisions: Sequence[Decision], now: datetime, style: Style, *, is_last: bool) -> str:
    lines = lines_of(decisions)
    start = datetime.fromisoformat(decisions[0]["time"])
    ago = human_duration((now - start).total_seconds())
    which = name if is_last else f"{name} (an earlier one)"
    page = [style.bold(f"{which}: first decision {ago} ago, {start.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"), ""]
    after = [_after(line.time - start) for line in lines]
    time_width = max(map(len, after))
    name_width = max(len(line.object) for line in lines)
    previous = ("", "")
    for when, line in zip(after, lines, strict=True):
        shown_time = when if when != previous[0] else ""
        shown_name = line.object if (when, line.object) != previous else ""
        page.append(f"{shown_time:>{time_width}}  {shown_name:<{name_width}}  {line.what}".rstrip())
        if line.cause:
            parts = line.cause.split("; ") if len(line.cause) > _LONG_CAUSE else [line.cause]
            page += [" " * (time_width + name_width + 6) + style.dim(part) for part in parts]
        previous = (when, line.object)
    return "\n".join(page) + "\n"


def _after(elapsed: timedelta) -> str:
    seconds = elapsed.total_seconds()
    return f"+{seconds:.1f}s" if seconds < 120 else f"+{human_duration(seconds)}"
