"""The executor on a Docker Engine (semantics/pod-on-docker.md, decisions D1 to D8).

Read `executor.py` first: it takes commands, hands them to threads and gathers reports. Around it: `endpoint` finds the
engine, `engine` is the connection, `body` the create body (pure), `images`, `network`, `sandbox` and `volumes` prepare a
pod, `watch` notices what happens, `reports` turns inspections into reports, `logs` and `exec` read and run.

Importing this package does not import the Docker SDK (it takes about 100 ms); `engine` does when it connects.
"""
