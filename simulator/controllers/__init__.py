"""The controllers: what becomes of Jobs, CronJobs, namespaces and of what nobody owns any more. Pure decisions.

A controller looks at one object and at what belongs to it, at an instant that it is told, and answers with a `Plan`
(`plan`): operations, each with its cause in plain words. It changes nothing itself (`control_plane.applier` does), so a
second look after the plan was carried out answers with an empty one.

- `job/`: pods for completions, retries, policies, conditions (semantics/job.md).
- `cronjob/`: a Job for each slot, missed slots, history (semantics/cronjob.md).
- `ttl`: finished Jobs whose time is over. `namespace`: emptying one that is being deleted.
- `garbage`: who owns what, and what goes when an owner goes.
"""
