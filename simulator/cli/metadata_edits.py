"""What `label` and `annotate` share: reading KEY=VALUE and KEY- words, and changing a map in the metadata of objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from simulator.cli.applying import MERGE_PATCH
from simulator.cli.client import Client
from simulator.cli.flags import Flags, Options
from simulator.cli.resources import check_selection, read_resources, told_as_selection
from simulator.errors import KjsimError, UsageError
from simulator.model.kinds import Kind

Tree = dict[str, Any]


class Edits(NamedTuple):
    """Values to set, and keys to take away."""

    values: dict[str, str]
    removed: list[str]


def add_edit_flags(flags: Flags, noun: str) -> None:
    """Declare the flags that both commands have."""
    flags.usage = (
        f"{flags.program} (TYPE NAME... | TYPE/NAME... | TYPE -l SELECTOR | TYPE --all) KEY=VALUE... KEY-... [flags]"
    )
    flags.add_argument("--overwrite", action="store_true", help=f"Change {noun}s that have another value.")
    flags.add_argument("-l", "--selector", metavar="SELECTOR", help="All with these labels (app=web,tier!=x).")
    flags.add_argument("--all", action="store_true", help="All of the type, in the namespace.")
    flags.add_argument("-o", "--output", metavar="FORMAT", help="name, json or yaml: show the object so.")
    flags.add_argument("--dry-run", metavar="server", help="server: do everything but keep the result.")


def read_edits(words: Sequence[str], noun: str) -> tuple[list[str], Edits]:
    """The words that name objects, and what is to be changed; raises `UsageError` with kubectl's text."""
    is_edit = [("=" in word and not word.startswith("=")) or word.endswith("-") for word in words]
    start = is_edit.index(True) if True in is_edit else len(words)
    if not all(is_edit[start:]):
        word = words[is_edit.index(False, start)]
        raise UsageError(f"all resources must be specified before {noun} changes: {word}")
    edits = Edits({}, [])
    for word in words[start:]:
        key, equals, value = word.partition("=")
        if equals:
            edits.values[key] = value
        else:
            edits.removed.append(word[:-1])
    if not edits.values and not edits.removed:
        raise UsageError(f"at least one {noun} update is required")
    if any(key in edits.values for key in edits.removed):
        raise UsageError(f"can not both modify and remove a {noun} in the same command")
    return list(words[:start]), edits


def selected(client: Client, words: Sequence[str], options: Options) -> Iterator[tuple[Kind, Tree]]:
    """The objects that the words name, or that the selector (or `--all`) chooses, one after the other."""
    resources = read_resources(words)
    check_selection(resources, selector=options.selector, all_namespaces=False)
    for kind, name in resources.objects:
        yield kind, client.get(kind, name, _space(kind, options))
    if resources.objects:
        return
    if not resources.kinds:
        raise UsageError("You must provide one or more resources by argument or filename.")
    if not (options.selector or options.all):
        raise KjsimError("resource(s) were provided, but no name was specified")
    for kind in resources.kinds:
        with told_as_selection(kind, options.selector or ""):
            listed = client.list(kind, _space(kind, options), label_selector=options.selector)
        yield from ((kind, item) for item in listed["items"])


def edit(
    client: Client,
    kind: Kind,
    obj: Tree,
    edits: Edits,
    where: str,
    options: Options,
    refuse: Callable[[list[str]], KjsimError],
) -> tuple[Tree, bool]:
    """Change `metadata.WHERE` of an object; returns it as it is then, and whether anything is otherwise.

    `refuse` makes the error for values that differ and may not be overwritten; it is handed them as kubectl tells them.
    """
    metadata = obj["metadata"]
    old: dict[str, str] = metadata.get(where) or {}
    differing = [key for key, value in edits.values.items() if key in old and old[key] != value]
    if differing and not options.overwrite:
        raise refuse([f"'{key}' already has a value ({old[key]})" for key in differing])
    changes = {key: value for key, value in edits.values.items() if old.get(key) != value}
    changes |= {key: None for key in edits.removed if key in old}  # type: ignore[misc]
    if not changes:
        return obj, False
    patch = {"metadata": {where: changes}}
    space = metadata.get("namespace") if kind.namespaced else None
    return client.patch(kind, metadata["name"], space, patch, MERGE_PATCH, dry_run=bool(options.dry_run)), True


def _space(kind: Kind, options: Options) -> str | None:
    return str(options.namespace) if kind.namespaced else None
