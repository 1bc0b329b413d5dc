"""`kjsim why`: the decisions about an object as a story.

Decisions of one moment that say the same of several objects become one line; each cause stands once, below what it caused.
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

_CREATED = re.compile(r"create (\S+) (\S+)")


class Line(NamedTuple):
    """One line of the story: when, about which object, what was decided (maybe of several), and why."""

    time: datetime
    object: str
    whats: tuple[str, ...]
    cause: str

    @property
    def text(self) -> str:
        """What was decided; several creations of a kind in one list."""
        created = [_CREATED.fullmatch(what) for what in self.whats]
        if len(self.whats) > 1 and all(created):
            names = [match[2] for match in created if match]
            kind = KINDS[created[0][1]].plural if created[0] and created[0][1] in KINDS else "objects"
            if len(set(names)) == 1:
                return f"create {len(names)} {kind} {names[0]}"
            return f"create {len(names)} {kind}: {', '.join(names)}"
        counted = dict.fromkeys(self.whats)
        return ", ".join(
            what + (f" ({self.whats.count(what)} times)" if self.whats.count(what) > 1 else "") for what in counted
        )


def lines_of(decisions: Sequence[Decision]) -> list[Line]:
    """The decisions as lines, oldest first; successive ones of the same second, object and cause are one line."""
    lines: list[Line] = []
    for decision in decisions:
        time = datetime.fromisoformat(decision["time"])
        of = decision["object"]
        what, _, cause = decision["text"].partition(": ")
        name = f"{KINDS[of['kind']].singular if of['kind'] in KINDS else of['kind'].lower()}/{of['name']}"
        last = lines[-1] if lines else None
        if last and (last.object, last.cause) == (name, cause) and time - last.time < timedelta(seconds=1):
            lines[-1] = last._replace(whats=(*last.whats, what))
        else:
            lines.append(Line(time, name, (what,), cause))
    return lines


def story(name: str, decisions: Sequence[Decision], now: datetime, style: Style) -> str:
    """The whole story of `name` (`job/pingpong`).

    Times count from the first decision. What an earlier object of the same name went through is told before, under its own
    heading.
    """
    lives: dict[str, list[Decision]] = {}
    owner = ""
    for decision in decisions:  # what is about the object itself begins a life, what is about its dependents belongs to it
        of = decision["object"]
        if f"{KINDS[of['kind']].singular if of['kind'] in KINDS else of['kind'].lower()}/{of['name']}" == name:
            owner = of["uid"]
        lives.setdefault(owner, []).append(decision)
    pages = [_life(name, life, now, style, is_last=i == len(lives) - 1) for i, life in enumerate(lives.values())]
    return "\n".join(pages)


def _life(name: str, decisions: Sequence[Decision], now: datetime, style: Style, *, is_last: bool) -> str:
    lines = lines_of(decisions)
    start = lines[0].time
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
        page.append(f"{shown_time:>{time_width}}  {shown_name:<{name_width}}  {line.text}".rstrip())
        if line.cause:
            page.append(" " * (time_width + name_width + 4) + style.dim(f"because: {line.cause}"))
        previous = (when, line.object)
    return "\n".join(page) + "\n"


def _after(elapsed: timedelta) -> str:
    seconds = elapsed.total_seconds()
    return f"+{seconds:.1f}s" if seconds < 120 else f"+{human_duration(seconds)}"
