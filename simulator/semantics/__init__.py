"""What Kubernetes does, in plain words: the specification that docstrings name ("job.md 8"). No code.

`job.md`: the Job controller. `cronjob.md`: the CronJob controller and its schedules. `pod-on-docker.md`: the kubelet, and
how a pod is made of containers of a Docker Engine.
"""
