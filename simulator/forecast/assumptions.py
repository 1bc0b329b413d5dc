"""How long runs take and how they end: what a forecast assumes of each CronJob and Job, and where it has that from.

For each of duration, failure rate and exit code the first source that says something counts: a flag for this name, a flag
for all, an annotation of the CronJob or Job, what was measured in real runs, a guess. A run of a pod is meant: every main
container of it runs for that long and ends alike, init containers end at once, sidecars when they are stopped, and whatever
is stopped ends at once. An exit code without a failure rate means that every run ends so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from msgspec import Struct

from simulator.errors import UsageError
from simulator.forecast.inputs import Span, exit_code_of, named, rate_of, span_of, with_jitter

DURATION = "kjsim.dev/duration"
JITTER = "kjsim.dev/jitter"
FAILURE_RATE = "kjsim.dev/failure-rate"
EXIT_CODE = "kjsim.dev/exit-code"

GUESSED = Span(60.0, 60.0)
"""How long a run takes of which nothing is known."""
_FAILED = 1


class Owner(Struct, frozen=True):
    """Whose runs an assumption is about: a CronJob, or a Job of no CronJob."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What real runs took: the middle of `count` pods, in seconds."""

    seconds: float
    count: int


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is assumed of the runs of one owner. The `..._source` texts are for the report."""

    owner: Owner
    duration: Span
    duration_source: str
    failure_rate: float = 0.0
    failure_source: str = "none given"
    exit_code: int = _FAILED
    exit_code_source: str = "default"

    def draw(self, seed: int, job: str, ordinal: int, attempt: int) -> tuple[float, int]:
        """Seconds and exit code of one run of a pod: the `ordinal`-th of a Job, restarted `attempt` times.

        The draw depends on nothing else, so an edit elsewhere leaves it as it is.
        """
        if self.duration.low == self.duration.high and self.failure_rate in (0.0, 1.0):
            return self.duration.low, self.exit_code if self.failure_rate else 0
        chance = Random(f"{seed}/{self.owner.namespace}/{job}/{ordinal}/{attempt}")
        share, luck = chance.random(), chance.random()
        seconds = self.duration.low + share * (self.duration.high - self.duration.low)
        return round(seconds, 3), self.exit_code if luck < self.failure_rate else 0

    def tree(self) -> dict[str, Any]:
        """For the report."""
        return {
            "kind": self.owner.kind,
            "namespace": self.owner.namespace,
            "name": self.owner.name,
            "duration": str(self.duration),
            "durationSeconds": {"min": self.duration.low, "max": self.duration.high},
            "durationSource": self.duration_source,
            "failureRate": self.failure_rate,
            "failureRateSource": self.failure_source,
            "exitCode": self.exit_code,
            "exitCodeSource": self.exit_code_source,
        }


@dataclass
class Wishes:
    """The flags, as given: `[NAME=]VALUE` each; a later one wins over an earlier one."""

    durations: Sequence[str] = ()
    failure_rates: Sequence[str] = ()
    exit_codes: Sequence[str] = ()
    _read: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for flag, texts, read in (
            ("--duration", self.durations, span_of),
            ("--fail", self.failure_rates, rate_of),
            ("--fail-with", self.exit_codes, exit_code_of),
        ):
            values = self._read[flag] = {}
            for text in texts:
                try:
                    name, value = named(text)
                    values[name] = read(value)
                except ValueError as error:
                    raise UsageError(f'invalid argument "{text}" for "{flag}" flag: {error}') from None

    def names(self) -> set[str]:
        """Every name that a flag speaks of."""
        return {name for values in self._read.values() for name in values if name}

    def value(self, flag: str, name: str) -> tuple[Any, str] | None:
        """The value of a flag for a name, and the source to report."""
        values = self._read[flag]
        if name in values:
            return values[name], f"{flag} {name}="
        return (values[""], flag) if "" in values else None


def assumption_for(owner: Owner, annotations: Mapping[str, str], wishes: Wishes, measured: Measured | None) -> Assumption:
    """What to assume of an owner with these annotations; raises `UsageError` for an annotation that can't be read."""
    duration, duration_source = _duration(owner, annotations, wishes, measured)
    given_rate = wishes.value("--fail", owner.name) or _annotation(owner, annotations, FAILURE_RATE)
    given_code = wishes.value("--fail-with", owner.name) or _annotation(owner, annotations, EXIT_CODE)
    code, code_source = given_code or (_FAILED, "default")
    if given_rate is not None:
        rate, rate_source = given_rate
    elif given_code is not None and code:
        rate, rate_source = 1.0, f"{code_source} without a failure rate: every run"
    else:
        rate, rate_source = 0.0, "none given"
    return Assumption(owner, duration, duration_source, rate, rate_source, code, code_source)


def _duration(owner: Owner, annotations: Mapping[str, str], wishes: Wishes, measured: Measured | None) -> tuple[Span, str]:
    given = wishes.value("--duration", owner.name)
    if given is not None:
        span: Span = given[0]
        return span, given[1]
    span, source = GUESSED, "a guess"
    annotated = _annotation(owner, annotations, DURATION)
    if annotated is not None:
        span, source = annotated
    elif measured is not None:
        span = Span(measured.seconds, measured.seconds)
        source = f"measured in {measured.count} real run{'s' if measured.count > 1 else ''} here"
    jitter = annotations.get(JITTER)
    if jitter is not None:
        try:
            span = with_jitter(span, jitter)
        except ValueError as error:
            raise _unreadable(owner, JITTER, error) from None
        source += f", annotation {JITTER}"
    return span, source


_READERS: dict[str, Callable[[str], Any]] = {
    DURATION: span_of,
    JITTER: lambda text: with_jitter(GUESSED, text),
    FAILURE_RATE: rate_of,
    EXIT_CODE: exit_code_of,
}


def _annotation(owner: Owner, annotations: Mapping[str, str], name: str) -> tuple[Any, str] | None:
    if name not in annotations:
        return None
    try:
        return _READERS[name](annotations[name]), f"annotation {name}"
    except ValueError as error:
        raise _unreadable(owner, name, error) from None


def unreadable_annotations(annotations: Mapping[str, str]) -> list[tuple[str, str]]:
    """The names of annotations that can't be read, each with what is wrong with it."""
    found = []
    for name in _READERS.keys() & annotations.keys():
        try:
            _READERS[name](annotations[name])
        except ValueError as error:
            found.append((name, str(error)))
    return sorted(found)


def _unreadable(owner: Owner, name: str, error: ValueError) -> UsageError:
    return UsageError(f"{owner}: annotation {name}: {error}")


def check_names(wishes: Wishes, owners: Iterable[Owner]) -> None:
    """Raise `UsageError` if a flag names what is not there."""
    known = sorted({owner.name for owner in owners})
    for name in sorted(wishes.names() - set(known)):
        raise UsageError(f'there is no CronJob or Job "{name}" in these manifests; there are: {", ".join(known) or "none"}')


def in_words(assumption: Assumption, name: str) -> str:
    """One line, with the name to show: `backup takes 20m0s (--duration), fails 10% of runs with exit code 42 (--fail)`."""
    span = assumption.duration
    text = f"{assumption.owner.kind.lower()}/{name} takes {span} ({assumption.duration_source})"
    if assumption.failure_rate:
        share = f"{assumption.failure_rate * 100:.4g}%"
        text += f", fails {share} of the time with exit code {assumption.exit_code} ({assumption.failure_source})"
    return text
