"""A real mongod, one-node replica set: transactions and change streams work as in production."""

import sysconfig
from pathlib import Path

from hubctl.local import probes
from hubctl.local.component import Component, Launch
from hubctl.local.ports import HOST, Port
from hubctl.local.state import Stack

REPLICA_SET = "rs0"


BINARY = Path(sysconfig.get_path("purelib")) / "fiftyone" / "db" / "bin" / "mongod"
"""Comes with the development requirements."""


def prepare(stack: Stack) -> Launch:
    """The command line; the replica set is initiated by the probe."""
    data = stack.state.data / "mongod"
    data.mkdir(parents=True, exist_ok=True)
    options = {
        "--dbpath": str(data),
        "--port": str(stack.port(Port.MONGOD)),
        "--bind_ip": HOST,
        "--replSet": REPLICA_SET,
        "--wiredTigerCacheSizeGB": "0.5",
        "--oplogSize": "256",
    }
    flat = [part for option in options.items() for part in option]
    return Launch(
        command=(str(BINARY), *flat, "--nounixsocket", "--quiet"),
        environment={},
        probe=probes.mongod_writable(stack.address(Port.MONGOD), REPLICA_SET),
    )


MONGOD = Component(name="mongod", prepare=prepare, ports=(Port.MONGOD,), ready_within=30.0, stop_within=20.0)
