"""`kjsim patch`: change fields of objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.cli.flags import Flags, Options
from simulator.cli.output import show_written
from simulator.cli.resources import read_resources
from simulator.cli.session import open_session
from simulator.errors import KjsimError, UsageError

EXAMPLES = """
kjsim patch cronjob pingpong -p '{"spec":{"suspend":true}}'
kjsim patch job pingpong -p 'spec: {parallelism: 5}'
kjsim patch job pingpong --type=json -p '[{"op":"replace","path":"/spec/parallelism","value":1}]'
"""
_TYPES = {
    "strategic": "application/strategic-merge-patch+json",
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
}


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `patch`."""
    flags.usage = "kjsim patch (TYPE NAME... | TYPE/NAME...) (-p PATCH | --patch-file FILE) [flags]"
    flags.description = "Change fields of objects with a patch, in JSON or YAML."
    flags.examples = EXAMPLES
    flags.add_argument("-p", "--patch", metavar="PATCH", help="The patch, in JSON or YAML.")
    flags.add_argument("--patch-file", metavar="FILE", help="A file with the patch.")
    flags.add_argument("--type", default="strategic", metavar="TYPE", help="strategic (default), merge, json.")
    flags.add_argument("--subresource", default="", metavar="NAME", help="status: change that of the object.")
    flags.add_argument("-o", "--output", metavar="FORMAT", help="name, json or yaml: show the object so.")
    flags.add_argument("--dry-run", metavar="server", help="server: do everything but keep the result.")


def run(options: Options) -> int:
    """Patch; what the API refuses ends it with its text (exit code 1)."""
    if options.type.lower() not in _TYPES:
        raise UsageError(f'--type must be one of [json merge strategic], not "{options.type}"')
    resources = read_resources(options.words)
    if resources.kinds:
        raise KjsimError("resource(s) were provided, but no name was specified")
    if not resources.objects:
        raise UsageError("You must provide one or more resources by argument or filename.\nSee 'kjsim patch --help'.")
    patch = _read_patch(options)
    with open_session(options.home, mode="sweep", engine="never") as session:
        for kind, name in resources.objects:
            space = options.namespace if kind.namespaced else None
            before = session.client.get(kind, name, space)
            changed = session.client.patch(
                kind,
                name,
                space,
                patch,
                _TYPES[options.type.lower()],
                subresource=options.subresource,
                dry_run=bool(options.dry_run),
            )
            is_same = before == changed
            show_written(kind, changed, "patched (no change)" if is_same else "patched", options)
    return 0


def _read_patch(options: Options) -> Any:
    if options.patch is not None and options.patch_file is not None:
        raise UsageError("cannot specify --patch and --patch-file together")
    if options.patch is None and options.patch_file is None:
        raise UsageError("must specify --patch or --patch-file containing the contents of the patch")
    from simulator.parser.yaml_documents import read_documents

    try:
        text = options.patch if options.patch is not None else Path(options.patch_file).read_text(encoding="utf-8")
    except OSError as error:
        raise KjsimError(
            f"unable to read patch file: open {options.patch_file}: {(error.strerror or '').lower()}"
        ) from error
    documents, problems = read_documents(text, "")
    if problems or len(documents) != 1 or not isinstance(documents[0].tree, dict | list):
        reason = str(problems[0]) if problems else "it must be one map, or a list of operations"
        raise UsageError(f'unable to parse "{text}": {reason}')
    return documents[0].tree
