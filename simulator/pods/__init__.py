"""The pod lifecycle: the kubelet's decisions, pure.

`lifecycle` is the door: records, reports folded in, one sync. Behind it: `status` (with `container_status`, `phase`,
`conditions`) says what a pod's status is, `actions` what a sync has to do, `acting`, `starting` and `termination` turn that
into commands, `config` (with `environment`, `volumes`, `resources`, `field_references`) into what an executor is told.
`executor` is the protocol to what runs containers; `observed` is how the rest of the room sees them.
"""
