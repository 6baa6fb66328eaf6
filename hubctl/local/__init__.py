"""The local stack: the hub and everything it needs as supervised processes on 127.0.0.1, without containers.

`commands.py` is the door; `components.py` the table of what runs; `supervisor.py` the detached process that keeps it
running; `fetch.py` gets what is missing.
"""
