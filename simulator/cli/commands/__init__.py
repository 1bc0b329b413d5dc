"""The commands, one module each: `add_arguments(flags)` declares, `run(options)` acts and returns the exit code.

A module is imported only when its command is called: its import time is the command's start-up time.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """One command: the module that carries it out, the group of the main help that it stands in, what it does."""

    name: str
    group: str
    summary: str
    module: str = ""

    @property
    def path(self) -> str:
        """The module's import path."""
        return f"simulator.cli.commands.{self.module or self.name}"


RUN, WRITE, READ, KEEP, OTHER = (
    "Run",
    "Change what there is",
    "See what there is, and why",
    "Keep it going in the background",
    "Other",
)

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("run", RUN, "Run a Job or CronJob from a manifest, and watch it until its end"),
        Command("forecast", RUN, "Foresee what CronJobs and Jobs will do; nothing is applied"),
        Command("validate", RUN, "Check manifests; nothing is created"),
        Command("get", READ, "List objects: jobs, cronjobs, pods, events and more"),
        Command("describe", READ, "Show an object in detail, with its events"),
        Command("logs", READ, "Print what containers wrote"),
        Command("events", READ, "List events, oldest first"),
        Command("why", READ, "Tell the story of an object: each decision, when, and its cause"),
        Command("wait", READ, "Wait for a condition of an object"),
        Command("apply", WRITE, "Create or update the objects of a manifest"),
        Command("create", WRITE, "Create objects of a manifest, or a Job from an image or a CronJob"),
        Command("patch", WRITE, "Change fields of objects"),
        Command("label", WRITE, "Set and take away labels"),
        Command("annotate", WRITE, "Set and take away annotations"),
        Command("delete", WRITE, "Delete objects, with their pods and containers"),
        Command("up", KEEP, "Start a control plane in the background, so that CronJobs fire"),
        Command("down", KEEP, "Stop the control plane in the background"),
        Command("serve", KEEP, "The same as up, in the foreground"),
        Command("status", KEEP, "Show whether a control plane is alive, and where"),
        Command("doctor", KEEP, "Check engine, images, state directory and clock, and say what to do"),
        Command("completion", OTHER, "Print a completion script for a shell"),
        Command("version", OTHER, "Print the version"),
    )
}
