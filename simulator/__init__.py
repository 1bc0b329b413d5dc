"""kjsim: Kubernetes' batch API in one small process, with your Docker Engine as the node.

How a manifest becomes a finished Job, in ten steps:

 1. `cli.main` finds the command; `cli.session` reaches the living control plane, or hosts one.
 2. `parser` reads the manifest: text to a plain tree, every value with its line; strict about unknown fields.
 3. `cli.client` sends it to the `api`, in this process or over the Unix socket: the same Kubernetes API.
 4. `store.registry` fills in defaults (`parser.defaults`), validates, and stores a Job in `store.objects`.
 5. `control_plane.loop` sees the change and asks `controllers.job.reconcile_job`: a plan says "create three pods".
 6. `control_plane.applier` carries the plan out: Pod objects, an event and the cause of each, all committed together.
 7. `control_plane.node` asks `pods.lifecycle.sync_pod`, which answers with commands: prepare, start.
 8. `executor.docker` carries the commands out as real containers and reports what it sees.
 9. The reports become the pod's status; that change wakes the Job controller again, until it writes `Complete`.
10. The command has been watching through the API all along, printing logs and rows, and ends with a verdict.
"""

__version__ = "0.1.0"
