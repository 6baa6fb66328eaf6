"""The five services and the topics migration: which environment each gets."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from hubctl.local import probes
from hubctl.local.component import Component, Kind, Launch, Probe
from hubctl.local.mongod import REPLICA_SET
from hubctl.local.ports import HOST, Port
from hubctl.local.registry import CONFLUENT_API
from hubctl.local.state import ADMIN_TOKEN, OPERATOR_PASSWORD, SEAL_KEY, Stack


def log_environment(stack: Stack) -> dict[str, str]:
    """Where the log and its schemas are: all that `hubctl topics apply` needs."""
    return {
        "HUB_BROKERS": stack.address(Port.KAFKA),
        "HUB_REGISTRY_URL": f"http://{stack.address(Port.REGISTRY)}{CONFLUENT_API}",
    }


def store_environment(stack: Stack) -> dict[str, str]:
    """Where the database and the packages are."""
    return {
        "HUB_MONGO_URL": f"mongodb://{stack.address(Port.MONGOD)}/?replicaSet={REPLICA_SET}",
        "HUB_BLOB_URL": stack.state.blobs.as_uri(),
    }


def service_environment(stack: Stack, service: "Service") -> dict[str, str]:
    """Everything one service reads, what was set by hand last."""
    state = stack.state
    doors = {"HUB_HTTP_HOST": HOST, "HUB_HTTP_PORT": str(stack.port(service.http))} if service.http is not None else {}
    return {
        "MALLOC_ARENA_MAX": "2",  # as in the image: what one thread freed serves the others
        **log_environment(stack),
        **store_environment(stack),
        "HUB_MONGO_DATABASE": f"hub_{service.name}",
        "HUB_DATA_DIR": str(state.data / service.name),
        "HUB_SEAL_KEY_FILE": str(state.secrets / SEAL_KEY.name),
        **doors,
        "HUB_INTERNAL_HOST": HOST,
        "HUB_INTERNAL_PORT": str(stack.port(service.internal)),
        **_own(stack, service.name),
        **stack.settings.overrides.get(service.name, {}),
    }


def _own(stack: Stack, name: str) -> Mapping[str, str]:
    state = stack.state
    match name:
        case "signature":
            return {"HUB_TRUST_FILE": str(state.anchors), "HUB_CRL_DIR": str(state.crls)}
        case "router":
            return {"HUB_ADMIN_TOKEN_FILE": str(state.secrets / ADMIN_TOKEN.name)}
        case "status":
            return {"HUB_OPERATOR_PASSWORD_FILE": str(state.secrets / OPERATOR_PASSWORD.name)}
        case "notifier":
            return {
                "HUB_SMTP_HOST": HOST,
                "HUB_SMTP_PORT": str(stack.port(Port.SMTP_SINK)),
                "HUB_MAIL_FROM": "truc-lien-thong@hub.local",
                "HUB_SMS_URL": f"http://{stack.address(Port.SMS_SINK)}/send",
            }
        case _:
            return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its doors."""

    name: str
    internal: Port
    http: Port | None = None

    def prepare(self, stack: Stack) -> Launch:
        """How it starts."""
        (stack.state.data / self.name).mkdir(parents=True, exist_ok=True)
        return Launch(
            command=(sys.executable, "-m", f"services.{self.name}"),
            environment=service_environment(stack, self),
            probe=self._ready(stack),
        )

    def _ready(self, stack: Stack) -> Probe:
        return probes.http_ok(stack.address(self.internal), "/health/ready")

    def component(self, *more_needs: str) -> Component:
        """Its line in the table."""
        return Component(
            name=self.name,
            prepare=self.prepare,
            needs=("topics", "mongod", *more_needs),
            ports=(self.internal,) if self.http is None else (self.http, self.internal),
            ready_within=60.0,
            stop_within=15.0,
        )


def _prepare_topics(stack: Stack) -> Launch:
    folder = stack.state.data / "topics"
    folder.mkdir(parents=True, exist_ok=True)
    return Launch(
        command=(sys.executable, "-m", "hubctl", "topics", "apply"),
        environment={
            **log_environment(stack),
            "HUB_DATA_DIR": str(folder),
            **stack.settings.overrides.get("topics", {}),
        },
        probe=probes.exited_well(),
    )


TOPICS = Component(
    name="topics", kind=Kind.STEP, prepare=_prepare_topics, needs=("kafka", "registry"), ready_within=60.0
)
INGEST = Service(name="ingest", http=Port.INGEST, internal=Port.INGEST_INTERNAL).component()
SIGNATURE = Service(name="signature", internal=Port.SIGNATURE_INTERNAL).component()
ROUTER = Service(name="router", http=Port.ROUTER, internal=Port.ROUTER_INTERNAL).component()
STATUS = Service(name="status", http=Port.STATUS, internal=Port.STATUS_INTERNAL).component()
NOTIFIER = Service(name="notifier", internal=Port.NOTIFIER_INTERNAL).component("smtp-sink", "sms-sink")
