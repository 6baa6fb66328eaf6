"""Every port of the local stack: one base, fixed offsets, all on 127.0.0.1."""

import socket
from collections.abc import Iterable
from enum import IntEnum

from hubctl.errors import CommandError

HOST = "127.0.0.1"
DEFAULT_BASE = 21000
_WIDTH = 100
_LOWEST = 1024


class Port(IntEnum):
    """Who listens where: the value is the offset from the stack's port base."""

    EDGE_HTTP = 0
    EDGE_HTTPS = 1
    KAFKA = 10
    KAFKA_CONTROLLER = 11
    MONGOD = 20
    REGISTRY = 30
    SMTP_SINK = 40
    SMS_SINK = 41
    SMTP_SINK_INSPECTION = 42
    SMS_SINK_INSPECTION = 43
    INGEST = 50
    INGEST_INTERNAL = 51
    SIGNATURE_INTERNAL = 53
    ROUTER = 54
    ROUTER_INTERNAL = 55
    STATUS = 56
    STATUS_INTERNAL = 57
    NOTIFIER_INTERNAL = 59


def check_base(base: int) -> int:
    """`base` when all ports of a stack fit above it; CommandError otherwise."""
    if not _LOWEST <= base <= 65535 - _WIDTH:
        raise CommandError(f"--port-base {base} is out of range: choose a number from {_LOWEST} to {65535 - _WIDTH}")
    return base


def is_free(number: int) -> bool:
    """True when a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError:
            return False
    return True


def require_free(base: int, wanted: Iterable[tuple[str, Port]]) -> None:
    """CommandError for the first taken port of the (component, port) pairs."""
    for component, port in wanted:
        if not is_free(base + port):
            raise CommandError(
                f"port {base + port} ({component}) is in use by another program: stop that program, "
                f"or move the whole stack with --port-base, for example --port-base {base + _WIDTH}"
            )
