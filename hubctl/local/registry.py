"""Apicurio Registry with its schemas in Kafka, so that ids survive a restart."""

from hubctl.local import jvm, probes
from hubctl.local.component import Component, Launch
from hubctl.local.ports import HOST, Port
from hubctl.local.state import REGISTRY_FOLDER, REGISTRY_JAR, Stack

CONFLUENT_API = "/apis/ccompat/v7"


def prepare(stack: Stack) -> Launch:
    """The command line; the registry makes its own journal topic."""
    settings = {
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(stack.port(Port.REGISTRY)),
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": stack.address(Port.KAFKA),
        # its start waits this long for a snapshot of its journal (default 5 s); here there is none
        "apicurio.kafkasql.consumer.poll.timeout": "250",
    }
    options = (f"-D{name}={value}" for name, value in settings.items())
    return Launch(
        command=(*jvm.java("registry", 256), *options, "-jar", str(REGISTRY_FOLDER / REGISTRY_JAR)),
        environment={},
        probe=probes.http_ok(stack.address(Port.REGISTRY), f"{CONFLUENT_API}/subjects"),
    )


REGISTRY = Component(
    name="registry", prepare=prepare, needs=("kafka",), ports=(Port.REGISTRY,), ready_within=90.0, stop_within=10.0
)
