"""The store: the truth about every object.

- `database`: the SQLite file of a state directory.
- `state_directory`: where the files are, and the lock that makes one process the control plane.
- `objects`: the objects in memory, their versions, the history that watches read; committed to the database.
- `registry`: what the API server does on create, update and delete.
- `events`: the event recorder, which folds repeated events.
- `decisions`: why things were decided as they were, for `kjsim why`.
"""
