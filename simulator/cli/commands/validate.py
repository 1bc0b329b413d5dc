"""`kjsim validate`: are these manifests right?"""

from __future__ import annotations

from simulator.cli import manifests
from simulator.cli.flags import Flags, Options
from simulator.cli.output import warn

EXAMPLES = """
kjsim validate manifests/*.yml        # every problem, with file, line and the nearest real name
kubectl get job x -o yaml | kjsim validate -
"""


def add_arguments(flags: Flags) -> None:
    """Declare the flags of `validate`."""
    flags.usage = "kjsim validate FILE... [flags]"
    flags.description = (
        "Check manifests as the API server would, and tell which fields kjsim can't honour on one machine.\n"
        "Exit code 0: all are right; 2: some are not, and every problem is listed. Nothing is created."
    )
    flags.examples = EXAMPLES
    manifests.add_file_flags(flags)
    flags.add_argument("-q", "--quiet", action="store_true", help="Say nothing about manifests that are right.")


def run(options: Options) -> int:
    """Check; problems are raised as `ManifestError`."""
    for manifest in manifests.read(options, command="validate"):
        for text in manifest.server_warnings:
            warn(text)
        if not options.quiet:
            kind, metadata = manifest.kind, manifest.object["metadata"]
            name = metadata.get("name") or f"{metadata['generateName']}*"
            print(f"{manifest.file}: {kind.singular}{'.' + kind.group if kind.group else ''}/{name} valid")
    return 0
