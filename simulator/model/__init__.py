"""The words of the API: thin helpers over Kubernetes' own types, for every room to its left.

- `kubernetes`: the types themselves (`batch_v1`, `core_v1`, `meta_v1`), to and from plain trees and JSON.
- `kinds`: which kinds there are and what they are called. `metadata`: keys, owners, times. `conditions`: how a Job ended.
- `labels`, `selectors`, `field_selectors`: what is selected. `quantities`, `durations`, `indexes`, `quoting`: how values
  are written.
"""
