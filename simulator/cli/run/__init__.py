"""What `kjsim run` is made of.

- `following`: threads that watch Jobs, pods and logs, and put what happens into one queue.
- `progress`: what is known so far: our Jobs, their pods, which have ended and how.
- `plain`, `live`: two views of it, one for a pipe and one for a terminal.
- `starting`: create, replace, join or resume the Job; apply the CronJob.
- `ending`: suspend on Ctrl-C, the verdict at the end.
"""
