"""What the words of a command line name: kinds or objects (`pods`, `pods,jobs`, `pod NAME...`, `TYPE/NAME...`, `all`).

The rules and the errors are those of kubectl's resource builder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from simulator.errors import BadRequest, KjsimError, NotFound, UsageError
from simulator.model.kinds import KINDS, Kind, kind_named

_ORDER_OF_GROUPS = ("", "batch")


class Named(NamedTuple):
    """One object by kind and name."""

    kind: Kind
    name: str


class Resources(NamedTuple):
    """What is meant: objects by name, or all objects of kinds (one of the two is empty)."""

    objects: tuple[Named, ...] = ()
    kinds: tuple[Kind, ...] = ()

    @property
    def all_kinds(self) -> list[Kind]:
        """Every kind that is meant, once, in order."""
        return list(dict.fromkeys([*self.kinds, *(named.kind for named in self.objects)]))


def read_resources(words: Sequence[str]) -> Resources:
    """Read the words of a command line.

    No words at all give empty `Resources`. Raises `UsageError` for a kind that doesn't exist, `KjsimError` for words that
    don't go together.
    """
    pairs = _as_pairs(words)
    if pairs is not None:
        return Resources(objects=tuple(_named(pair) for pair in pairs))
    if not words:
        return Resources()
    if len(words) == 1:
        return Resources(kinds=tuple(dict.fromkeys(kind for word in words[0].split(",") for kind in kinds_of(word))))
    kind = kind_of_word(words[0])
    if not all(words[1:]):
        raise KjsimError("resource name may not be empty")
    return Resources(objects=tuple(Named(kind, name) for name in words[1:]))


def kinds_of(word: str) -> list[Kind]:
    """The kinds that one word means: one, or those of a category (`all`)."""
    category = [kind for kind in KINDS.values() if word.lower() in kind.categories]
    return sorted(category, key=lambda kind: (_ORDER_OF_GROUPS.index(kind.group), kind.plural)) or [kind_of_word(word)]


def kind_of_word(word: str) -> Kind:
    """The kind that a word means; raises `UsageError` with kubectl's text."""
    kind = kind_named(word)
    if kind is None:
        raise UsageError(f'the server doesn\'t have a resource type "{word}"')
    return kind


def check_selection(resources: Resources, *, selector: str | None, all_namespaces: bool) -> None:
    """Names don't go with a selector, nor with all namespaces; raises `KjsimError`."""
    if resources.objects and selector:
        raise KjsimError("name cannot be provided when a selector is specified")
    if resources.objects and all_namespaces:
        raise KjsimError("a resource cannot be retrieved by name across all namespaces")


@contextmanager
def told_as_selection(kind: Kind, label_selector: str = "", field_selector: str = "") -> Iterator[None]:
    """Around the listing of a kind: what the server refuses is told with the selectors, as kubectl does."""
    try:
        yield
    except (BadRequest, NotFound) as error:
        from simulator.model.quoting import go_quoted

        resource = go_quoted(f"{kind.group}/{kind.version}, Resource={kind.plural}")
        if label_selector or field_selector:
            selectors = f"label selector {go_quoted(label_selector)}, field selector {go_quoted(field_selector)}"
            error.message = f"Unable to find {resource} that match {selectors}: {error.message}"
        else:
            error.message = f"Unable to list {resource}: {error.message}"
        raise


def _as_pairs(words: Sequence[str]) -> list[str] | None:
    """The words as TYPE/NAME, if that is their form; else None."""
    if len(words) > 1 and len(words[0].split(",")) > 1 and "/" not in words[0]:
        return [f"{kind}/{name}" for kind in words[0].split(",") for name in words[1:]]
    slashes = sum("/" in word for word in words)
    if not slashes:
        return None
    if slashes != len(words):
        raise KjsimError(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name "
            "form (e.g. 'kjsim get resource/<resource_name>' instead of 'kjsim get resource resource/<resource_name>'"
        )
    return list(words)


def _named(pair: str) -> Named:
    parts = pair.split("/")
    if len(parts) > 2:
        raise KjsimError("arguments in resource/name form may not have more than one slash")
    kind, name = parts
    if not kind or not name or "," in kind:
        raise KjsimError("arguments in resource/name form must have a single resource and name")
    return Named(kind_of_word(kind), name)
