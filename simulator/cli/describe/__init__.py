"""`kubectl describe`: one object and its events as a page of text.

Pure functions from plain dicts (as the API answers them) to text; times are shown in UTC, ages as of `now`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from simulator.cli.describe.cron_jobs import describe_cron_job
from simulator.cli.describe.events import write_events
from simulator.cli.describe.generic import describe_generic
from simulator.cli.describe.jobs import describe_job
from simulator.cli.describe.others import describe_config_map, describe_namespace, describe_secret
from simulator.cli.describe.page import Json, Page
from simulator.cli.describe.pods import describe_pod

__all__ = ["DESCRIBED_KINDS", "describe"]

_DESCRIBERS: dict[str, Callable[[Page, Json, datetime], None]] = {
    "Job": describe_job,
    "CronJob": describe_cron_job,
    "Pod": describe_pod,
    "ConfigMap": describe_config_map,
    "Secret": describe_secret,
    "Namespace": describe_namespace,
}
DESCRIBED_KINDS = tuple(_DESCRIBERS)
"""The kinds with a page of their own."""
_WITHOUT_EVENTS = ("Secret", "Namespace")


def describe(obj: Json, events: Sequence[Json] | None, now: datetime) -> str:
    """The page of an object (with its `kind`); `events` None hides the part about events."""
    page = Page()
    _DESCRIBERS.get(obj["kind"], describe_generic)(page, obj, now)
    if events is not None and obj["kind"] not in _WITHOUT_EVENTS:
        write_events(page, events, now)
    return page.text()
