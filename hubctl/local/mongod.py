"""A real mongod, one-node replica set: transactions and change streams work as in production."""

import sysconfig
from pathlib import Path

from hubctl.errors import CommandError
from hubctl.local import probes
from hubctl.local.component import Component, Launch
from hubctl.local.ports import HOST, Port
from hubctl.local.state import Stack

REPLICA_SET = "rs0"


def binary() -> Path:
    """The mongod of the development extra; CommandError when it is not installed."""
    path = Path(sysconfig.get_path("purelib")) / "fiftyone" / "db" / "bin" / "mongod"
    if not path.exists():
        raise CommandError("mongod is not installed in this Python environment: run `make setup`")
    return path


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
        command=(str(binary()), *flat, "--nounixsocket", "--quiet"),
        environment={},
        probe=probes.mongod_writable(stack.address(Port.MONGOD), REPLICA_SET),
    )


MONGOD = Component(name="mongod", prepare=prepare, ports=(Port.MONGOD,), ready_within=30.0, stop_within=20.0)
