"""Kafka as one KRaft node: broker and controller in one JVM."""

import base64
import subprocess
import uuid
from pathlib import Path

from hubctl.errors import CommandError
from hubctl.local import jvm, probes
from hubctl.local.component import Component, Launch
from hubctl.local.ports import Port
from hubctl.local.state import KAFKA_LIBRARIES, Stack

_LOGGING = (
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)


def properties(stack: Stack, data: Path) -> str:
    """server.properties of the one node."""
    broker = stack.address(Port.KAFKA)
    controller = stack.address(Port.KAFKA_CONTROLLER)
    return "\n".join(
        (
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.bootstrap.servers={controller}",
            f"listeners=PLAINTEXT://{broker},CONTROLLER://{controller}",
            f"advertised.listeners=PLAINTEXT://{broker},CONTROLLER://{controller}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=PLAINTEXT",
            f"log.dirs={data}",
            "# one broker: nothing can be replicated",
            "default.replication.factor=1",
            "min.insync.replicas=1",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            "# an acknowledged event is on the disk, not only in the page cache: there is no second broker to have it",
            "log.flush.interval.messages=1",
            "# topics come from `hubctl topics apply` alone",
            "auto.create.topics.enable=false",
            "# consumers of a restarted service get their partitions at once",
            "group.initial.rebalance.delay.ms=0",
            "# after a kill the broker is let in again when its old session has ended (default 9 s)",
            "broker.session.timeout.ms=3000",
            "broker.heartbeat.interval.ms=500",
            "# small internal topics and buffers: this node has one user",
            "offsets.topic.num.partitions=8",
            "transaction.state.log.num.partitions=2",
            "share.coordinator.state.topic.num.partitions=2",
            "log.cleaner.dedupe.buffer.size=16777216",
            "",
        )
    )


def _java(main: str, *arguments: str) -> tuple[str, ...]:
    return (*jvm.java("kafka", 512), *_LOGGING, "-cp", f"{KAFKA_LIBRARIES}/*", main, *arguments)


def _format(data: Path, configuration: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
    command = _java("kafka.tools.StorageTool", "format", "--standalone", "-t", cluster_id, "-c", str(configuration))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandError(f"kafka storage in {data} could not be formatted: {done.stderr.strip()[-300:]}")


def prepare(stack: Stack) -> Launch:
    """Render the properties; format the storage the first time."""
    data = stack.state.data / "kafka"
    configuration = stack.state.conf / "kafka.properties"
    configuration.write_text(properties(stack, data), encoding="utf-8")
    if not (data / "meta.properties").exists():
        _format(data, configuration)
    return Launch(
        command=_java("kafka.Kafka", str(configuration)),
        environment={},
        probe=probes.kafka_accepts(stack.address(Port.KAFKA)),
    )


KAFKA = Component(
    name="kafka",
    prepare=prepare,
    ports=(Port.KAFKA, Port.KAFKA_CONTROLLER),
    ready_within=60.0,
    stop_within=20.0,
)
