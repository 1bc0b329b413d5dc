"""The command line: commands, the client, printers, the live view.

`main` reads the command line (`flags`) and imports the one module of `commands/` that is called. Each command opens a
session (`session`), which finds the control plane of the state directory or hosts one in this process (`host`), and from
there speaks only the Kubernetes API (`client`); what it shows is made by `printing` and `describe/`.
"""
