"""The Kubernetes HTTP API: what every client speaks, kubectl and kjsim's own commands alike.

A request goes through these, in order:

- `server`: HTTP over a Unix socket or loopback TCP, a thread per connection. A command that hosts its own control plane
  leaves it out and calls the next one directly.
- `app`: from request to response (`exchange`): finds out what the path is about (`routes`), turns errors into a `Status`.
- `discovery`, `openapi`: what is served, as clients ask for it.
- `resources`: the verbs. `bodies` reads what is written, `patches` and `strategic_merge` change it, `watch` tells changes.
- `pod_logs`, `instance`: logs, and what only kjsim has: decisions, its own state, shutting down.
- `forms`, `wire`, `tables`: how objects are shown: as a cluster encodes them, or as the rows of `kubectl get`.
"""
