"""The schedule language of CronJobs and its times, exactly as Kubernetes has them; the only room that imports croniter.

`language` reads the text, `matching` finds the next fitting minute of the calendar with croniter, `zones` knows the clocks,
`walk` finds the next time in a zone, `schedule` puts them together. `parse("0 9 * * 1-5", "Europe/Berlin").next(now)`.
"""

from simulator.scheduler.language import ScheduleError
from simulator.scheduler.schedule import Schedule, parse
from simulator.scheduler.zones import UnknownZone, zone_named

__all__ = ["Schedule", "ScheduleError", "UnknownZone", "parse", "zone_named"]
