"""A command line, read as kubectl reads its own.

Flags and words in any order, `-owide`, `--output=wide`, `-Aw`, `--watch=false`, a value that begins with a dash, `--`
before a command to run; the errors are those of Go's flag library, word for word, because users and scripts know them. The
standard library's argparse can do little of that, and is slow to import; `add_argument` has its spelling, for the part of it
that is needed here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from simulator.errors import UsageError

Options = SimpleNamespace
"""What a command is handed: one attribute per flag, `words` (the arguments that are no flags), `after_dashes` (what follows
`--`, or None)."""

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_FALSE = {"0", "f", "F", "FALSE", "false", "False"}


class Flag(NamedTuple):
    """One flag. `switch`: it needs no value. `many`: it may come again, and its value is the list of all."""

    long: str
    short: str
    dest: str
    default: Any
    read: Callable[[str], Any]
    switch: bool
    many: bool
    metavar: str
    help: str
    hidden: bool

    @property
    def names(self) -> str:
        """`-o, --output`, or `--output`."""
        return f"-{self.short}, --{self.long}" if self.short else f"--{self.long}"


def text(value: str) -> str:
    """A value as it stands."""
    return value


def truth(value: str) -> bool:
    """A truth value as Go reads it; raises `ValueError` with Go's text."""
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    raise ValueError(f'strconv.ParseBool: parsing "{value}": invalid syntax')


def integer(value: str) -> int:
    """A whole number as Go reads it (base 10 here); raises `ValueError` with Go's text."""
    digits = value[1:] if value[:1] in ("+", "-") else value
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f'strconv.ParseInt: parsing "{value}": invalid syntax')
    if abs(int(value)) >= 2**63:
        raise ValueError(f'strconv.ParseInt: parsing "{value}": value out of range')
    return int(value)


def duration(value: str) -> float:
    """A duration as Go reads it (`1h2m3.5s`), in seconds; raises `ValueError` with Go's text."""
    from simulator.model.durations import parse_go_duration

    return parse_go_duration(value) / 1e9


_UNSET: Any = object()


class Flags:
    """The flags of one command, and its help. `program` is how the command is called (`kjsim get`)."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.usage = f"{program} [flags]"
        self.description = ""
        self.examples = ""
        self.takes_words = True
        self._flags: list[Flag] = []

    def add_argument(
        self,
        *names: str,
        type: Callable[[str], Any] = text,  # noqa: A002
        action: str = "store",
        default: Any = _UNSET,
        dest: str = "",
        metavar: str = "",
        help: str = "",  # noqa: A002
        hidden: bool = False,
    ) -> None:
        """Declare a flag: `add_argument("-o", "--output", metavar="FORMAT", help="...")`.

        `action`: `store`, `store_true` (False by default), or `append` (a list, empty by default). `type` reads the value
        and raises `ValueError` (`text`, `integer`, `duration`, `truth` above). `hidden`: help doesn't speak of it.
        """
        long = next(name[2:] for name in names if name.startswith("--"))
        short = next((name[1:] for name in names if not name.startswith("--")), "")
        switch, many = action == "store_true", action == "append"
        read = truth if switch else type
        if default is _UNSET:
            default = False if switch else None
        name = dest or long.replace("-", "_")
        self._flags.append(Flag(long, short, name, default, read, switch, many, metavar or "VALUE", help, hidden))

    def parse(self, arguments: Sequence[str], *, stop_at_word: bool = False) -> Options:
        """Read a command line; raises `UsageError` with kubectl's text.

        `stop_at_word`: the first word ends the reading, and `words` is all that is left from there (a command with its own
        flags).
        """
        values: dict[str, Any] = {f.dest: [] if f.many else f.default for f in self._flags}
        words: list[str] = []
        after_dashes: list[str] | None = None
        rest = list(arguments)
        while rest:
            argument = rest.pop(0)
            if argument == "--":
                after_dashes, rest = rest, []
            elif argument.startswith("--"):
                self._read_long(argument[2:], rest, values)
            elif argument.startswith("-") and argument != "-":
                self._read_short(argument[1:], rest, values)
            elif stop_at_word:
                words, rest = [argument, *rest], []
            else:
                words.append(argument)
        if words and not self.takes_words:
            raise UsageError(f"extra arguments: [{' '.join(words)}]\nSee '{self.program} --help' for usage.")
        return Options(**values, words=words, after_dashes=after_dashes)

    def _read_long(self, argument: str, rest: list[str], values: dict[str, Any]) -> None:
        name, equals, value = argument.partition("=")
        if not name or name.startswith("-"):
            raise self._error(f"bad flag syntax: --{argument}")
        flag = next((f for f in self._flags if f.long == name), None)
        if flag is None:
            raise self._error(f"unknown flag: --{name}")
        if not equals:
            if flag.switch:
                value = "true"
            elif rest:
                value = rest.pop(0)
            else:
                raise self._error(f"flag needs an argument: --{name}")
        self._store(flag, value, values)

    def _read_short(self, letters: str, rest: list[str], values: dict[str, Any]) -> None:
        while letters:
            flag = next((f for f in self._flags if f.short == letters[0]), None)
            if flag is None:
                raise self._error(f"unknown shorthand flag: '{letters[0]}' in -{letters}")
            if len(letters) > 2 and letters[1] == "=":
                value, letters = letters[2:], ""
            elif flag.switch:
                value, letters = "true", letters[1:]
            elif len(letters) > 1:
                value, letters = letters[1:], ""
            elif rest:
                value, letters = rest.pop(0), ""
            else:
                raise self._error(f"flag needs an argument: '{letters[0]}' in -{letters}")
            self._store(flag, value, values)

    def _store(self, flag: Flag, value: str, values: dict[str, Any]) -> None:
        try:
            result = flag.read(value)
        except ValueError as error:
            raise self._error(f'invalid argument "{value}" for "{flag.names}" flag: {error}') from None
        if flag.many:
            values[flag.dest].append(result)
        else:
            values[flag.dest] = result

    def _error(self, problem: str) -> UsageError:
        return UsageError(f"{problem}\nSee '{self.program} --help' for usage.")

    def help(self) -> str:
        """The help text: what the command does, examples, its flags."""
        parts = ["\n".join(_wrapped(paragraph, 100)) for paragraph in self.description.split("\n\n")]
        if self.examples:
            parts.append("Examples:\n" + "\n".join(f"  {line}".rstrip() for line in self.examples.strip("\n").split("\n")))
        shown = [(_heading(flag), flag.help) for flag in self._flags if not flag.hidden]
        if shown:
            width = min(max(len(heading) for heading, _ in shown), 30)
            parts.append("Flags:\n" + "\n".join(_entry(heading, words, width) for heading, words in shown))
        parts.append(f"Usage:\n  {self.usage}")
        return "\n\n".join(part for part in parts if part) + "\n"


def _heading(flag: Flag) -> str:
    names = flag.names if flag.short else f"    {flag.names}"
    return names if flag.switch else f"{names} {flag.metavar}"


def _entry(heading: str, words: str, width: int) -> str:
    gap = "\n" + " " * (width + 4)
    first, *others = _wrapped(words, 116 - width)
    line = f"  {heading:<{width}}  {first}" if len(heading) <= width else f"  {heading}{gap}{first}"
    return line.rstrip() + "".join(gap + other for other in others)


def _wrapped(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
