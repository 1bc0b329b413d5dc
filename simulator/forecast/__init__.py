"""The forecast: what the CronJobs and Jobs of manifests will do, seen before anything is applied.

    manifests ─► assumptions ─► host: ControlPlane + VirtualExecutor + VirtualClock ─► recorder ─► findings ─► report
                 how long, how                the same controllers                     runs, slots,  sentences   json, text,
                 they end, from where                                                  load                      page, ...

- `simulation`: a `Request` in, a `Forecast` out; `host` is the world it runs in.
- `recorder` reads off what happens, with `ledger` (the slots of a CronJob), `load` (what goes on at once), `runs` (sums).
- `assumptions`, `measured`, `inputs`: what is assumed and where it comes from.
- `clock_changes`, `findings`: what is worth knowing.
- `report` (plain data), `text`, `timeline`, `calendars` (CSV, iCalendar), `page` (HTML): how it is shown.
- `difference`: what changes if NEW is applied over OLD.
"""
