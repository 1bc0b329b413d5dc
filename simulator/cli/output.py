"""How commands that write show what they wrote: `job.batch/pingpong created`, or the object itself."""

from __future__ import annotations

import sys
from typing import Any

from simulator.cli.flags import Options
from simulator.errors import UsageError
from simulator.model.kinds import Kind

_warned: set[str] = set()


def warn(text: str) -> None:
    """Show a warning as kubectl does, each once."""
    if text not in _warned:
        _warned.add(text)
        print(f"Warning: {text}", file=sys.stderr)


def qualified(kind: Kind, name: str) -> str:
    """`job.batch/pingpong`, `pod/x`: how kubectl names an object."""
    return f"{kind.singular}{'.' + kind.group if kind.group else ''}/{name}"


def show_written(kind: Kind, obj: dict[str, Any], verb: str, options: Options) -> None:
    """Print what was done to an object, in the form that `-o` asks for."""
    dry_run = {"server": " (server dry run)", "client": " (dry run)"}.get(getattr(options, "dry_run", None) or "", "")
    form = options.output
    if not form:
        print(f"{qualified(kind, obj['metadata']['name'])} {verb}{dry_run}")
    elif form == "name":
        print(qualified(kind, obj["metadata"]["name"]))
    elif form in ("json", "yaml"):
        from simulator.cli.printing import object_text

        print(object_text({"apiVersion": kind.api_version, "kind": kind.kind, **obj}, form), end="")
    else:
        raise UsageError(f'unable to match a printer suitable for the output format "{form}": one of name, json, yaml')
