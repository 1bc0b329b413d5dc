"""What runs containers: the Docker Engine (`docker/`) and scripted containers on a virtual clock (`virtual.py`).

`fast.py` puts real containers under a fast clock. All fulfil `simulator.pods.executor.Executor`; Docker and virtual pass
`tests/contract`. They carry commands out and report; they decide nothing. `docker/` is the only importer of the SDK.
"""
